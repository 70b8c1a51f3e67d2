package sandbox_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/deepvue/sandbox"
)

func TestEachTestSitekeyHasAnAccountOfItsOwn(t *testing.T) {
	var sitekeys []string
	ids, names := map[string]bool{}, map[string]bool{}
	for _, a := range sandbox.Accounts() {
		require.NotEmpty(t, a.ClientSecret.Reveal())
		ids[a.ClientID], names[a.Name] = true, true
		if a.Sitekey != "" {
			sitekeys = append(sitekeys, strings.TrimPrefix(a.Sitekey, "pk_test_"))
		}
	}
	require.ElementsMatch(t, []string{"pass", "slow", "busy", "down", "rejected", "badjpeg", "expired", "wrongcaptcha"}, sitekeys)
	require.Len(t, ids, 9)
	require.Len(t, names, 9)
	_, ok := sandbox.Credentials("")
	require.False(t, ok)
	general := sandbox.Accounts()[0]
	require.Equal(t, "sandbox", general.ClientID)
	require.Equal(t, "sandbox", general.ClientSecret.Reveal())
}

func TestSlowTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := sandbox.Credentials("pk_test_slow")
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/v1/ekyc/aadhaar/connect?consent=Y&purpose=KYC", nil)
		r.Header.Set("client-id", a.ClientID)
		r.Header.Set("x-api-key", a.ClientSecret.Reveal())
		w := httptest.NewRecorder()
		begun := time.Now()
		sandbox.New(sandbox.Options{Latency: time.Second}).ServeHTTP(w, r)
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, 4*time.Second, time.Since(begun))
	})
}

func TestBusyRefusesThreeTimesUnderEachConsent(t *testing.T) {
	_, c := start(t, "pk_test_busy", sandbox.Options{})
	for _, consent := range []string{"c1", "c2", ""} {
		c.consent = consent
		for range 3 {
			r := c.call("GET", "connect")
			require.Equal(t, http.StatusTooManyRequests, r.Status)
			require.Equal(t, "2", r.Header.Get("Retry-After"))
			require.Equal(t, `{"detail":"Rate limit exceeded. Please retry after some time."}`, r.Raw)
		}
		r := c.call("GET", "connect")
		require.Equal(t, http.StatusOK, r.Status)
		require.Equal(t, http.StatusOK, c.call("GET", "reload-captcha", "session_id", r.Data.SessionID).Status)
	}
	require.Equal(t, http.StatusTooManyRequests, c.call("GET", "connect").Status, "without a consent the count starts anew")
	c.consent = "c1"
	require.Equal(t, http.StatusOK, c.call("GET", "connect").Status, "a consent that passed stays so")
}

func TestDownAndRejectedAnswerInTheVendorsWords(t *testing.T) {
	for sitekey, want := range map[string]struct {
		status int
		body   string
	}{
		"pk_test_down":     {503, `{"detail":"Source Unavailable"}`},
		"pk_test_rejected": {401, `{"detail":"Invalid client_id or client_secret, access Denied"}`},
	} {
		_, c := start(t, sitekey, sandbox.Options{})
		r := c.call("GET", "connect")
		require.Equal(t, want.status, r.Status)
		require.Equal(t, want.body, r.Raw)
	}
}

func TestBadJPEGIsBase64OfSomethingElse(t *testing.T) {
	_, c := start(t, "pk_test_badjpeg", sandbox.Options{})
	r := c.call("GET", "connect")
	raw, err := base64.StdEncoding.DecodeString(r.Data.Captcha)
	require.NoError(t, err)
	require.NotEqual(t, byte(0xFF), raw[0])
}

func TestWrongCaptchaRefusesTheFirstAnswerOfEachSession(t *testing.T) {
	_, c := start(t, "pk_test_wrongcaptcha", sandbox.Options{})
	for range 2 {
		id := c.call("GET", "connect").Data.SessionID
		answer := func() reply {
			return c.call("POST", "generate-otp", "session_id", id, "captcha", "x", "aadhaar_number", anyNumber)
		}
		first := answer()
		require.Equal(t, http.StatusUnprocessableEntity, first.Status)
		require.Equal(t, `{"detail":"Invalid captcha"}`, first.Raw)
		require.Equal(t, http.StatusOK, c.call("GET", "reload-captcha", "session_id", id).Status)
		require.Equal(t, http.StatusOK, answer().Status)
	}
}

func TestStatsCountWhatArrivesAndNameNothing(t *testing.T) {
	double, c := start(t, "", sandbox.Options{})
	id := c.call("GET", "connect").Data.SessionID
	c.consent = "consent-one"
	c.call("GET", "connect")
	c.call("GET", "connect", "consent", "N") // counted though refused
	c.call("GET", "reload-captcha", "session_id", id)
	double.SetIntercept(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusTeapot)
		return true
	})
	require.Equal(t, http.StatusTeapot, c.call("GET", "connect").Status)
	double.SetIntercept(nil)

	require.Equal(t, sandbox.Stats{Connect: 4, ReloadCaptcha: 1, Untraced: 1, Consents: 1, Sessions: 2}, double.Stats())
	require.Equal(t, 3, double.Connects("consent-one"))
	require.Zero(t, double.Connects("consent-two"))
	require.Equal(t, []string{"consent-one"}, double.Consents())

	response, err := http.Get(c.url + sandbox.StatsPath)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.JSONEq(t, `{"connect":4,"reload_captcha":1,"generate_otp":0,"verify_otp":0,"untraced":1,"consents":1,"sessions":2,"verified":0,"rate_limited":0}`, string(body))
}
