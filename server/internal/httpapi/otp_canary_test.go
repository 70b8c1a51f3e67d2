package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/server/internal/secret"
)

// What passes through for one call, and is written nowhere.
const (
	canaryNumber = "783920564174"
	canaryOTP    = "70617283"
	shortOTP     = "706172" // its beginning
	canaryPerson = "cAnArY-PeRsOn-5KdQ"
	canaryOTPKey = "canary-otp-key-6Vt9"
)

// Every way in which the two calls can go, with a canary for the number, the OTP and
// the person: afterwards none is in the log, in a metric, in the data directory with its
// write-ahead log, or in any answer but that of the verify-otp that went well.
func TestNumberOTPAndPersonAreWrittenNowhere(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	good := `{"code":200,"sub_code":"SUCCESS","message":"ok","transaction_id":"t","timestamp":1,"data":{"name":"` + canaryPerson + `"}}`
	for _, body := range everyAnswer(good) {
		goThrough(t, r, body)
	}
	r.Vendor.SetIntercept(nil)
	whileTheStoreFails(t, r)
	withoutAnAnswer(t, r)
	inEveryMember(t, r)
	a := r.VerifyOTP(t, apitest.Shop, sentTo(t, r, canaryNumber), M{"otp": shortOTP})
	require.Equal(t, 200, a.Status)

	spaced := canaryNumber[:4] + " " + canaryNumber[4:8] + " " + canaryNumber[8:]
	log, metrics, data := r.Logged(), metricsOf(t, r), filesOf(t, r.Data)
	require.Contains(t, metrics, `endpoint="verify-otp"`)
	require.Contains(t, data, "ledger.db-wal")
	persons := 0
	for _, canary := range []string{canaryNumber, spaced, strings.ReplaceAll(spaced, " ", "-"), canaryOTP, shortOTP, canaryPerson, canaryOTPKey} {
		for _, form := range forms(canary) {
			require.False(t, stands(log, form), "%s in the log", canary)
			require.False(t, stands(metrics, form), "%s in a metric", canary)
			for name, content := range data {
				require.False(t, stands(content, form), "%s in the file %s", canary, name)
			}
			for _, a := range r.Answers {
				if canary == canaryPerson && strings.HasSuffix(a.Path, "-otp") && strings.Contains(string(a.Body), form) {
					// The partner gets the data, and the vendor's own words if it refuses.
					require.True(t, a.Status == 200 && a.Path == "/v1/verify-otp" || a.Status == 422, "%s", a.Body)
					persons++
					continue
				}
				require.False(t, stands(string(a.Body), form), "%s in the answer of %s: %s", canary, a.Path, a.Body)
				require.False(t, stands(fmt.Sprint(a.Header), form), "%s in a header of %s", canary, a.Path)
			}
		}
	}
	require.NotZero(t, persons, "the person was really there")
}

// stands reports whether a text has this form of a canary. The OTP's six digits stand by
// chance within ids and the fractions of times, so they count where they are a word.
func stands(text, form string) bool {
	if len(form) > len(shortOTP) {
		return strings.Contains(text, form)
	}
	return strings.Contains(text, form) && regexp.MustCompile(`(^|[^0-9a-f.])`+form+`([^0-9a-f]|$)`).MatchString(text)
}

func sentTo(t *testing.T, r *apitest.Relay, number string) string {
	t.Helper()
	var sent connect.OTPSent
	a := r.GenerateOTP(t, apitest.Shop, r.Redeemed(t, apitest.Shop).Verification, M{"aadhaar_number": number, "idempotency_key": canaryOTPKey + apitest.Key()})
	require.Equal(t, 200, a.Status, "%s", a.Body)
	a.Into(t, &sent)
	return sent.Verification
}

// everyAnswer is what a vendor can say, all of it with what it should not repeat.
func everyAnswer(good string) (all []func(http.ResponseWriter, *http.Request) bool) {
	echo := canaryNumber + " " + canaryOTP + " " + canaryPerson + " " + canaryNumber[:4] + "-" + canaryNumber[4:8] + "-" + canaryNumber[8:]
	for _, status := range []int{200, 201, 302, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504, 418} {
		for _, body := range []string{
			`{"detail":"` + echo + `"}`, `{"detail":["` + echo + `"]}`, `{"detail":{"loc":"` + echo + `"}}`, `{"code":400,"sub_code":"` + canaryOTP + `","message":"` + echo + `","transaction_id":"` + canaryNumber + `"}`,
			`{"code":null,"message":"` + echo + `"}`, "<html>" + echo, echo, `{"message":"` + echo, "",
		} {
			if status == 422 || status == 200 || strings.HasPrefix(body, `{"detail":"`) {
				all = append(all, whatever(status, http.Header{"Location": {"https://x.example/" + canaryNumber}, "X-Echo": {echo}}, body))
			}
		}
	}
	return append(all, whatever(200, nil, good), whatever(200, nil, good[:len(good)-9]), func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Length", "4000") // cut off
		_, _ = w.Write([]byte(good[:60]))
		return true
	})
}

// goThrough has both calls answered in this way.
func goThrough(t *testing.T, r *apitest.Relay, answer func(http.ResponseWriter, *http.Request) bool) {
	t.Helper()
	r.Core.Accounts["pass"] = connect.NewAccount(r.Client(t, "pass"), nil) // its breakers closed
	r.Vendor.SetIntercept(nil)
	sent := sentTo(t, r, canaryNumber)
	r.Vendor.SetIntercept(func(w http.ResponseWriter, q *http.Request) bool {
		return strings.HasSuffix(q.URL.Path, "-otp") && answer(w, q)
	})
	for range 2 { // said words are said in refusals and again where the key is used again
		r.GenerateOTP(t, apitest.Shop, sent, M{"aadhaar_number": canaryNumber, "idempotency_key": canaryOTPKey + "-g"})
		r.VerifyOTP(t, apitest.Shop, sent, M{"otp": canaryOTP, "idempotency_key": canaryOTPKey + "-v"})
	}
	r.GenerateOTP(t, apitest.Shop, sent, M{"aadhaar_number": canaryNumber, "idempotency_key": canaryOTPKey + apitest.Key()})
	r.VerifyOTP(t, apitest.Shop, sent, M{"otp": canaryOTP, "idempotency_key": canaryOTPKey + apitest.Key()})
}

func whileTheStoreFails(t *testing.T, r *apitest.Relay) {
	t.Helper()
	for _, step := range storetest.Steps {
		sent := sentTo(t, r, canaryNumber)
		r.Store.Fail(step)
		r.GenerateOTP(t, apitest.Shop, sent, M{"aadhaar_number": canaryNumber})
		during(r, "verify-otp", func() { r.Store.Fail(step) })
		r.VerifyOTP(t, apitest.Shop, sent, M{"otp": shortOTP})
		r.Vendor.SetIntercept(nil)
	}
	sent := sentTo(t, r, canaryNumber)
	during(r, "verify-otp", func() {
		_, err := r.Ledger.Withdraw(context.Background(), consent.Withdrawal{ID: r.Vendor.Consents()[len(r.Vendor.Consents())-1], Via: consent.ViaReceipt})
		require.NoError(t, err)
	})
	r.VerifyOTP(t, apitest.Shop, sent, M{"otp": shortOTP})
	r.Vendor.SetIntercept(nil)
}

// withoutAnAnswer: nobody there, nobody in time, a mistake of our own.
func withoutAnAnswer(t *testing.T, r *apitest.Relay) {
	t.Helper()
	whole := r.Core.Accounts["pass"]
	hung := vendorNamed(t, r.VendorURL, deepvue.OTPDeadline(50*time.Millisecond))
	for _, v := range []connect.Vendor{vendorNamed(t, "http://127.0.0.1:1"), hung, panicking{}} {
		sent := sentTo(t, r, canaryNumber)
		r.Vendor.SetIntercept(func(_ http.ResponseWriter, q *http.Request) bool {
			<-q.Context().Done()
			panic(http.ErrAbortHandler)
		})
		r.Core.Accounts["pass"] = connect.NewAccount(v, nil)
		r.GenerateOTP(t, apitest.Shop, sent, M{"aadhaar_number": canaryNumber})
		r.Core.Accounts["pass"] = whole
		r.Vendor.SetIntercept(nil)
		sent = sentTo(t, r, canaryNumber)
		r.Vendor.SetIntercept(func(_ http.ResponseWriter, q *http.Request) bool {
			<-q.Context().Done()
			panic(http.ErrAbortHandler)
		})
		r.Core.Accounts["pass"] = connect.NewAccount(v, nil)
		r.VerifyOTP(t, apitest.Shop, sent, M{"otp": canaryOTP})
		r.Core.Accounts["pass"] = whole
		r.Vendor.SetIntercept(nil)
	}
}

// vendorNamed is a client of the account that good consents are of.
func vendorNamed(t *testing.T, url string, opts ...deepvue.Option) *deepvue.Client {
	t.Helper()
	client, err := deepvue.New(deepvue.Account{Name: "pass", URL: url, ClientID: "id", ClientSecret: secret.New("key")}, opts...)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// inEveryMember puts what belongs in one member into all others, and into bodies that
// are none.
func inEveryMember(t *testing.T, r *apitest.Relay) {
	t.Helper()
	sent := sentTo(t, r, canaryNumber)
	for _, value := range []string{canaryNumber, canaryOTP, canaryNumber + canaryOTP, "x" + canaryNumber} {
		for _, member := range []string{"verification", "idempotency_key", "aadhaar_number", "otp", value, "mobile_number"} {
			r.GenerateOTP(t, apitest.Shop, sent, M{member: value})
			r.VerifyOTP(t, apitest.Shop, sent, M{member: value})
		}
		for _, body := range []string{value, `{"otp":` + value + `}`, `{"aadhaar_number":"` + value, `{"` + value + `":1}`, `["` + value + `"]`, `{"otp":"` + value + `","otp":"` + value + `"}`} {
			for _, path := range []string{"/v1/generate-otp", "/v1/verify-otp", "/v1/generate-otp?aadhaar_number=" + value, "/v1/verify-otp/" + value} {
				r.Do(t, apitest.Call{Path: path, Secret: apitest.Secret(apitest.Shop), JSON: body})
				r.Do(t, apitest.Call{Path: path, Secret: value, JSON: body})
				r.Do(t, apitest.Call{Path: path, Secret: apitest.Secret(apitest.Shop), Origin: apitest.ShopOrigin, JSON: body})
			}
		}
	}
}
