package demo

import (
	"html"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/secret"
)

// partner is the demo with a relay that answers as a test says.
type partner struct {
	*httptest.Server
	verify http.HandlerFunc // POST /v1/siteverify
}

const success = `{"success":true,"error-codes":[],"challenge_ts":"2026-11-02T10:00:00.000Z","hostname":"localhost","origin":"http://localhost",
"sitekey":"pk_test_pass","purpose":"account-opening","vendor_purpose":"For <KYC>","session_id":"vendor-session","captcha":"c4n4ry",
"transaction_id":"tx-1","retry":"sealed-retry","verification":"sealed-handle","consent":{"id":"con_1","given_at":"2026-11-02T09:59:00.000Z","lang":"en",
"subject":"APP-1","subject_source":"page","notice":{"id":"account-opening","version":"1","sha256":"abc"}}}`

func newPartner(t *testing.T) *partner {
	t.Helper()
	p := &partner{verify: answer(200, success)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/siteverify", func(w http.ResponseWriter, r *http.Request) { p.verify(w, r) })
	others := httptest.NewServer(mux)
	t.Cleanup(others.Close)
	handler, err := New(Options{
		Relay:   func() string { return others.URL },
		Secrets: map[string]secret.String{"pk_test_pass": secret.New("sk_test_pass"), "pk_test_expired": secret.New("sk_test_expired")},
		Log:     slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	p.Server = httptest.NewServer(handler)
	t.Cleanup(p.Close)
	return p
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func (p *partner) get(t *testing.T, path string) (*http.Response, string) {
	t.Helper()
	r, err := http.Get(p.URL + path)
	require.NoError(t, err)
	return r, read(t, r)
}

// submit posts the form; pairs replace or add fields.
func (p *partner) submit(t *testing.T, pairs ...string) (int, string) {
	t.Helper()
	form := url.Values{
		"at": {"account"}, "mode": {"hosted"}, "sitekey": {"pk_test_pass"}, "lang": {"hi"}, "theme": {"dark"}, "application": {"APP-1"}, "name": {"Asha <b>Rao</b>"},
		"mobile": {"1"}, "email": {"a@example.com"}, "ekyc-connect-response": {"the-token"},
	}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r, err := http.PostForm(p.URL+"/demo/onboard", form)
	require.NoError(t, err)
	body := read(t, r)
	require.Equal(t, policy, r.Header.Get("Content-Security-Policy"))
	require.NotContains(t, body, "<b>", "what people and servers send is shown as text")
	for _, hidden := range []string{"sk_test", "c4n4ry", "vendor-session", "sealed-handle", "sealed-retry"} {
		require.NotContains(t, body, hidden)
	}
	return r.StatusCode, body
}

func read(t *testing.T, r *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	return string(body)
}

func TestThePlaygroundShowsTheWidgetAsItsChoicesSay(t *testing.T) {
	p := newPartner(t)
	r, body := p.get(t, "/")
	require.Equal(t, 200, r.StatusCode)
	require.Contains(t, body, `<ekyc-connect sitekey="pk_test_pass" purpose="account-opening" theme="auto" mode="inline" subject="APP-`)
	require.Contains(t, body, `<script src="./v1/ekyc-connect.js" async crossorigin>`)
	require.Contains(t, body, `data-width="full"`)
	require.NotContains(t, body, "sk_test")
	require.Contains(t, body, `<option value="hi">हिन्दी</option>`)

	_, body = p.get(t, "/?sitekey=pk_test_expired&lang=hi&theme=dark&mode=hosted&width=280")
	require.Contains(t, body, `<ekyc-connect sitekey="pk_test_expired" purpose="account-opening" theme="dark" mode="hosted" lang="hi" `)
	require.Contains(t, body, `<option value="pk_test_expired" selected>`)
	require.Contains(t, body, `<option value="280" selected>280 px</option>`)
	require.Contains(t, body, `data-theme="dark"`)
	require.Contains(t, body, `<div class="stage" data-width="280">`)
	require.Contains(t, body, `./demo/account?lang=hi&amp;mode=hosted&amp;sitekey=pk_test_expired&amp;theme=dark&amp;width=280`, "the other page keeps the choices")

	_, body = p.get(t, `/?sitekey=pk_live_x&lang="><script>&theme=pink&mode=x&width=1`)
	require.Contains(t, body, `sitekey="pk_test_pass"`)
	require.NotContains(t, body, `"><script>`)
	require.Contains(t, body, `data-theme="auto"`)
	require.Contains(t, body, `mode="inline"`)
}

func TestTheOnboardingFormIsAPartnersPageAndNothingMore(t *testing.T) {
	p := newPartner(t)
	_, body := p.get(t, "/demo/account?sitekey=pk_test_expired&lang=hi&mode=hosted&width=280")
	require.Contains(t, body, `<ekyc-connect sitekey="pk_test_expired" purpose="account-opening" theme="auto" mode="hosted" lang="hi" `)
	require.Equal(t, 1, strings.Count(body, "<script"), "the widget's alone")
	require.Contains(t, body, `<script src="../v1/ekyc-connect.js" async crossorigin>`)
	require.Equal(t, 4, strings.Count(body, "<fieldset"))
	require.NotContains(t, body, `id="chooser"`)
	require.NotContains(t, body, `id="events"`)
	for name, value := range applicant {
		require.Contains(t, body, `name="`+name+`"`)
		require.Contains(t, html.UnescapeString(body), value)
	}
}

func TestNothingOnThePagesIsInline(t *testing.T) {
	p := newPartner(t)
	for _, path := range []string{"/demo/account", "/"} {
		r, body := p.get(t, path)
		require.Equal(t, policy, r.Header.Get("Content-Security-Policy"))
		require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
		for _, inline := range []string{"<style", "style=", "<script>", "onclick", "onchange", "javascript:"} {
			require.NotContains(t, body, inline)
		}
	}
	_, body := p.get(t, "/")
	for path, kind := range map[string]string{
		"/demo/demo.css": "text/css", "/demo/demo.js": "text/javascript", "/demo/icon.svg": "image/svg+xml",
	} {
		require.Contains(t, body, "."+path)
		r, _ := p.get(t, path)
		require.Equal(t, 200, r.StatusCode)
		require.True(t, strings.HasPrefix(r.Header.Get("Content-Type"), kind))
		require.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"))
	}
}

func TestTemplatesAndStrangePathsAreNotServed(t *testing.T) {
	p := newPartner(t)
	for _, path := range []string{"/demo/account.html", "/demo/demo.go", "/demo/absent.css", "/demo/..%2fdemo.go", "/demo/onboard"} {
		r, _ := p.get(t, path)
		require.Equal(t, 404, r.StatusCode, path)
	}
	r, _ := p.get(t, "/other")
	require.Equal(t, 404, r.StatusCode)
}

func TestTheBackEndRedeemsAndShowsWhatItGotButNotWhatGoesOn(t *testing.T) {
	p := newPartner(t)
	var asked []url.Values
	p.verify = func(w http.ResponseWriter, r *http.Request) {
		require.NoError(t, r.ParseForm())
		require.Empty(t, r.Header.Get("Origin"))
		asked = append(asked, maps.Clone(r.PostForm))
		answer(200, success)(w, r)
	}
	status, body := p.submit(t)
	require.Equal(t, 200, status)
	require.Contains(t, body, "Your Aadhaar number")
	for _, line := range []string{`{`, `  "success": true,`, `  "session_id": "•••",`, `  "captcha": "•••",`, `  "transaction_id": "tx-1",`, `  "verification": "•••",`, `    "id": "con_1",`} {
		require.Contains(t, body, strings.ReplaceAll(line, `"`, "&#34;")+"\n", "siteverify's answer, to be read")
	}

	_, _ = p.submit(t)
	_, _ = p.submit(t, "ekyc-connect-response", "another")
	require.Equal(t, "sk_test_pass", asked[0].Get("secret"))
	require.Equal(t, "the-token", asked[0].Get("response"))
	require.Equal(t, "pk_test_pass", asked[0].Get("sitekey"))
	require.Equal(t, "APP-1", asked[0].Get("subject"))
	require.Regexp(t, `^[A-Za-z0-9_-]{16,64}$`, asked[0].Get("idempotency_key"))
	require.Equal(t, asked[0], asked[1], "the same form again is the same redemption")
	require.NotEqual(t, asked[0].Get("idempotency_key"), asked[2].Get("idempotency_key"))
}

func TestEverySentinelHasItsPageAndIsNeverRedeemed(t *testing.T) {
	p := newPartner(t)
	p.verify = func(http.ResponseWriter, *http.Request) { t.Error("redeemed what is no token") }
	for sentinel, title := range map[string]string{
		".declined": "another ID", ".unstarted": "answer the notice first", ".loading": "too quick", ".expired": "Too much time",
		".unreachable": "could not be reached", ".error": "did not work", "": "is missing", ".<b>": "That is no token",
	} {
		status, body := p.submit(t, "ekyc-connect-response", sentinel)
		require.Equal(t, 200, status)
		require.Contains(t, body, title, sentinel)
		require.Contains(t, body, `href="../demo/account?lang=hi&amp;mode=hosted&amp;sitekey=pk_test_pass&amp;theme=dark&amp;width=full"`, "the way back keeps the choices")
	}
}

func TestEveryRefusalOfSiteverifyIsExplained(t *testing.T) {
	p := newPartner(t)
	for code, words := range map[string]string{
		"expired-input-response": "had run out", "already-seen-response": "redeemed before", "consent-withdrawn": "withdrawn",
		"subject-mismatch": "another applicant", "invalid-input-response": "forged", "sitekey-secret-mismatch": "forged",
		"internal-error": "did not redeem it: internal-error",
	} {
		p.verify = answer(200, `{"success":false,"error-codes":["`+code+`"]}`)
		_, body := p.submit(t)
		require.Contains(t, body, words)
		require.Contains(t, body, code)
	}
}

func TestARelayInTroubleIsToldWithoutDetails(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"HTML":       answer(502, "<html>"),
		"no reason":  answer(200, `{"success":false,"error-codes":[]}`),
		"breaks off": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"redirects":  func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "http://elsewhere.invalid/", 307) },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPartner(t)
			p.verify = handler
			status, body := p.submit(t)
			require.Equal(t, 502, status)
			require.Contains(t, body, "try again in a moment")
		})
	}
}

func TestFormsThatCannotBeAreRefused(t *testing.T) {
	p := newPartner(t)
	status, body := p.submit(t, "sitekey", "pk_test_down")
	require.Equal(t, 400, status)
	require.Contains(t, body, "Unknown sitekey")
	status, _ = p.submit(t, "sitekey", "pk_live_x")
	require.Equal(t, 400, status)
	status, body = p.submit(t, "name", strings.Repeat("x", maxForm))
	require.Equal(t, 400, status)
	require.Contains(t, body, "That was no form")
}
