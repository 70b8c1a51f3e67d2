package httpapi_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/wasm/wire"
)

type consentView struct {
	Record M   `json:"record"`
	Events []M `json:"events"`
}

type consentPage struct {
	Consents []consentView `json:"consents"`
	Cursor   string        `json:"cursor"`
}

func TestAPartnerReadsARecordWithAllThatFollowed(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	shown := r.View(t, apitest.Shop)
	r.Clock.Add(time.Minute)
	begun := r.Begin(t, M{
		"sitekey": apitest.Shop, "purpose": apitest.Purpose, "presentation": shown.Presentation, "notice_sha256": shown.Notice.SHA256,
		"idempotency_key": apitest.Key(), "subject": "customer-1", "client": M{"channel": "widget", "version": "1.2.3", "build": "abc"},
	})
	r.Verify(t, apitest.Shop, M{"response": r.Token(t, apitest.Shop, begun.Session, "abc").Token})
	a := r.Do(t, apitest.Call{Path: "/v1/consents/" + begun.Consent.ID, Secret: apitest.Secret(apitest.Shop)})
	var got consentView
	a.Into(t, &got)
	require.Equal(t, begun.Consent.ID, got.Record["record_id"])
	for member, want := range map[string]string{
		"site": apitest.Shop, "account": "pass", "origin": apitest.ShopOrigin, "channel": "widget", "client_version": "1.2.3", "client_build": "abc",
		"notice_id": shown.Notice.ID, "notice_version": shown.Notice.Version, "notice_sha256": shown.Notice.SHA256, "language": "en",
		"purpose_id": apitest.Purpose, "presented_at": "2026-11-23T10:00:00.000Z", "subject_source": "page", "ui_state": "unticked",
	} {
		require.Equal(t, want, got.Record[member], member)
	}
	require.Equal(t, M{"state": "given", "time": begun.Consent.GivenAt, "entity": "self", "type": "explicit, by button",
		"collection_method": "web-widget/1.2.3+abc"}, got.Record["event"])
	require.NotContains(t, string(a.Body), "customer-1", "the subject is kept only as an HMAC")
	require.Len(t, got.Events, 3)
	require.Equal(t, "given", got.Events[0]["kind"])
	require.Equal(t, begun.Consent.GivenAt, got.Events[0]["at"])
	require.Equal(t, "used", got.Events[1]["kind"])
	require.Equal(t, "connect", got.Events[1]["endpoint"])
	require.Equal(t, "ok", got.Events[1]["result"])
	require.NotEmpty(t, got.Events[1]["transaction_id"])
	require.Equal(t, "redeemed", got.Events[2]["kind"])

	// What is shown is the stored text itself, byte for byte.
	stored, err := r.Ledger.Consent(t.Context(), apitest.Shop, begun.Consent.ID)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(a.Body), `{"record":`+string(stored.Body)+`,"events":`))
}

func TestAnotherPartnersRecordsAreNotThere(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	id := r.Begin(t, apitest.With(r.Decision(t, apitest.Shop), M{"subject": "s"})).Consent.ID
	get := func(site, id string) apitest.Answer {
		return r.Do(t, apitest.Call{Path: "/v1/consents/" + id, Secret: apitest.Secret(site)})
	}
	require.Equal(t, 200, get(apitest.Shop, id).Status)
	foreign, unknown := get(apitest.Bank, id), get(apitest.Bank, "019aafbe-0f40-7c3a-9a51-0b7f3f1d2c4e")
	require.Equal(t, wire.NotFound, foreign.Problem(t).Code)
	require.Equal(t, foreign.Problem(t).Detail, unknown.Problem(t).Detail, "nothing tells them apart")
	for _, odd := range []string{"x", strings.ToUpper(id), "{" + id + "}", "urn:uuid:" + id, id + "0", id[:35], strings.ReplaceAll(id, "-", ""), "%00", "..", strings.Repeat("0", 3000)} {
		require.Equal(t, wire.NotFound, get(apitest.Shop, odd).Problem(t).Code, odd)
	}
	var page consentPage
	r.Do(t, apitest.Call{Path: "/v1/consents?subject=s", Secret: apitest.Secret(apitest.Bank)}).Into(t, &page)
	require.Empty(t, page.Consents)
	require.NotNil(t, page.Consents)
}

func TestASubjectsRecordsComeNewestFirstInPages(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	subject := "cüstomer 7/ä&?="
	var ids []string
	for i := range 7 {
		decision := apitest.With(r.Decision(t, apitest.Shop), M{"subject": subject})
		if i%3 == 2 { // refusals are among them
			var declined wire.DeclineReply
			r.Do(t, apitest.Call{Path: "/v1/declines", Origin: apitest.ShopOrigin, JSON: decision}).Into(t, &declined)
			ids = append([]string{declined.Consent.ID}, ids...)
		} else {
			ids = append([]string{r.Begin(t, decision).Consent.ID}, ids...)
		}
		r.Begin(t, apitest.With(r.Decision(t, apitest.Shop), M{"subject": "another"}))
		r.Clock.Add(time.Second)
	}
	page := func(query url.Values) (p consentPage) {
		query.Set("subject", subject)
		a := r.Do(t, apitest.Call{Path: "/v1/consents?" + query.Encode(), Secret: apitest.Secret(apitest.Shop)})
		require.Equal(t, 200, a.Status, "%s", a.Body)
		a.Into(t, &p)
		return p
	}
	idsOf := func(p consentPage) (got []string) {
		for _, c := range p.Consents {
			got = append(got, c.Record["record_id"].(string))
		}
		return got
	}
	whole := page(url.Values{})
	require.Equal(t, ids, idsOf(whole))
	require.Empty(t, whole.Cursor)
	for limit, pages := range map[string]int{"1": 7, "2": 4, "3": 3, "7": 1, "100": 1} {
		var got []string
		cursor, n := "", 0
		for {
			p := page(url.Values{"limit": {limit}, "cursor": {cursor}})
			got = append(got, idsOf(p)...)
			n++
			// A record that comes meanwhile shifts no page.
			if n == 1 {
				r.Begin(t, apitest.With(r.Decision(t, apitest.Shop), M{"subject": "another"}))
			}
			if cursor = p.Cursor; cursor == "" {
				break
			}
		}
		require.Equal(t, ids, got, "limit %s", limit)
		require.Equal(t, pages, n, "limit %s", limit)
	}
}

func TestAQueryForRecordsIsHeldToItsForm(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	for query, code := range map[string]wire.Code{
		"":                                     wire.InvalidRequest,
		"subject=":                             wire.InvalidRequest,
		"subject=a&subject=b":                  wire.InvalidRequest,
		"subject=%ff":                          wire.InvalidRequest,
		"subject=%zz":                          wire.InvalidRequest,
		"subject=a%00":                         wire.InvalidRequest,
		"subject=" + strings.Repeat("x", 129):  wire.InvalidRequest,
		"subject=2341-2341-2346":               wire.SubjectLooksLikeAadhaar,
		"subject=%E0%A5%A7234567890123":        wire.InvalidRequest + "?",
		"subject=s&limit=":                     wire.InvalidRequest,
		"subject=s&limit=0":                    wire.InvalidRequest,
		"subject=s&limit=-1":                   wire.InvalidRequest,
		"subject=s&limit=101":                  wire.InvalidRequest,
		"subject=s&limit=1.5":                  wire.InvalidRequest,
		"subject=s&limit=x":                    wire.InvalidRequest,
		"subject=s&limit=99999999999999999999": wire.InvalidRequest,
		"subject=s&limit=1&limit=2":            wire.InvalidRequest,
		"subject=s&cursor=x":                   wire.InvalidRequest,
		"subject=s&cursor=AAAAAAAAACp":         wire.InvalidRequest, // unused bits
		"subject=s&cursor=__________8":         wire.InvalidRequest, // negative
		"subject=s&cursor=a&cursor=b":          wire.InvalidRequest,
	} {
		a := r.Do(t, apitest.Call{Path: "/v1/consents?" + query, Secret: apitest.Secret(apitest.Shop)})
		if strings.HasSuffix(string(code), "?") { // thirteen digits are no Aadhaar number
			require.Equal(t, 200, a.Status, query)
			continue
		}
		require.Equal(t, code, a.Problem(t).Code, query)
	}
	a := r.Do(t, apitest.Call{Path: "/v1/consents?subject=nobody&limit=100&cursor=AAAAAAAAACo", Secret: apitest.Secret(apitest.Shop)})
	require.JSONEq(t, `{"consents":[]}`, string(a.Body))
	var any map[string]any
	require.NoError(t, json.Unmarshal(a.Body, &any))
}
