package httpapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/server/internal/seal"
	"ekycconnect/wasm/wire"
)

// values are sealed values of every kind, of Shop, good at the time.
func values(t *testing.T, r *apitest.Relay) map[string]string {
	t.Helper()
	session := r.Begin(t, r.Decision(t, apitest.Shop)).Session
	return map[string]string{
		"presentation": r.View(t, apitest.Shop).Presentation,
		"ticket":       r.Ticket(t, apitest.Shop, M{}),
		"session":      session,
		"token":        r.Token(t, apitest.Shop, session, "abc").Token,
	}
}

// broken are all the ways in which a sealed value does not open: those of other
// kinds, and altered ones of the right kind.
func broken(kind string, all map[string]string) map[string]string {
	good := all[kind]
	bad := map[string]string{
		"garbage": "garbage", "dots": "a.b.c.d.e", "cut": good[:len(good)-1], "longer": good + "A", "blank in front": " " + good, "line end": good + "\n",
		"twice": good + good, "no header": good[strings.Index(good, "."):], "padding": good + "=", "other header": "eyJhbGciOiJub25lIn0" + good[strings.Index(good, "."):],
		"altered": good[:len(good)/2] + string(good[len(good)/2]^1) + good[len(good)/2+1:],
		"2049":    strings.Repeat("A", 2049), "upper case": strings.ToUpper(good),
	}
	for other, value := range all {
		if other != kind {
			bad["a "+other] = value
		}
	}
	return bad
}

func TestSealedValuesOpenWhereTheyBelongAndNowhereElse(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	all := values(t, r)
	decision := r.Decision(t, apitest.Shop)
	for _, row := range []struct {
		kind, path string
		body       func(value string) M
		code       wire.Code
	}{
		{"presentation", "/v1/sessions", func(v string) M { return apitest.With(decision, M{"presentation": v}) }, wire.InvalidRequest},
		{"presentation", "/v1/declines", func(v string) M { return apitest.With(decision, M{"presentation": v}) }, wire.InvalidRequest},
		{"ticket", "/v1/sessions", func(v string) M { return apitest.With(decision, M{"ticket": v}) }, wire.TicketInvalid},
		{"ticket", "/v1/declines", func(v string) M { return apitest.With(decision, M{"ticket": v}) }, wire.TicketInvalid},
		{"session", "/v1/captchas", func(v string) M { return M{"session": v} }, wire.SessionInvalid},
		{"session", "/v1/answers", func(v string) M { return M{"session": v, "answer": "abc"} }, wire.SessionInvalid},
	} {
		calls := r.Vendor.Stats()
		for name, value := range broken(row.kind, all) {
			a := r.Do(t, apitest.Call{Path: row.path, Origin: apitest.ShopOrigin, JSON: row.body(value)})
			require.Equal(t, row.code, a.Problem(t).Code, "%s of %s: %s", row.path, row.kind, name)
		}
		require.Equal(t, calls, r.Vendor.Stats())
	}
	for name, value := range broken("token", all) {
		want := "invalid-input-response"
		if value[0] == '.' {
			want = "not-a-token" // what begins so is a sentinel of the form field
		}
		require.Equal(t, []string{want}, r.Verify(t, apitest.Shop, M{"response": value}).ErrorCodes, name)
	}
}

// Two sites, two origins of one site, two purposes: what was sealed for one is
// not good for the other.
func TestSealedValuesBelongToOneSiteAndOnePage(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	shop, bank := r.Decision(t, apitest.Shop), r.Decision(t, apitest.Bank)
	session := r.Begin(t, shop).Session
	elsewhere := "https://nobody.example"
	for name, row := range map[string]struct {
		path, origin string
		body         M
		code         wire.Code
	}{
		"another site's presentation": {"/v1/sessions", apitest.ShopOrigin, apitest.With(shop, M{"presentation": bank["presentation"]}), wire.InvalidRequest},
		"another site's decision":     {"/v1/sessions", apitest.ShopOrigin, bank, wire.OriginNotAllowed},
		"another site's ticket":       {"/v1/sessions", apitest.ShopOrigin, apitest.With(shop, M{"ticket": r.Ticket(t, apitest.Bank, M{})}), wire.TicketInvalid},
		"another purpose's ticket": {"/v1/sessions", apitest.ShopOrigin,
			apitest.With(shop, M{"ticket": r.Ticket(t, apitest.Shop, M{"purpose": apitest.OtherPurpose})}), wire.TicketInvalid},
		"another page's session, reload": {"/v1/captchas", apitest.ShopOrigin2, M{"session": session}, wire.SessionInvalid},
		"another page's session, answer": {"/v1/answers", apitest.ShopOrigin2, M{"session": session, "answer": "a"}, wire.SessionInvalid},
		"another site's page, reload":    {"/v1/captchas", apitest.BankOrigin, M{"session": session}, wire.OriginNotAllowed},
		"another site's page, answer":    {"/v1/answers", apitest.BankOrigin, M{"session": session, "answer": "a"}, wire.OriginNotAllowed},
		"nobody's page, reload":          {"/v1/captchas", elsewhere, M{"session": session}, wire.OriginNotAllowed},
		"nobody's page, answer":          {"/v1/answers", elsewhere, M{"session": session, "answer": "a"}, wire.OriginNotAllowed},
	} {
		calls := r.Vendor.Stats()
		a := r.Do(t, apitest.Call{Path: row.path, Origin: row.origin, JSON: row.body})
		require.Equal(t, row.code, a.Problem(t).Code, "%s: %s", name, a.Body)
		require.Equal(t, calls, r.Vendor.Stats())
	}
	// A presentation is bound to the notice, not to the page that asked for it.
	a := r.Do(t, apitest.Call{Path: "/v1/sessions", Origin: apitest.ShopOrigin2, JSON: apitest.With(shop, M{"idempotency_key": apitest.Key()})})
	require.Equal(t, 201, a.Status)
}

func TestSealedValuesRunOut(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	decision := r.Decision(t, apitest.Shop)
	ticket := r.Ticket(t, apitest.Shop, M{})
	short := r.Ticket(t, apitest.Shop, M{"ttl_s": 60})
	begun := r.Begin(t, apitest.With(decision, M{"idempotency_key": apitest.Key(), "subject": "s"}))
	token := r.Token(t, apitest.Shop, begun.Session, "abc").Token
	code := func(path string, body M) wire.Code {
		a := r.Do(t, apitest.Call{Path: path, Origin: apitest.ShopOrigin, JSON: body})
		if a.Status < 300 {
			return ""
		}
		p := a.Problem(t)
		if p.Code == wire.SessionExpired {
			require.Equal(t, begun.Consent.ID, p.Consent.ID)
		}
		return p.Code
	}
	with := func(ticket string) M {
		return apitest.With(decision, M{"idempotency_key": apitest.Key(), "ticket": ticket})
	}
	// Two clocks may be 30 s apart; nothing outlives its end by more.
	r.Clock.Add(time.Minute + seal.Skew + time.Millisecond)
	require.Equal(t, wire.TicketInvalid, code("/v1/sessions", with(short)))
	r.Clock.Add(4 * time.Minute)
	require.Equal(t, []string{"expired-input-response"}, r.Verify(t, apitest.Shop, M{"response": token}).ErrorCodes)
	r.Clock.Add(apitest.Start.Add(10 * time.Minute).Sub(r.Clock.Now()))
	require.Empty(t, code("/v1/captchas", M{"session": begun.Session}), "to the last moment")
	r.Clock.Add(time.Millisecond)
	require.Equal(t, wire.SessionExpired, code("/v1/captchas", M{"session": begun.Session}))
	require.Equal(t, wire.SessionExpired, code("/v1/answers", M{"session": begun.Session, "answer": "abc"}))
	require.Empty(t, code("/v1/sessions", with(ticket)))
	r.Clock.Add(20 * time.Minute)
	require.Equal(t, wire.TicketInvalid, code("/v1/sessions", with(r.Ticket(t, apitest.Bank, M{}))))
	require.Equal(t, wire.TicketInvalid, code("/v1/sessions", with(ticket)))
	require.Empty(t, code("/v1/sessions", apitest.With(decision, M{"idempotency_key": apitest.Key()})))
	r.Clock.Add(6 * time.Hour)
	require.Equal(t, wire.NoticeChanged, code("/v1/sessions", apitest.With(decision, M{"idempotency_key": apitest.Key()})))
	require.Equal(t, wire.NoticeChanged, code("/v1/declines", apitest.With(decision, M{"idempotency_key": apitest.Key()})))
}

// What the notice said when it was shown must still be what is asked for.
func TestANoticeWithdrawnFromUseIsChanged(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	decision := r.Decision(t, apitest.Shop)
	gone, err := r.Core.Sealer.Seal(&seal.Presentation{
		Base:  seal.Base{Site: apitest.Shop, Purpose: apitest.Purpose},
		Nonce: "AAAAAAAAAAAAAAAAAAAAAA",
	}, time.Hour)
	require.NoError(t, err)
	for _, path := range []string{"/v1/sessions", "/v1/declines"} {
		a := r.Do(t, apitest.Call{Path: path, Origin: apitest.ShopOrigin,
			JSON: apitest.With(decision, M{"presentation": gone, "notice_sha256": strings.Repeat("0", 64)})})
		require.Equal(t, wire.NoticeChanged, a.Problem(t).Code)
	}
	require.Zero(t, r.Vendor.Stats().Connect)
}

func TestOnePresentationServesSeveralDecisions(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	decision := apitest.With(r.Decision(t, apitest.Shop), M{"subject": "s"})
	for range 3 {
		r.Begin(t, apitest.With(decision, M{"idempotency_key": apitest.Key()}))
	}
	records, _, err := r.Ledger.BySubject(t.Context(), apitest.Shop, "s", 100, "")
	require.NoError(t, err)
	require.Len(t, records, 3)
	nonces := map[string]bool{}
	for _, record := range records {
		_, after, found := strings.Cut(string(record.Body), `"session_nonce":"`)
		require.True(t, found)
		nonces[after[:22]] = true
	}
	require.Len(t, nonces, 1)
	require.NotContains(t, nonces, "")
}

// The longest of everything that a page, a partner and the vendor can send
// still fits into the sealed values.
func TestTheLongestMembersStillFit(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	vendorID := longSessions(r)
	decision := apitest.With(r.Decision(t, apitest.Shop), M{
		"subject": strings.Repeat("न", 128), "actor": "guardian",
		"client": M{"channel": strings.Repeat("x", wire.MaxChannel), "version": strings.Repeat("+", 64), "build": strings.Repeat("x", 64)},
	})
	a := r.Agree(t, decision)
	require.Equal(t, 201, a.Status, "%.500s", a.Body)
	var begun wire.SessionReply
	a.Into(t, &begun)
	v := r.Verify(t, apitest.Shop, M{"response": r.Token(t, apitest.Shop, begun.Session, strings.Repeat(`\`, 16)).Token})
	require.True(t, v.Success)
	require.Equal(t, vendorID, v.SessionID)
	require.Equal(t, strings.Repeat("न", 128), v.Consent.Subject)
	// And a ticket of the longest subject is at most 1 KB.
	require.LessOrEqual(t, len(r.Ticket(t, apitest.Shop, M{"subject": strings.Repeat("न", 128), "purpose": apitest.Purpose})), 1024)
	require.LessOrEqual(t, len(r.Ticket(t, apitest.Shop, M{"subject": strings.Repeat(`"`, 128), "purpose": apitest.Purpose})), 1024)
}
