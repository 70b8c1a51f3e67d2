package httpapi_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/httpapi"
	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/server/internal/seal"
	"ekycconnect/wasm/wire"
)

// otpProblem has the members that only these two routes' problems have.
func otpProblem(t *testing.T, a apitest.Answer) (p httpapi.FullProblem) {
	t.Helper()
	a.Problem(t)
	a.Into(t, &p)
	return p
}

// refusing has the vendor answer the calls of an endpoint in a way of its own.
func answering(r *apitest.Relay, endpoint string, status int, body string) {
	r.Vendor.SetIntercept(func(w http.ResponseWriter, q *http.Request) bool {
		if !strings.HasSuffix(q.URL.Path, "/"+endpoint) {
			return false
		}
		return whatever(status, nil, body)(w, q)
	})
}

func TestAVerificationGoesToItsEnd(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	const person = `{ "name":"Tést\u0020Person", "dateOfBirth":"01-01-1990","n":1.50, "N":null,"photo":"/9j/" }`
	token := r.NewToken(t, apitest.Shop)
	verify := M{"response": token, "idempotency_key": "redeem-once"}
	require.Empty(t, r.Verify(t, apitest.Shop, apitest.With(verify, M{"peek": true})).Verification)
	redeemed := r.Verify(t, apitest.Shop, verify)
	require.NotEmpty(t, redeemed.Verification)
	require.Equal(t, redeemed, r.Verify(t, apitest.Shop, verify), "a repeat gets the same bytes")

	r.Clock.Add(9 * time.Minute)
	a := r.GenerateOTP(t, apitest.Shop, redeemed.Verification, M{"aadhaar_number": " 2341-2341 2346 "})
	require.Equal(t, 200, a.Status, "%s", a.Body)
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	require.Empty(t, a.Header.Get("Access-Control-Allow-Origin"))
	var sent connect.OTPSent
	a.Into(t, &sent)
	require.Equal(t, "2026-11-23T10:19:00.000Z", sent.ExpiresAt, "anew")
	require.Equal(t, 600, sent.ExpiresIn)
	require.Equal(t, redeemed.Consent.ID, sent.Consent.ID)
	require.Equal(t, []any{200, 200, "SUCCESS", "OTP sent to your Registered Mobile number. Check your mobile."},
		[]any{sent.Vendor.Status, sent.Vendor.Code, sent.Vendor.SubCode, sent.Vendor.Message})
	require.NotEmpty(t, sent.Vendor.TransactionID)

	answering(r, "verify-otp", 200, `{"data":`+person+`,"code":200,"timestamp":1738303175394,"transaction_id":"t-9","sub_code":"SUCCESS","message":"Aadhaar eKYC Successful"}`)
	a = r.VerifyOTP(t, apitest.Shop, sent.Verification, nil)
	require.Equal(t, 200, a.Status, "%s", a.Body)
	require.Equal(t, `{"consent":{"id":"`+redeemed.Consent.ID+`"},"vendor":{"status":200,"code":200,"sub_code":"SUCCESS","message":"Aadhaar eKYC Successful","transaction_id":"t-9","timestamp":1738303175394},"data":`+person+`}`,
		string(a.Body), "the vendor's bytes")

	require.Equal(t, []string{"given", "used", "redeemed", "used", "used"}, r.Kinds(t, apitest.Shop, redeemed.Consent.ID))
	record, err := r.Ledger.Consent(t.Context(), apitest.Shop, redeemed.Consent.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"generate-otp", "ok"}, []string{record.Events[3].Endpoint, record.Events[3].Result})
	require.Equal(t, []string{"verify-otp", "ok", "t-9"}, []string{record.Events[4].Endpoint, record.Events[4].Result, record.Events[4].TransactionID})
	require.Contains(t, string(record.Body), `"expires_at":"2026-11-23T10:30:00.000Z"`)
	metrics := scrape(r)
	for _, line := range []string{`ekyc_steps_total{site="pk_shop",step="otp"} 1`, `ekyc_steps_total{site="pk_shop",step="verified"} 1`,
		`ekyc_vendor_calls_total{account="pass",endpoint="generate-otp",result="ok"} 1`, `ekyc_vendor_calls_total{account="pass",endpoint="verify-otp",result="ok"} 1`} {
		require.Contains(t, metrics, line)
	}

	// The consent is finished: nothing comes of it any more.
	for _, a := range []apitest.Answer{
		r.VerifyOTP(t, apitest.Shop, sent.Verification, nil),
		r.GenerateOTP(t, apitest.Shop, sent.Verification, nil),
		r.Do(t, apitest.Call{Path: "/v1/captchas", Origin: apitest.ShopOrigin, JSON: M{"session": redeemed.Retry}}),
		r.Do(t, apitest.Call{Path: "/v1/answers", Origin: apitest.ShopOrigin, JSON: M{"session": redeemed.Retry, "answer": "abc"}}),
	} {
		require.Equal(t, wire.SessionExpired, a.Problem(t).Code)
	}
	require.Len(t, r.Kinds(t, apitest.Shop, redeemed.Consent.ID), 5)
}

// Each row mends one fault more: the one that is told is the first in the promised
// order, and until the last nothing was sent.
func TestAVerificationIsJudgedInThePromisedOrder(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"generate-otp", "verify-otp"} {
		t.Run(endpoint, func(t *testing.T) {
			r := apitest.New(t)
			path, typed, good, wrong, invalid := "/v1/generate-otp", "aadhaar_number", apitest.Number, "234123412345", wire.AadhaarInvalid
			fresh := func() string { return r.Redeemed(t, apitest.Shop).Verification }
			if endpoint == "verify-otp" {
				path, typed, good, wrong, invalid = "/v1/verify-otp", "otp", "123456", "12345x", wire.OTPInvalid
				fresh = func() string { return r.OTPSent(t, apitest.Shop).Verification }
			}
			answering(r, endpoint, 422, `{"detail":"no"}`)
			call := func(secret, origin, body string) apitest.Answer {
				return r.Do(t, apitest.Call{Path: path, Secret: secret, Origin: origin, JSON: body})
			}
			body := func(verification, value, key string) string {
				return fmt.Sprintf(`{"verification":"%s","%s":"%s","idempotency_key":"%s"}`, verification, typed, value, key)
			}
			used := "used-" + endpoint
			spend := func(verification, last string) { // all its calls, the last under this key
				for _, key := range []string{apitest.Key(), apitest.Key(), last} {
					require.Equal(t, wire.VendorRefused, call(apitest.Secret(apitest.Shop), "", body(verification, good, key)).Problem(t).Code)
				}
			}
			claims := func(v string) (h seal.Verification) {
				require.NoError(t, r.Core.Sealer.Open(v, &h))
				return h
			}
			expired := func(v string) string {
				h := claims(v)
				value, err := r.Core.Sealer.Seal(&h, -time.Hour)
				require.NoError(t, err)
				return value
			}
			spent, withdrawnToo, free := fresh(), fresh(), fresh()
			spend(spent, used)
			spend(withdrawnToo, apitest.Key())
			_, err := r.Ledger.Withdraw(t.Context(), consent.Withdrawal{ID: claims(withdrawnToo).ConsentID, Via: consent.ViaReceipt})
			require.NoError(t, err)
			shop, bank := apitest.Secret(apitest.Shop), apitest.Secret(apitest.Bank)
			calls := r.Vendor.Stats()
			for i, row := range []struct {
				secret, origin, body string
				code                 wire.Code
			}{
				{"sk_wrong", apitest.ShopOrigin, "{", wire.OriginNotAllowed},
				{"sk_wrong", "", "{", wire.Unauthorized},                                   // secret …
				{bank, "", "{", wire.InvalidRequest},                                       // … before decode …
				{bank, "", body("x", wrong, used), invalid},                                // … members …
				{bank, "", body("x", good, used), wire.SessionInvalid},                     // … handle …
				{bank, "", body(expired(withdrawnToo), good, used), wire.SessionInvalid},   // … site …
				{shop, "", body(expired(withdrawnToo), good, used), wire.ConsentWithdrawn}, // … withdrawn …
				{shop, "", body(expired(spent), good, used), wire.SessionExpired},          // … expired …
				{shop, "", body(spent, good, used), wire.RateLimited},                      // … counts …
				{shop, "", body(free, good, used), wire.AlreadyDone},                       // … key
			} {
				a := call(row.secret, row.origin, row.body)
				p := a.Problem(t)
				require.Equal(t, row.code, p.Code, "%d: %s", i, p.Detail)
				if i == 5 {
					require.Contains(t, p.Detail, "another site")
				}
			}
			require.Equal(t, calls, r.Vendor.Stats(), "nothing was sent")
			// Key before admission, admission before the call.
			handles := []string{fresh(), fresh(), fresh(), fresh(), fresh()}
			answering(r, endpoint, 503, `{"detail":"Source Unavailable"}`)
			for _, v := range handles {
				require.Equal(t, wire.VendorUnavailable, call(shop, "", body(v, good, apitest.Key())).Problem(t).Code)
			}
			calls = r.Vendor.Stats()
			require.Equal(t, wire.AlreadyDone, call(shop, "", body(free, good, used)).Problem(t).Code)
			p := call(shop, "", body(free, good, apitest.Key())).Problem(t)
			require.Equal(t, []any{wire.VendorUnavailable, true, 5}, []any{p.Code, p.Retryable, p.RetryAfter}, "the breaker is open: nothing was sent")
			require.Equal(t, calls, r.Vendor.Stats())
		})
	}
}

func TestAHandleIsTakenWhereItBelongs(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	first := r.Redeemed(t, apitest.Shop)
	code := func(a apitest.Answer) wire.Code {
		if a.Status == 200 {
			return ""
		}
		return a.Problem(t).Code
	}
	require.Equal(t, wire.SessionInvalid, code(r.VerifyOTP(t, apitest.Shop, first.Verification, nil)), "siteverify's verifies nothing")
	var one, two connect.OTPSent
	r.GenerateOTP(t, apitest.Shop, first.Verification, nil).Into(t, &one)
	require.Empty(t, code(r.GenerateOTP(t, apitest.Shop, first.Verification, nil)), "siteverify's is good for another number")
	require.Equal(t, wire.SessionExpired, code(r.VerifyOTP(t, apitest.Shop, one.Verification, nil)), "there is a newer one")
	r.GenerateOTP(t, apitest.Shop, one.Verification, nil).Into(t, &two)
	require.Equal(t, wire.RateLimited, code(r.GenerateOTP(t, apitest.Shop, two.Verification, nil)), "three a consent")
	require.Empty(t, code(r.VerifyOTP(t, apitest.Shop, two.Verification, nil)))

	// A handle lives ten minutes, and none outlives its consent.
	second := r.Redeemed(t, apitest.Shop).Verification
	r.Clock.Add(10 * time.Minute)
	var late connect.OTPSent
	r.GenerateOTP(t, apitest.Shop, second, nil).Into(t, &late)
	r.Clock.Add(time.Millisecond)
	require.Equal(t, wire.SessionExpired, code(r.GenerateOTP(t, apitest.Shop, second, nil)))
	r.Clock.Add(10*time.Minute - time.Millisecond)
	r.GenerateOTP(t, apitest.Shop, late.Verification, nil).Into(t, &late)
	require.Equal(t, "2026-11-23T10:30:00.000Z", late.ExpiresAt)
	r.Clock.Add(5 * time.Minute)
	r.GenerateOTP(t, apitest.Shop, late.Verification, nil).Into(t, &late)
	require.Equal(t, []any{"2026-11-23T10:30:00.000Z", 300}, []any{late.ExpiresAt, late.ExpiresIn})
	r.Clock.Add(5*time.Minute + time.Millisecond)
	require.Equal(t, wire.SessionExpired, code(r.VerifyOTP(t, apitest.Shop, late.Verification, nil)))

	for name, change := range map[string]M{
		"no handle":       {"verification": nil},
		"no key":          {"idempotency_key": nil},
		"a blank in it":   {"idempotency_key": "a b"},
		"a long key":      {"idempotency_key": strings.Repeat("k", 65)},
		"an extra member": {"mobile_number": "9876543210"},
		"a number":        {"aadhaar_number": 234123412346},
	} {
		require.Equal(t, wire.InvalidRequest, code(r.GenerateOTP(t, apitest.Shop, second, change)), name)
	}
	require.Equal(t, wire.SessionInvalid, code(r.GenerateOTP(t, apitest.Shop, strings.Repeat("A", 2049), nil)))
	for _, number := range []string{"", "134123412346", "034123412346", "23412341234", "2341234123466", "234123412345", "2341.2341.2346", "२३४१२३४१२३४६"} {
		require.Equal(t, wire.AadhaarInvalid, code(r.GenerateOTP(t, apitest.Shop, second, M{"aadhaar_number": number})), number)
	}
	for _, otp := range []string{"", "123", "123456789", "12 34", "12345a", "१२३४५६"} {
		require.Equal(t, wire.OTPInvalid, code(r.VerifyOTP(t, apitest.Shop, late.Verification, M{"otp": otp})), otp)
	}
	a := r.Do(t, apitest.Call{Path: "/v1/verify-otp", Secret: apitest.Secret(apitest.Shop), JSON: "{}", Header: http.Header{"Content-Type": {"text/plain"}}})
	require.Equal(t, []any{415, wire.InvalidRequest}, []any{a.Status, a.Problem(t).Code})
	a = r.Do(t, apitest.Call{Path: "/v1/verify-otp", Secret: apitest.Secret(apitest.Shop), JSON: `{"otp":"` + strings.Repeat("1", wire.MaxBody) + `"}`})
	require.Equal(t, wire.BodyTooLarge, a.Problem(t).Code)
	stranger := seal.Verification{Consented: seal.Consented{Base: seal.Base{Site: apitest.Shop}, Account: "pass", ConsentID: uuid.Must(uuid.NewV7()).String(), GivenAt: seal.Millis(r.Clock.Now())}}
	value, err := r.Core.Sealer.Seal(&stranger, time.Minute)
	require.NoError(t, err)
	require.Equal(t, wire.SessionInvalid, code(r.GenerateOTP(t, apitest.Shop, value, nil)), "of another ledger")
}

func TestTheVendorsNoIsToldInItsWords(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	redeemed := r.Redeemed(t, apitest.Shop)
	answering(r, "generate-otp", 422, `{"detail":"Invalid captcha for 234123412346"}`)
	p := otpProblem(t, r.GenerateOTP(t, apitest.Shop, redeemed.Verification, nil))
	require.Equal(t, []any{wire.VendorRefused, 422, false, wire.FaultUser}, []any{p.Code, p.Status, p.Retryable, p.Fault})
	require.Equal(t, 422, p.Vendor.Status)
	require.Contains(t, p.Vendor.Message, "Invalid captcha")
	require.NotContains(t, p.Vendor.Message, "2341")
	require.Equal(t, redeemed.Consent.ID, p.Consent.ID)
	// Its retry brings a new picture, whose letters are redeemed again.
	a := r.Do(t, apitest.Call{Path: "/v1/captchas", Origin: apitest.ShopOrigin, JSON: M{"session": p.Retry}})
	require.Equal(t, 200, a.Status)
	var picture wire.CaptchaReply
	a.Into(t, &picture)
	again := r.Verify(t, apitest.Shop, M{"response": r.Token(t, apitest.Shop, picture.Session, "new").Token})
	require.True(t, again.Success)

	r.Vendor.SetIntercept(nil)
	var sent connect.OTPSent
	r.GenerateOTP(t, apitest.Shop, again.Verification, nil).Into(t, &sent)
	answering(r, "verify-otp", 200, `{"code":400,"sub_code":"WRONG_OTP","message":"OTP is wrong","transaction_id":"t-1"}`)
	for range 3 {
		p = otpProblem(t, r.VerifyOTP(t, apitest.Shop, sent.Verification, nil))
		require.Equal(t, wire.VendorRefused, p.Code)
		require.Empty(t, p.Retry)
		require.Equal(t, connect.Said{Status: 200, Code: 400, SubCode: "WRONG_OTP", Message: "OTP is wrong", TransactionID: "t-1"}, *p.Vendor)
	}
	require.Equal(t, wire.RateLimited, r.VerifyOTP(t, apitest.Shop, sent.Verification, nil).Problem(t).Code, "three an OTP")
	r.GenerateOTP(t, apitest.Shop, sent.Verification, nil).Into(t, &sent)
	r.Vendor.SetIntercept(nil)
	require.Equal(t, 200, r.VerifyOTP(t, apitest.Shop, sent.Verification, nil).Status, "a new OTP has tries of its own")
}

func TestWhatIsNotRetryableSaysSo(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	for body, row := range map[string]struct {
		status int
		code   wire.Code
		result string
	}{
		`{"detail":"no"}`:                 {404, wire.VendorRefused, "refused"},
		`{"detail":"Inactive client_id"}`: {400, wire.VendorRejected, "refused"},
		`{"detail":"Invalid client_id"}`:  {401, wire.VendorRejected, "refused"},
		`{"detail":"Rate limit"}`:         {429, wire.VendorBusy, "refused"},
		`{"detail":"Source Unavailable"}`: {503, wire.VendorUnavailable, "unknown"},
		`{"detail":"Oops"}`:               {500, wire.VendorUnavailable, "unknown"},
		`<html>`:                          {504, wire.VendorUnknown, "unknown"},
		`{"code":20`:                      {200, wire.VendorUnknown, "unknown"},
	} {
		answering(r, "generate-otp", row.status, body)
		v, key := r.Redeemed(t, apitest.Shop).Verification, apitest.Key()
		p := otpProblem(t, r.GenerateOTP(t, apitest.Shop, v, M{"idempotency_key": key}))
		require.Equal(t, []any{row.code, false}, []any{p.Code, p.Retryable}, body)
		calls := r.Vendor.Stats()
		p = otpProblem(t, r.GenerateOTP(t, apitest.Shop, v, M{"idempotency_key": key}))
		require.Equal(t, []any{wire.AlreadyDone, row.result, false}, []any{p.Code, p.Result, p.Retryable}, body)
		require.Equal(t, calls, r.Vendor.Stats(), "never again")
		r.Vendor.SetIntercept(nil)
		require.Equal(t, 200, r.GenerateOTP(t, apitest.Shop, v, nil).Status, "another key is another call")
	}

	// Where certainly nothing was sent, the same request is good later.
	v, key := r.Redeemed(t, apitest.Shop).Verification, apitest.Key()
	whole := r.Core.Accounts["pass"]
	vendorAt(t, r, "pass", "http://127.0.0.1:1", nil)
	p := otpProblem(t, r.GenerateOTP(t, apitest.Shop, v, M{"idempotency_key": key}))
	require.Equal(t, []any{wire.VendorUnavailable, true}, []any{p.Code, p.Retryable})
	r.Core.Accounts["pass"] = whole
	require.Equal(t, 200, r.GenerateOTP(t, apitest.Shop, v, M{"idempotency_key": key}).Status)
}

func TestBackEndsAreKnownByTheirNetworksWhereTheSiteHasSome(t *testing.T) {
	t.Parallel()
	here := false
	r := apitest.New(t)
	r.Core.Sites.BySecret(apitest.Secret(apitest.Shop)).AllowsBackEnd = func(from netip.Addr) bool {
		require.True(t, from.IsLoopback())
		return here
	}
	token := r.NewToken(t, apitest.Shop)
	secret := apitest.Secret(apitest.Shop)
	for _, call := range []apitest.Call{
		{Path: "/v1/generate-otp", JSON: M{}}, {Path: "/v1/verify-otp", JSON: M{}}, {Path: "/v1/tickets", JSON: M{}},
		{Path: "/v1/consents?subject=s"}, {Path: "/v1/consents/x"}, {Path: "/v1/consents/x/withdraw", JSON: M{}},
	} {
		call.Secret = secret
		require.Equal(t, wire.Unauthorized, r.Do(t, call).Problem(t).Code, call.Path)
	}
	require.Equal(t, []string{"invalid-input-secret"}, r.Verify(t, apitest.Shop, M{"response": token}).ErrorCodes)
	require.Equal(t, 201, r.Do(t, apitest.Call{Path: "/v1/tickets", Secret: apitest.Secret(apitest.Bank), JSON: M{}}).Status, "others are not bound")
	here = true
	require.True(t, r.Verify(t, apitest.Shop, M{"response": token}).Success)
	require.Equal(t, 201, r.Do(t, apitest.Call{Path: "/v1/tickets", Secret: secret, JSON: M{}}).Status)
}

func TestAPartnerThatCallsTheVendorItselfGetsNoHandle(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	redeemed := r.Redeemed(t, apitest.Shop)
	r.Core.Accounts["pass"].OTPByPartner = true
	for _, a := range []apitest.Answer{
		r.GenerateOTP(t, apitest.Shop, redeemed.Verification, nil), r.VerifyOTP(t, apitest.Shop, redeemed.Verification, nil),
		r.Do(t, apitest.Call{Path: "/v1/verify-otp", Secret: apitest.Secret(apitest.Shop), JSON: "{"}),
	} {
		require.Equal(t, wire.NotFound, a.Problem(t).Code)
	}
	require.Equal(t, wire.Unauthorized, r.Do(t, apitest.Call{Path: "/v1/verify-otp", Secret: "sk_no", JSON: "{"}).Problem(t).Code)
	other := r.Redeemed(t, apitest.Shop)
	require.Empty(t, other.Verification)
	require.NotEmpty(t, other.Retry)
	require.NotEmpty(t, other.SessionID)
}
