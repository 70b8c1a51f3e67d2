package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/wasm/wire"
)

// place is where a value was made, or is tried.
type place struct{ site, origin, purpose string }

var crossing = []place{
	{apitest.Shop, apitest.ShopOrigin, apitest.Purpose},
	{apitest.Shop, apitest.ShopOrigin, apitest.OtherPurpose},
	{apitest.Shop, apitest.ShopOrigin2, apitest.Purpose},
	{apitest.Expired, apitest.ShopOrigin, apitest.Purpose}, // another site, the same page
	{apitest.Bank, apitest.BankOrigin, apitest.Purpose},
}

func (p place) decision(t *testing.T, r *apitest.Relay) M {
	t.Helper()
	var shown apitest.Shown
	a := r.Do(t, apitest.Call{Path: "/v1/view?sitekey=" + p.site + "&purpose=" + p.purpose, Origin: p.origin})
	require.Equal(t, 200, a.Status, "%.300s", a.Body)
	a.Into(t, &shown)
	return M{"sitekey": p.site, "purpose": p.purpose, "presentation": shown.Presentation, "notice_sha256": shown.Notice.SHA256, "idempotency_key": apitest.Key()}
}

// values are one of each kind, made at a place.
func (p place) values(t *testing.T, r *apitest.Relay) map[string]string {
	t.Helper()
	decision := p.decision(t, r)
	a := r.Do(t, apitest.Call{Path: "/v1/sessions", Origin: p.origin, JSON: decision})
	require.Equal(t, 201, a.Status, "%.300s", a.Body)
	var begun wire.SessionReply
	a.Into(t, &begun)
	a = r.Do(t, apitest.Call{Path: "/v1/answers", Origin: p.origin, JSON: M{"session": begun.Session, "answer": "abc"}})
	require.Equal(t, 201, a.Status, "%.300s", a.Body)
	var answered wire.AnswerReply
	a.Into(t, &answered)
	all := map[string]string{
		"presentation": decision["presentation"].(string), "session": begun.Session, "token": answered.Token,
		"ticket": r.Ticket(t, p.site, M{"purpose": p.purpose}),
	}
	if p.site == apitest.Expired {
		return all // its tokens are not redeemed
	}
	// What a partner gets back for a new try is a session too. The token that was
	// spent gives way to one of the next picture.
	all["retry"] = r.Verify(t, p.site, M{"response": answered.Token}).Retry
	a = r.Do(t, apitest.Call{Path: "/v1/captchas", Origin: p.origin, JSON: M{"session": all["retry"]}})
	require.Equal(t, 200, a.Status)
	var fresh wire.CaptchaReply
	a.Into(t, &fresh)
	a = r.Do(t, apitest.Call{Path: "/v1/answers", Origin: p.origin, JSON: M{"session": fresh.Session, "answer": "abc"}})
	a.Into(t, &answered)
	all["token"] = answered.Token
	return all
}

// use is a way in which somebody can spend a value.
type use struct {
	kind   string
	try    func(t *testing.T, r *apitest.Relay, at place, value string) (ok bool, code string)
	belong func(made, at place) bool
}

func tried(t *testing.T, a apitest.Answer) (bool, string) {
	t.Helper()
	if a.Status < 300 {
		return true, ""
	}
	return false, string(a.Problem(t).Code)
}

// Every kind of value, made at every place, is tried in every way at every
// place: one that was made for somebody else, or for something else, is worth
// nothing.
func TestNoValueIsWorthAnythingWhereItDoesNotBelong(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	uses := []use{
		{"presentation", func(t *testing.T, r *apitest.Relay, at place, v string) (bool, string) {
			return tried(t, r.Do(t, apitest.Call{Path: "/v1/declines", Origin: at.origin, JSON: apitest.With(at.decision(t, r), M{"presentation": v})}))
		}, func(made, at place) bool { return made.site == at.site && made.purpose == at.purpose }},
		{"ticket", func(t *testing.T, r *apitest.Relay, at place, v string) (bool, string) {
			return tried(t, r.Do(t, apitest.Call{Path: "/v1/declines", Origin: at.origin, JSON: apitest.With(at.decision(t, r), M{"ticket": v})}))
		}, func(made, at place) bool { return made.site == at.site && made.purpose == at.purpose }},
		{"session", func(t *testing.T, r *apitest.Relay, at place, v string) (bool, string) {
			return tried(t, r.Do(t, apitest.Call{Path: "/v1/answers", Origin: at.origin, JSON: M{"session": v, "answer": "abc"}}))
		}, func(made, at place) bool { return made.origin == at.origin }},
		{"token", func(t *testing.T, r *apitest.Relay, at place, v string) (bool, string) {
			got := r.Verify(t, at.site, M{"response": v, "peek": true})
			return got.Success || got.ErrorCodes[0] == "expired-input-response", strings.Join(got.ErrorCodes, " ")
		}, func(made, at place) bool { return made.site == at.site }},
	}
	// What a refusal may say: never more than that the value is not good here.
	says := map[string][]string{
		"presentation": {"invalid_request"}, "ticket": {"ticket_invalid"}, "session": {"session_invalid", "origin_not_allowed"},
		"token": {"invalid-input-response", "sitekey-secret-mismatch"},
	}
	pairs, good := 0, 0
	for _, made := range crossing {
		for kind, value := range made.values(t, r) {
			for _, use := range uses {
				for _, at := range crossing {
					same := kind == use.kind || kind == "retry" && use.kind == "session"
					want := same && use.belong(made, at)
					calls := r.Vendor.Stats()
					ok, code := use.try(t, r, at, value)
					name := fmt.Sprintf("%s of %v as %s at %v", kind, made, use.kind, at)
					require.Equal(t, want, ok, "%s: %s", name, code)
					if !want {
						require.Contains(t, says[use.kind], code, name)
					}
					require.Equal(t, calls, r.Vendor.Stats(), name)
					if pairs++; want {
						good++
					}
				}
			}
		}
	}
	t.Logf("%d pairs, of which %d belong", pairs, good)
	require.Greater(t, pairs, 400)
}

// A secret is replaced without a moment at which the partner's is refused: both
// are good while both are configured, and neither is worth anything elsewhere.
func TestASecretIsReplacedInPairs(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	for _, secret := range []string{apitest.Secret(apitest.Shop), "old-" + apitest.Secret(apitest.Shop)} {
		token := r.NewToken(t, apitest.Shop)
		require.Equal(t, []string{"invalid-input-secret"}, r.Verify(t, apitest.Shop, M{"response": token, "secret": secret[1:]}).ErrorCodes)
		require.Equal(t, []string{"sitekey-secret-mismatch"}, r.Verify(t, apitest.Bank, M{"response": token}).ErrorCodes)
		require.True(t, r.Verify(t, apitest.Shop, M{"response": token, "secret": secret}).Success)
		require.Equal(t, http.StatusOK, r.Do(t, apitest.Call{Path: "/v1/consents?subject=s", Secret: secret}).Status)
	}
}

// The address of a receipt is all the authority that it takes: it stands in no
// log, also where somebody gets it wrong.
func TestACapabilityIsNeverLogged(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	receipt := r.Begin(t, r.Decision(t, apitest.Shop)).Consent.ReceiptURL
	capability := receipt[strings.LastIndexByte(receipt, '/')+1:]
	for _, path := range []string{
		"/v1/receipts/" + capability, "/v1/receipts/" + capability + ".receipt", "/v1/receipts/" + capability + "/", "/v1/receipts//" + capability,
		"/v1/receipts/" + capability + "/nothing", "/v1/receipts/" + capability + "?x=" + capability, "/V1/receipts/" + capability, "/" + capability,
	} {
		r.Do(t, apitest.Call{Path: path})
	}
	r.Do(t, apitest.Call{Method: http.MethodPost, Path: "/v1/receipts/" + capability + "/withdraw", Origin: r.URL})
	r.Do(t, apitest.Call{Method: http.MethodPost, Path: "/v1/receipts/" + capability + "/withdraw", Origin: "https://evil.example"})
	require.NotContains(t, string(r.Log.Bytes()), capability)
	require.NotContains(t, scrape(r), capability)
}
