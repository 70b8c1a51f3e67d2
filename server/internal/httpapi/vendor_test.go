package httpapi_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/wasm/wire"
)

// dot is a picture of one dot, in base64.
var dot = func() string {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1)), nil); err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}()

// longSessions has the vendor give ids of the longest kind that is taken.
func longSessions(r *apitest.Relay) string {
	id := strings.Repeat("~", 96)
	r.Vendor.SetIntercept(func(w http.ResponseWriter, _ *http.Request) bool {
		fmt.Fprintf(w, `{"code":200,"transaction_id":%q,"data":{"session_id":%q,"captcha":%q}}`, id, id, dot)
		return true
	})
	return id
}

// Every way in which the vendor fails: the code, and what the ledger holds.
func TestWhenTheVendorFailsTheConsentStandsAndIsTold(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		site   string
		code   wire.Code
		after  int // retry_after
		called int
	}{
		"busy":        {apitest.Busy, wire.VendorBusy, 2, 1},
		"down":        {apitest.Down, wire.VendorUnavailable, 0, 3},
		"rejected":    {apitest.Rejected, wire.VendorRejected, 0, 1},
		"bad picture": {apitest.BadJPEG, wire.VendorBadAnswer, 0, 1},
	} {
		r := apitest.New(t)
		p := r.Agree(t, r.Decision(t, row.site)).Problem(t)
		require.Equal(t, row.code, p.Code, name)
		require.Equal(t, row.after, p.RetryAfter)
		require.NotNil(t, p.Consent, "what was recorded is told")
		require.Equal(t, "2026-11-23T10:00:00.000Z", p.Consent.GivenAt)
		require.Equal(t, row.called, r.Vendor.Connects(p.Consent.ID))
		want := []string{"given"}
		for range row.called {
			want = append(want, "used")
		}
		require.Equal(t, want, r.Kinds(t, row.site, p.Consent.ID), "each call is a use, also one in vain")
		record, err := r.Ledger.Consent(t.Context(), row.site, p.Consent.ID)
		require.NoError(t, err)
		require.Equal(t, string(row.code), record.Events[1].Result)
	}
}

func TestABusyVendorTakesTheThirdRepeatUnderTheSameConsent(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	decision := r.Decision(t, apitest.Busy)
	first := r.Agree(t, decision).Problem(t)
	for range 2 {
		p := r.Agree(t, decision).Problem(t)
		require.Equal(t, wire.VendorBusy, p.Code)
		require.Equal(t, first.Consent, p.Consent)
	}
	begun := r.Begin(t, decision)
	require.Equal(t, *first.Consent, begun.Consent)
	require.Equal(t, []string{"given", "used", "used", "used", "used"}, r.Kinds(t, apitest.Busy, begun.Consent.ID))
}

// whatever is an answer of the vendor that no documentation has.
func whatever(status int, header http.Header, body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
		return true
	}
}

func TestEveryAnswerOfTheVendorHasItsCode(t *testing.T) {
	t.Parallel()
	r := apitest.New(t, func(c *config.Config) {
		pass := c.Accounts["pass"]
		pass.Deadline = 3 * time.Second
		c.Accounts["pass"] = pass
	})
	good := `{"code":200,"transaction_id":"t","data":{"session_id":"s","captcha":"` + dot + `"}}`
	hang := func(_ http.ResponseWriter, q *http.Request) bool { <-q.Context().Done(); return true }
	drop := func(w http.ResponseWriter, _ *http.Request) bool {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
		return true
	}
	for name, row := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request) bool
		code   wire.Code
		after  int
	}{
		"400":               {whatever(400, nil, `{"detail":"Inactive client_id"}`), wire.VendorRejected, 0},
		"401":               {whatever(401, nil, `{"detail":"Not authenticated"}`), wire.VendorRejected, 0},
		"403":               {whatever(403, nil, ""), wire.VendorRejected, 0},
		"404":               {whatever(404, nil, "<html>"), wire.VendorRejected, 0},
		"422":               {whatever(422, nil, "{}"), wire.VendorRejected, 0},
		"429":               {whatever(429, nil, "{}"), wire.VendorBusy, 1},
		"429 with a time":   {whatever(429, http.Header{"Retry-After": {"7"}}, ""), wire.VendorBusy, 7},
		"429 for ever":      {whatever(429, http.Header{"Retry-After": {"86400"}}, ""), wire.VendorBusy, 30},
		"500":               {whatever(500, nil, "{}"), wire.VendorUnavailable, 0},
		"502":               {whatever(502, nil, "<html>Bad Gateway"), wire.VendorUnavailable, 0},
		"503":               {whatever(503, nil, "{}"), wire.VendorUnavailable, 0},
		"504":               {whatever(504, nil, "{}"), wire.VendorTimeout, 0},
		"a redirect":        {whatever(302, http.Header{"Location": {"https://evil.example"}}, ""), wire.VendorBadAnswer, 0},
		"201":               {whatever(201, nil, good), wire.VendorBadAnswer, 0},
		"418":               {whatever(418, nil, ""), wire.VendorBadAnswer, 0},
		"code null":         {whatever(200, nil, `{"code":null,"message":"Source is not available"}`), wire.VendorUnavailable, 0},
		"empty":             {whatever(200, nil, ""), wire.VendorBadAnswer, 0},
		"html":              {whatever(200, nil, "<html><body>maintenance</body></html>"), wire.VendorBadAnswer, 0},
		"cut short":         {whatever(200, nil, good[:len(good)/2]), wire.VendorBadAnswer, 0},
		"shorter than said": {whatever(200, http.Header{"Content-Length": {"9999"}}, good), wire.VendorUnavailable, 0},
		"no session":        {whatever(200, nil, strings.Replace(good, "session_id", "session", 1)), wire.VendorBadAnswer, 0},
		"not a picture":     {whatever(200, nil, strings.Replace(good, dot, "aGVsbG8=", 1)), wire.VendorBadAnswer, 0},
		"10 MB":             {whatever(200, nil, strings.Replace(good, dot, strings.Repeat("A", 10<<20), 1)), wire.VendorBadAnswer, 0},
		"nested":            {whatever(200, nil, strings.Repeat("[", 100_000)), wire.VendorBadAnswer, 0},
		"silence":           {hang, wire.VendorTimeout, 0},
		"a closed line":     {drop, wire.VendorUnavailable, 0},
	} {
		decision := r.Decision(t, apitest.Shop)
		r.Vendor.SetIntercept(nil)
		session := r.Begin(t, r.Decision(t, apitest.Shop)).Session
		r.Vendor.SetIntercept(row.answer)
		for path, a := range map[string]apitest.Answer{
			"/v1/sessions": r.Agree(t, decision),
			"/v1/captchas": r.Do(t, apitest.Call{Path: "/v1/captchas", Origin: apitest.ShopOrigin, JSON: M{"session": session}}),
		} {
			if path == "/v1/captchas" && name == "no session" {
				require.Equal(t, 200, a.Status, "a new picture has no new session")
				continue
			}
			p := a.Problem(t)
			require.Equal(t, row.code, p.Code, "%s %s", path, name)
			require.Equal(t, row.after, p.RetryAfter, "%s %s", path, name)
			require.NotNil(t, p.Consent, "%s %s", path, name)
			require.NotContains(t, string(a.Body), "html")
			kinds := r.Kinds(t, apitest.Shop, p.Consent.ID)
			require.Equal(t, "used", kinds[len(kinds)-1], "%s %s", path, name)
		}
	}
}

func TestAConsentIsWorthTenVendorCalls(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	decision := r.Decision(t, apitest.Shop)
	begun := r.Begin(t, decision)
	reload := func() apitest.Answer {
		return r.Do(t, apitest.Call{Path: "/v1/captchas", Origin: apitest.ShopOrigin, JSON: M{"session": begun.Session}})
	}
	for range 8 {
		require.Equal(t, 200, reload().Status)
	}
	require.Equal(t, 201, r.Agree(t, decision).Status, "a repeat may call the vendor again: the tenth call")
	for _, a := range []apitest.Answer{reload(), r.Agree(t, decision)} {
		p := a.Problem(t)
		require.Equal(t, wire.RateLimited, p.Code)
		require.Equal(t, begun.Consent, *p.Consent)
	}
	stats := r.Vendor.Stats()
	require.Equal(t, 10, stats.Connect+stats.ReloadCaptcha)
	require.Len(t, r.Kinds(t, apitest.Shop, begun.Consent.ID), 11)
	// The last picture can still be answered.
	require.True(t, r.Verify(t, apitest.Shop, M{"response": r.Token(t, apitest.Shop, begun.Session, "abc").Token}).Success)
}

// The vendor's repeats count as well: with two calls left there is one repeat.
func TestRepeatsNeverExceedWhatAConsentIsWorth(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	decision := r.Decision(t, apitest.Down)
	for _, want := range []int{3, 6, 9, 10} {
		p := r.Agree(t, decision).Problem(t)
		require.Equal(t, wire.VendorUnavailable, p.Code)
		require.Equal(t, want, r.Vendor.Connects(p.Consent.ID))
	}
	require.Equal(t, wire.RateLimited, r.Agree(t, decision).Problem(t).Code)
	require.Equal(t, 10, r.Vendor.Stats().Connect)
}

// A store that does not take the consent: the vendor is not called.
func TestWithoutACommittedConsentTheVendorIsNotCalled(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	for _, step := range []string{"begin", "claims", "size", "append", "commit"} {
		decision := apitest.With(r.Decision(t, apitest.Shop), M{"subject": "s-" + step})
		r.Store.Fail(stepOf(step))
		a := r.Agree(t, decision)
		p := a.Problem(t)
		require.Equal(t, wire.StoreUnavailable, p.Code, step)
		require.Positive(t, p.RetryAfter)
		require.Nil(t, p.Consent)
		require.Zero(t, r.Vendor.Stats().Connect, step)
		require.Zero(t, r.Entries(t, apitest.Shop, "s-"+step))

		r.Store.Fail(stepOf(step))
		declined := r.Do(t, apitest.Call{Path: "/v1/declines", Origin: apitest.ShopOrigin, JSON: decision})
		require.Equal(t, wire.StoreUnavailable, declined.Problem(t).Code, step)
		require.Zero(t, r.Entries(t, apitest.Shop, "s-"+step))
	}
	require.Equal(t, 201, r.Agree(t, r.Decision(t, apitest.Shop)).Status, "the store is back, so is the relay")
}

// A vendor call whose use could not be written down gives no picture.
func TestWithoutACommittedUseNothingIsAnswered(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	r.Vendor.SetIntercept(func(http.ResponseWriter, *http.Request) bool {
		r.Store.Fail(stepOf("commit"))
		return false
	})
	decision := r.Decision(t, apitest.Shop)
	p := r.Agree(t, decision).Problem(t)
	require.Equal(t, wire.StoreUnavailable, p.Code)
	require.NotNil(t, p.Consent)
	require.NotContains(t, p.Detail, "nothing was recorded")
	require.Equal(t, []string{"given"}, r.Kinds(t, apitest.Shop, p.Consent.ID))
	r.Vendor.SetIntercept(nil)
	require.Equal(t, *p.Consent, r.Begin(t, decision).Consent)
}

// A store that is gone altogether: every route that needs it says so.
func TestWithoutAStoreEveryRouteSaysSo(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	decision, token := r.Decision(t, apitest.Shop), r.NewToken(t, apitest.Shop)
	session := r.Begin(t, r.Decision(t, apitest.Shop)).Session
	sum := decision["notice_sha256"].(string)
	calls := r.Vendor.Stats()
	require.NoError(t, r.Store.Close())
	for name, call := range map[string]apitest.Call{
		"sessions": {Path: "/v1/sessions", Origin: apitest.ShopOrigin, JSON: decision},
		"declines": {Path: "/v1/declines", Origin: apitest.ShopOrigin, JSON: decision},
		"captchas": {Path: "/v1/captchas", Origin: apitest.ShopOrigin, JSON: M{"session": session}},
		"answers":  {Path: "/v1/answers", Origin: apitest.ShopOrigin, JSON: M{"session": session, "answer": "abc"}},
		"consent":  {Path: "/v1/consents/019aafbe-0f40-7c3a-9a51-0b7f3f1d2c4e", Secret: apitest.Secret(apitest.Shop)},
		"consents": {Path: "/v1/consents?subject=s", Secret: apitest.Secret(apitest.Shop)},
		"notice":   {Path: "/v1/notices/" + sum},
	} {
		a := r.Do(t, call)
		require.Equal(t, wire.StoreUnavailable, a.Problem(t).Code, name)
	}
	for _, peek := range []bool{false, true} {
		a := r.Do(t, apitest.Call{Path: "/v1/siteverify", JSON: M{"secret": apitest.Secret(apitest.Shop), "response": token, "peek": peek}})
		require.Equal(t, 503, a.Status)
		require.JSONEq(t, `{"success":false,"error-codes":["internal-error"]}`, string(a.Body))
	}
	require.Equal(t, calls, r.Vendor.Stats())
	require.Equal(t, 503, r.Do(t, apitest.Call{Path: "/readyz"}).Status)
	require.Equal(t, 200, r.Do(t, apitest.Call{Path: "/healthz"}).Status)
	require.FileExists(t, filepath.Join(r.Data, "ledger.db"))
	_, err := os.ReadDir(r.Data)
	require.NoError(t, err)
}
