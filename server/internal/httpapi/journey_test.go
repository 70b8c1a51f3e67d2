package httpapi_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/wasm/wire"
)

func TestTheWholeJourneyFromTheNoticeToTheRedeemedToken(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	shown := r.View(t, apitest.Shop)
	decision := M{
		"sitekey": apitest.Shop, "purpose": apitest.Purpose, "presentation": shown.Presentation, "notice_sha256": shown.Notice.SHA256,
		"idempotency_key": apitest.Key(), "subject": "customer-1", "actor": "guardian",
		"client": M{"channel": "widget", "version": "1.2.3", "build": "abcdefghijklmnop"},
	}
	r.Clock.Add(20 * time.Second)
	begun := r.Begin(t, decision)
	require.Equal(t, "2026-11-23T10:00:20.000Z", begun.Consent.GivenAt)
	require.Equal(t, "2026-11-23T10:10:20.000Z", begun.ExpiresAt)
	require.Equal(t, 600, begun.ExpiresIn)

	r.Clock.Add(30 * time.Second)
	a := r.Do(t, apitest.Call{Path: "/v1/captchas", Origin: apitest.ShopOrigin, JSON: M{"session": begun.Session}})
	require.Equal(t, http.StatusOK, a.Status)
	var reloaded wire.CaptchaReply
	a.Into(t, &reloaded)
	require.NotEqual(t, begun.Captcha.Data, reloaded.Captcha.Data)
	require.NotEqual(t, begun.Session, reloaded.Session)
	require.Equal(t, begun.ExpiresAt, reloaded.ExpiresAt, "a new picture does not move the end")
	require.Equal(t, 570, reloaded.ExpiresIn)

	letters, ok := r.Vendor.Letters(r.Vendor.SessionIDs()[0])
	require.True(t, ok)
	answered := r.Token(t, apitest.Shop, reloaded.Session, " "+letters+"\n")
	require.Equal(t, "2026-11-23T10:05:50.000Z", answered.ExpiresAt)
	require.Equal(t, 300, answered.ExpiresIn)

	require.Equal(t, []string{"given", "used", "used"}, r.Kinds(t, apitest.Shop, begun.Consent.ID))
	peeked := r.Verify(t, apitest.Shop, M{"response": answered.Token, "peek": true})
	require.True(t, peeked.Success)
	require.Equal(t, []string{"given", "used", "used"}, r.Kinds(t, apitest.Shop, begun.Consent.ID), "peeking writes nothing")

	verify := apitest.Call{Path: "/v1/siteverify", Secret: apitest.Secret(apitest.Shop), JSON: M{
		"response": answered.Token, "sitekey": apitest.Shop, "subject": "customer-1", "idempotency_key": "order-1"}}
	r.Clock.Add(10 * time.Second)
	first := r.Do(t, verify)
	var redeemed connect.Redeemed
	first.Into(t, &redeemed)
	require.True(t, redeemed.Success)
	require.Empty(t, redeemed.ErrorCodes)
	require.NotNil(t, redeemed.ErrorCodes)
	require.Equal(t, []string{"given", "used", "used", "redeemed"}, r.Kinds(t, apitest.Shop, begun.Consent.ID))
	got := *redeemed.Redemption
	require.NotEmpty(t, got.Retry)
	require.NotEmpty(t, got.TransactionID)
	require.NotEmpty(t, got.Verification)
	retry := got.Retry
	got.Retry, got.TransactionID, got.Verification = "", "", ""
	require.Equal(t, connect.Redemption{
		ChallengeTS: "2026-11-23T10:00:50.000Z", Hostname: "shop.example", Origin: apitest.ShopOrigin, Sitekey: apitest.Shop,
		Purpose: apitest.Purpose, VendorPurpose: "Checking your identity (KYC) to open a savings account",
		SessionID: r.Vendor.SessionIDs()[0], Captcha: letters,
		Consent: connect.RedeemedConsent{
			ID: begun.Consent.ID, GivenAt: begun.Consent.GivenAt, Lang: "en", Subject: "customer-1", SubjectSource: "page",
			Notice:     connect.RedeemedNotice{ID: shown.Notice.ID, Version: shown.Notice.Version, SHA256: shown.Notice.SHA256},
			ReceiptURL: begun.Consent.ReceiptURL,
		},
	}, got)
	got.SessionID, got.Captcha = "", ""
	require.Equal(t, &got, peeked.Redemption, "peeking tells the same but what the vendor's next step needs")

	// The same key gets the same bytes for 15 minutes, also after the token's end.
	for _, wait := range []time.Duration{0, 6 * time.Minute, 9 * time.Minute} {
		r.Clock.Add(wait)
		require.Equal(t, string(first.Body), string(r.Do(t, verify).Body))
	}
	for name, change := range map[string]M{
		"no key": {"idempotency_key": nil}, "another key": {"idempotency_key": "order-2"},
	} {
		again := r.Verify(t, apitest.Shop, apitest.With(verify.JSON.(M), change))
		require.Equal(t, connect.Redeemed{ErrorCodes: []string{"already-seen-response"}}, again, name)
	}
	r.Clock.Add(time.Minute)
	require.Equal(t, []string{"already-seen-response"}, r.Verify(t, apitest.Shop, verify.JSON.(M)).ErrorCodes)
	require.Equal(t, []string{"given", "used", "used", "redeemed"}, r.Kinds(t, apitest.Shop, begun.Consent.ID))

	late := r.Do(t, apitest.Call{Path: "/v1/captchas", Origin: apitest.ShopOrigin, JSON: M{"session": retry}})
	require.Equal(t, wire.SessionExpired, late.Problem(t).Code)
}

func TestRefusingIsRecordedAndTheVendorIsNotCalled(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	body := apitest.With(r.Decision(t, apitest.Shop), M{"alternative": "other-id", "subject": "customer-1"})
	a := r.Do(t, apitest.Call{Path: "/v1/declines", Origin: apitest.ShopOrigin, JSON: body})
	require.Equal(t, http.StatusCreated, a.Status, "%s", a.Body)
	var reply wire.DeclineReply
	a.Into(t, &reply)
	require.Equal(t, []string{"refused"}, r.Kinds(t, apitest.Shop, reply.Consent.ID))
	require.Zero(t, r.Vendor.Stats().Connect)
	record, err := r.Ledger.Consent(t.Context(), apitest.Shop, reply.Consent.ID)
	require.NoError(t, err)
	require.Contains(t, string(record.Body), `"alternative_chosen":"other-id"`)
}

func TestAnAnswerIsHeldToItsForm(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	begun := r.Begin(t, r.Decision(t, apitest.Shop))
	r.Token(t, apitest.Shop, begun.Session, " \t\r\n\u00a0\u2003\u3000aB \u2028")
	for _, sent := range []string{"", "\u00a0", strings.Repeat("a", 17), "a\x00b", "é", "a\u200bb", "2341 2341 2346"} {
		a := r.Do(t, apitest.Call{Path: "/v1/answers", Origin: apitest.ShopOrigin, JSON: M{"session": begun.Session, "answer": sent}})
		p := a.Problem(t)
		require.Equal(t, wire.AnswerInvalid, p.Code, "%q", sent)
		require.NotNil(t, p.Consent)
		require.NotContains(t, p.Detail, "2341")
	}
}

func TestThePurposeOfTheNoticeIsTheVendors(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	var queries []url.Values
	r.Vendor.SetIntercept(func(_ http.ResponseWriter, q *http.Request) bool {
		queries = append(queries, q.URL.Query())
		return false
	})
	r.Begin(t, r.Decision(t, apitest.Shop))
	require.Equal(t, []url.Values{{"consent": {"Y"}, "purpose": {"Checking your identity (KYC) to open a savings account"}}}, queries)
}
