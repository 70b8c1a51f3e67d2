package sandbox_test

import (
	"bytes"
	"encoding/base64"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/deepvue/sandbox"
	"ekycconnect/server/internal/pace"
	"ekycconnect/wasm/wire"
)

const anyNumber = "200000000097"

// started is a session of the caller's account.
func (c caller) started() string {
	c.t.Helper()
	r := c.call("GET", "connect")
	for r.Status == http.StatusTooManyRequests { // the busy account
		r = c.call("GET", "connect")
	}
	require.Equal(c.t, http.StatusOK, r.Status)
	return r.Data.SessionID
}

func (c caller) generate(session, number string) reply {
	c.t.Helper()
	return c.call("POST", "generate-otp", "session_id", session, "captcha", "any", "aadhaar_number", number)
}

func (c caller) verify(session, otp string) reply {
	c.t.Helper()
	return c.call("POST", "verify-otp", "session_id", session, "otp", otp)
}

func TestEverySitekeyLeadsToAPerson(t *testing.T) {
	for _, a := range sandbox.Accounts() {
		if a.Name == "down" || a.Name == "rejected" { // no call of theirs gets an answer
			continue
		}
		t.Run(a.Name, func(t *testing.T) {
			double, c := start(t, a.Sitekey, sandbox.Options{Slow: time.Millisecond})
			id := c.started()
			sent := c.generate(id, anyNumber)
			if a.Name == "wrongcaptcha" {
				require.Equal(t, `{"detail":"Invalid captcha"}`, sent.Raw)
				require.Equal(t, http.StatusOK, c.call("GET", "reload-captcha", "session_id", id).Status)
				sent = c.generate(id, anyNumber)
			}
			require.Equal(t, http.StatusOK, sent.Status)
			require.Equal(t, "SUCCESS", sent.SubCode)
			require.Equal(t, "OTP sent to your Registered Mobile number. Check your mobile.", sent.Message)
			done := c.call("POST", "verify-otp", "session_id", id, "otp", "493018", "mobile_number", "9000000000")
			require.Equal(t, http.StatusOK, done.Status)
			require.Equal(t, "SUCCESS", done.SubCode)
			require.Equal(t, "Aadhaar eKYC Successful", done.Message)
			require.Equal(t, 1, double.Stats().Verified)
		})
	}
}

func TestAPersonIsAsTheVendorDocumentsOne(t *testing.T) {
	_, c := start(t, "", sandbox.Options{})
	id := c.started()
	require.Equal(t, http.StatusOK, c.generate(id, anyNumber).Status)
	p := c.verify(id, "000000").Data
	require.Equal(t, "xxxx-xxxx-0097", p.MaskedNumber)
	_, err := time.Parse("02-01-2006", p.DateOfBirth)
	require.NoError(t, err)
	require.Len(t, p.Address, 12)
	require.Regexp(t, `^[0-9a-f]{64}$`, p.Email)
	require.Regexp(t, `^[0-9a-f]{64}$`, p.Phone)
	require.Regexp(t, `^[0-9]{13}$`, p.GeneratedAt)
	require.Contains(t, []string{"F", "M"}, p.Gender)
	require.NotEmpty(t, p.Name)
	raw, err := base64.StdEncoding.DecodeString(p.Photo)
	require.NoError(t, err)
	picture, err := jpeg.Decode(bytes.NewReader(raw))
	require.NoError(t, err)
	require.Greater(t, picture.Bounds().Dx(), 100)
}

func TestTheNumbersThatAreRefused(t *testing.T) {
	for number, want := range map[string][4]string{ // generate-otp, again, verify-otp, again
		"200000000013": {`"sub_code":"MOBILE_NOT_LINKED"`, `"sub_code":"MOBILE_NOT_LINKED"`},
		"200000000021": {"OTP limit exceeded", "OTP limit exceeded"},
		"200000000032": {`{"detail":"Source Unavailable"}`, `{"detail":"Source Unavailable"}`},
		"200000000045": {"SUCCESS", "SUCCESS", `{"detail":"Invalid OTP"}`, "Aadhaar eKYC Successful"},
		"200000000050": {"SUCCESS", "SUCCESS", "OTP has expired", "OTP has expired"},
		"200000000066": {`{"detail":"Invalid captcha"}`, "SUCCESS", "Aadhaar eKYC Successful"},
	} {
		t.Run(number, func(t *testing.T) {
			_, c := start(t, "pk_test_pass", sandbox.Options{})
			plain, ok := wire.AadhaarNumber(number)
			require.True(t, ok)
			require.Equal(t, number, plain)
			id := c.started()
			require.Contains(t, c.generate(id, number).Raw, want[0])
			require.Contains(t, c.generate(id, number).Raw, want[1])
			for _, says := range want[2:] {
				if says != "" {
					require.Contains(t, c.verify(id, "123456").Raw, says)
				}
			}
		})
	}
	require.Len(t, sandbox.Numbers(), 6)
}

func TestTheOrderOfAVerificationIsHeld(t *testing.T) {
	double, c := start(t, "", sandbox.Options{})
	id := c.started()
	require.Equal(t, http.StatusUnprocessableEntity, c.verify(id, "123456").Status, "no OTP yet")
	require.Equal(t, http.StatusOK, c.generate(id, anyNumber).Status)
	for _, otp := range []string{"12345", "1234567", "12345x"} {
		require.Equal(t, `{"detail":"Invalid OTP"}`, c.verify(id, otp).Raw)
	}
	require.Equal(t, http.StatusOK, c.verify(id, "123456").Status)
	const over = `{"detail":"Invalid session_id"}`
	require.Equal(t, over, c.verify(id, "123456").Raw, "an OTP serves once")
	require.Equal(t, over, c.generate(id, anyNumber).Raw)
	require.Equal(t, over, c.call("GET", "reload-captcha", "session_id", id).Raw)
	require.Equal(t, 1, double.Stats().Verified)

	other := c
	other.account, _ = sandbox.Credentials("pk_test_pass")
	require.Equal(t, over, other.generate(c.started(), anyNumber).Raw, "another account's session")
}

func TestAnOTPRunsOutAfterTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		double := sandbox.New(sandbox.Options{})
		call := func(method, endpoint string, query url.Values) string {
			query.Set("consent", "Y")
			query.Set("purpose", "KYC")
			r := httptest.NewRequestWithContext(t.Context(), method, "/v1/ekyc/aadhaar/"+endpoint+"?"+query.Encode(), nil)
			r.Header.Set("client-id", "sandbox")
			r.Header.Set("x-api-key", "sandbox")
			w := httptest.NewRecorder()
			double.ServeHTTP(w, r)
			return w.Body.String()
		}
		call("GET", "connect", url.Values{})
		id := double.SessionIDs()[0]
		generate := func() string {
			return call("POST", "generate-otp", url.Values{"session_id": {id}, "captcha": {"x"}, "aadhaar_number": {anyNumber}})
		}
		verify := func() string { return call("POST", "verify-otp", url.Values{"session_id": {id}, "otp": {"123456"}}) }
		require.Contains(t, generate(), "SUCCESS")
		time.Sleep(10*time.Minute + time.Second)
		require.Equal(t, `{"detail":"OTP has expired"}`, verify())
		require.Contains(t, generate(), "SUCCESS", "another one")
		time.Sleep(10 * time.Minute)
		require.Contains(t, verify(), "Aadhaar eKYC Successful")
	})
}

func TestThePlanCountsAllFourEndpointsOfAnAccount(t *testing.T) {
	double, c := start(t, "", sandbox.Options{Plan: pace.Plan{PerSecond: 100, PerMinute: 4, PerDay: 1000}})
	id := c.started()
	require.Equal(t, http.StatusOK, c.call("GET", "reload-captcha", "session_id", id).Status)
	require.Equal(t, http.StatusOK, c.generate(id, anyNumber).Status)
	require.Equal(t, http.StatusOK, c.verify(id, "123456").Status)
	for _, r := range []reply{c.call("GET", "connect"), c.call("GET", "reload-captcha", "session_id", id), c.generate(id, anyNumber), c.verify(id, "123456")} {
		require.Equal(t, http.StatusTooManyRequests, r.Status)
		require.True(t, strings.Contains(r.Raw, "Rate limit exceeded"))
	}
	require.Equal(t, sandbox.Stats{Connect: 2, ReloadCaptcha: 2, GenerateOTP: 2, VerifyOTP: 2, Untraced: 2, Sessions: 1, Verified: 1, RateLimited: 4}, double.Stats())
	other := c
	other.account, _ = sandbox.Credentials("pk_test_pass")
	other.started() // has a plan of its own
}
