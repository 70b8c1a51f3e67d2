package apitest

import (
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
	"ekycconnect/wasm/wire"
)

// Shown is the answer of GET /v1/view.
type Shown struct {
	View         jsontext.Value  `json:"view"`
	Notice       wire.NoticeRef  `json:"notice"`
	Languages    []wire.Language `json:"languages"`
	Presentation string          `json:"presentation"`
}

// View has a site show its notice.
func (r *Relay) View(t testing.TB, site string) (s Shown) {
	t.Helper()
	query := url.Values{"sitekey": {site}, "purpose": {Purpose}}
	a := r.Do(t, Call{Path: "/v1/view?" + query.Encode(), Origin: Origin(site)})
	require.Equal(t, http.StatusOK, a.Status, "%.300s", a.Body)
	a.Into(t, &s)
	return s
}

var keyNumber atomic.Int64

// Key is an idempotency key that was not used before.
func Key() string { return "idempotency-key-" + strconv.FormatInt(keyNumber.Add(1), 10) }

// Decision is the body of a decision at a site, with a new key.
func (r *Relay) Decision(t testing.TB, site string) M {
	t.Helper()
	shown := r.View(t, site)
	return M{
		"sitekey": site, "purpose": Purpose, "presentation": shown.Presentation,
		"notice_sha256": shown.Notice.SHA256, "idempotency_key": Key(),
	}
}

// With is m with some members changed; nil takes one away.
func With(m M, change M) M {
	out := M{}
	for _, from := range []M{m, change} {
		for name, value := range from {
			out[name] = value
			if value == nil {
				delete(out, name)
			}
		}
	}
	return out
}

// Agree sends a decision to POST /v1/sessions from the site's own page.
func (r *Relay) Agree(t testing.TB, decision M) Answer {
	t.Helper()
	site, _ := decision["sitekey"].(string)
	return r.Do(t, Call{Path: "/v1/sessions", Origin: Origin(site), JSON: decision})
}

// Begin agrees and expects a picture.
func (r *Relay) Begin(t testing.TB, decision M) (s wire.SessionReply) {
	t.Helper()
	a := r.Agree(t, decision)
	require.Equal(t, http.StatusCreated, a.Status, "%.300s", a.Body)
	a.Into(t, &s)
	return s
}

// Token seals letters under a session of the site.
func (r *Relay) Token(t testing.TB, site, session, letters string) (s wire.AnswerReply) {
	t.Helper()
	a := r.Do(t, Call{Path: "/v1/answers", Origin: Origin(site), JSON: M{"session": session, "answer": letters}})
	require.Equal(t, http.StatusCreated, a.Status, "%.300s", a.Body)
	a.Into(t, &s)
	return s
}

// NewToken goes the whole way from the notice to a token.
func (r *Relay) NewToken(t testing.TB, site string) string {
	t.Helper()
	return r.Token(t, site, r.Begin(t, r.Decision(t, site)).Session, "x7Kp2").Token
}

// Ticket mints a ticket for a site.
func (r *Relay) Ticket(t testing.TB, site string, members M) string {
	t.Helper()
	a := r.Do(t, Call{Path: "/v1/tickets", Secret: Secret(site), JSON: members})
	require.Equal(t, http.StatusCreated, a.Status, "%.300s", a.Body)
	var reply struct {
		Ticket string `json:"ticket"`
	}
	a.Into(t, &struct {
		Ticket    *string `json:"ticket"`
		ExpiresAt string  `json:"expires_at"`
	}{Ticket: &reply.Ticket})
	return reply.Ticket
}

// Verify asks siteverify and expects to be judged.
func (r *Relay) Verify(t testing.TB, site string, members M) (v connect.Redeemed) {
	t.Helper()
	a := r.Do(t, Call{Path: "/v1/siteverify", JSON: With(M{"secret": Secret(site)}, members)})
	require.Equal(t, http.StatusOK, a.Status, "%.300s", a.Body)
	a.Into(t, &v)
	return v
}

// Kinds lists the events of a consent, oldest first.
func (r *Relay) Kinds(t testing.TB, site, id string) []string {
	t.Helper()
	record, err := r.Ledger.Consent(t.Context(), site, id)
	require.NoError(t, err)
	var kinds []string
	for _, e := range record.Events {
		kinds = append(kinds, string(e.Kind))
	}
	return kinds
}

// Entries counts all decisions ever recorded for a site's subject.
func (r *Relay) Entries(t testing.TB, site, subject string) int {
	t.Helper()
	records, _, err := r.Ledger.BySubject(t.Context(), site, subject, 100, "")
	require.NoError(t, err)
	return len(records)
}
