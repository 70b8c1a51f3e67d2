package hosted_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/httpapi/apitest"
)

func TestThePageLeadsNowhereButToRegisteredPlaces(t *testing.T) {
	r := apitest.New(t)
	for _, to := range []string{
		"https://evil.example/", apitest.ShopReturn + "&", apitest.ShopReturn + "#", strings.Replace(apitest.ShopReturn, "%41", "A", 1), "//shop.example/consent",
		"javascript:alert(1)", "https://shop.example/consent", strings.ToUpper(apitest.ShopReturn), "https://shop.example@evil.example/",
	} {
		s := open(t, r, address("return", to))
		require.Equal(t, http.StatusBadRequest, s.Status, to)
		require.NotContains(t, s.text, "evil.example")
		require.Empty(t, s.find("method", "post"))
		require.Empty(t, s.Header.Get("Location"))
	}
	other := open(t, r, address("sitekey", apitest.Bank, "origin", apitest.BankOrigin))
	require.Equal(t, http.StatusBadRequest, other.Status, "another site's URL is nobody else's")
	for _, origin := range []string{"", "https://evil.example", "null", apitest.ShopOrigin + "/", apitest.BankOrigin, "https://SHOP.example", "*"} {
		s := open(t, r, address("origin", origin))
		require.Equal(t, http.StatusForbidden, s.Status, origin)
		require.NotContains(t, s.text, "evil.example")
		require.Empty(t, s.find("method", "post"))
	}
}

func TestThePageIsNeverInAFrameAndItsHeadersAreTight(t *testing.T) {
	r := apitest.New(t)
	first := open(t, r, address())
	pages := []*browserPage{
		first, first.press("agree"), first.press("agree").press("submit", "answer", "abc12"), first.press("decline"),
		open(t, r, address("sitekey", apitest.Down, "return", "")).press("agree"), open(t, r, "/v1/hosted"), first.send(url.Values{}),
	}
	for _, s := range pages {
		h := s.Header
		for name, want := range map[string]string{
			"X-Frame-Options": "DENY", "Referrer-Policy": "strict-origin", "Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow",
		} {
			require.Equal(t, []string{want}, h.Values(name))
		}
		require.Empty(t, h.Values("Cross-Origin-Opener-Policy"), "the opener waits for the answer")
		require.Empty(t, h.Values("Access-Control-Allow-Origin"))
		policy := h.Values("Content-Security-Policy")
		require.Len(t, policy, 1)
		for _, want := range []string{"default-src 'none';", "frame-ancestors 'none';", "base-uri 'none';", "img-src data:;", "form-action 'self'"} {
			require.Contains(t, policy[0], want)
		}
		require.NotContains(t, policy[0], "unsafe")
		for tag, directive := range map[string]string{"style": "style-src", "script": "script-src"} {
			_, body, _ := strings.Cut(s.text, "<"+tag)
			_, body, _ = strings.Cut(body, ">")
			body, _, _ = strings.Cut(body, "</"+tag+">")
			sum := sha256.Sum256([]byte(body))
			require.Contains(t, policy[0], directive+" 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"';")
			require.Equal(t, 1, strings.Count(s.text, "<"+tag))
		}
		require.NotRegexp(t, `(?i)<[a-z]+[^>]* (style|on[a-z]+)=`, s.text)
	}
	require.Regexp(t, `form-action 'self' https:$`, first.Header.Get("Content-Security-Policy"))
}

// Engines hold a form's redirects against the policy: what the handler of a return URL
// may redirect to stands in it, and nothing for a page that sends no form there.
func TestThePolicyLetsTheReturnHandlerRedirectToHTTPSAndTheSitesApps(t *testing.T) {
	for _, row := range []struct{ returns, origin, want string }{
		{apitest.ShopReturn, apitest.ShopOrigin, "'self' https: bankapp: com.bank.app:"},
		{"", apitest.ShopOrigin, "'self'"},
		{"http://localhost:3000/back", "http://127.0.0.1:4000", "'self' https: http://localhost:3000 http://127.0.0.1:4000 bankapp: com.bank.app:"},
		{"http://[::1]:3000/back", apitest.ShopOrigin, "'self' https: http: bankapp: com.bank.app:"},
	} {
		r := apitest.New(t, func(c *config.Config) {
			for i := range c.Sites {
				c.Sites[i].AppSchemes = []config.AppScheme{"bankapp", "com.bank.app"}
				c.Sites[i].ReturnURLs = append(c.Sites[i].ReturnURLs, "http://localhost:3000/back", "http://[::1]:3000/back")
				c.Sites[i].Origins = append(c.Sites[i].Origins, "http://127.0.0.1:4000")
			}
		})
		s := open(t, r, address("return", row.returns, "origin", row.origin))
		require.Equal(t, http.StatusOK, s.Status, s.text)
		_, action, _ := strings.Cut(s.Header.Get("Content-Security-Policy"), "form-action ")
		require.Equal(t, row.want, action)
	}
}

func TestAFormOfAnotherSiteDoesNothing(t *testing.T) {
	r := apitest.New(t)
	s := open(t, r, address("subject", "victim"))
	for _, part := range []string{"agree", "decline"} {
		_, _, fields := s.form(s.part(part))
		for _, origin := range []string{"", "null", "https://evil.example", apitest.ShopOrigin, r.URL + "0", r.URL + "/"} {
			refused := read(t, r, r.Do(t, apitest.Call{Path: "/v1/hosted", Form: fields, Origin: origin}))
			require.Equal(t, http.StatusForbidden, refused.Status, origin)
			require.Empty(t, refused.find("method", "post"))
		}
		two := http.Header{"Origin": {r.URL, "https://evil.example"}}
		require.Equal(t, http.StatusForbidden, r.Do(t, apitest.Call{Path: "/v1/hosted", Form: fields, Header: two}).Status)
	}
	require.Zero(t, r.Entries(t, apitest.Shop, "victim"))
}

// Login CSRF: an attacker must not be able to end his own visit in the victim's
// form. The answer carries the state that the victim's page chose, to the
// victim's page alone.
func TestTheAnswerCarriesTheStateOfItsOwnVisitAlone(t *testing.T) {
	r := apitest.New(t)
	for _, bad := range []string{"short", strings.Repeat("x", 15), strings.Repeat("x", 129), "state with blanks 0123", "state-of-this-visit\"", "st-234123412346-"} {
		require.Equal(t, http.StatusBadRequest, open(t, r, address("state", bad)).Status, bad)
	}
	require.Equal(t, http.StatusBadRequest, open(t, r, address("state", "")).Status, "return needs state")
	require.Equal(t, http.StatusBadRequest, open(t, r, address()+"&state="+state).Status, "twice")

	attacker := open(t, r, address("state", "state-of-the-attacker"))
	done := attacker.press("agree").press("submit", "answer", "abc12").on("panel-done")
	_, fields := done.back()
	require.Equal(t, "state-of-the-attacker", fields.Get("state"))
	script := done.find("data-origin", apitest.ShopOrigin)
	require.Len(t, script, 1)
	require.Equal(t, "state-of-the-attacker", attr(script[0], "data-state"))

	// What was sealed for one visit cannot be changed into another's.
	_, _, sealed := attacker.form(attacker.part("agree"))
	for name := range sealed {
		if name == "do" {
			continue
		}
		changed := url.Values{}
		for k, v := range sealed {
			changed[k] = v
		}
		value := sealed.Get(name)
		changed.Set(name, value[:len(value)-5]+"AAAAA")
		s := attacker.send(changed)
		require.GreaterOrEqual(t, s.Status, 400, name)
		s.on("panel-error")
	}
}

func TestASessionOfAnotherOriginIsRefused(t *testing.T) {
	r := apitest.New(t)
	stolen := r.Begin(t, r.Decision(t, apitest.Bank)).Session
	s := open(t, r, address()).press("agree")
	_, _, fields := s.form(s.part("submit"))
	fields.Set("answer", "abc12")
	fields.Set("session", stolen)
	require.Equal(t, http.StatusForbidden, s.send(fields).on("panel-error").Status)
}

func TestWhatIsNotAFormOfThePageIsRefused(t *testing.T) {
	r := apitest.New(t)
	s := open(t, r, address())
	_, _, good := s.form(s.part("agree"))
	for name, c := range map[string]struct {
		call   apitest.Call
		status int
	}{
		"json":       {apitest.Call{JSON: `{"do":"agree"}`}, http.StatusUnsupportedMediaType},
		"large":      {apitest.Call{Form: url.Values{"hosted": {strings.Repeat("x", 17<<10)}}}, http.StatusRequestEntityTooLarge},
		"twice":      {apitest.Call{Form: url.Values{"hosted": {"a", "b"}}}, http.StatusBadRequest},
		"empty":      {apitest.Call{Form: url.Values{}}, http.StatusBadRequest},
		"not sealed": {apitest.Call{Form: url.Values{"hosted": {"x"}, "do": {"agree"}}}, http.StatusBadRequest},
		"no step":    {apitest.Call{Form: url.Values{"hosted": good["hosted"], "do": {"steal"}}}, http.StatusBadRequest},
		"no session": {apitest.Call{Form: url.Values{"hosted": good["hosted"], "do": {"answer"}, "answer": {"abc"}}}, http.StatusBadRequest},
		"no notice":  {apitest.Call{Form: url.Values{"hosted": good["hosted"], "do": {"agree"}}}, http.StatusBadRequest},
		"a session":  {apitest.Call{Form: url.Values{"hosted": {r.Begin(t, r.Decision(t, apitest.Shop)).Session}, "do": {"agree"}}}, http.StatusBadRequest},
	} {
		c.call.Path, c.call.Origin = "/v1/hosted", r.URL
		require.Equal(t, c.status, read(t, r, r.Do(t, c.call)).Status, name)
	}
}

func TestWhatTheAddressSaysIsTextNeverMarkup(t *testing.T) {
	r := apitest.New(t)
	nasty := `"><script>alert(1)</script>`
	for _, name := range []string{"subject", "lang", "ticket", "state", "origin", "return", "purpose", "sitekey"} {
		s := open(t, r, address(name, nasty))
		require.NotContains(t, s.text, "<script>alert", name)
	}
	bad := r.Do(t, apitest.Call{Path: "/v1/hosted?sitekey=%zz"})
	require.Equal(t, http.StatusBadRequest, bad.Status)
	for _, subject := range []string{strings.Repeat("x", 129), "a\u0000b"} {
		require.Equal(t, http.StatusBadRequest, open(t, r, address("subject", subject)).Status)
	}
	require.Equal(t, http.StatusUnprocessableEntity, open(t, r, address("subject", "1234 5678 9012")).Status)
	require.Equal(t, http.StatusBadRequest, open(t, r, address("subject", "x", "ticket", "y")).Status)
}

// Nothing of the vendor's, no letters and no sealed value get to where they do
// not belong.
func TestNoSecretIsInAPageAnAddressOrTheLog(t *testing.T) {
	r := apitest.New(t)
	const letters, subject = "cAnArY-7Tz", "canary-subject-8Qd2"
	s := open(t, r, address("subject", subject)).press("agree").press("reload").on("panel-captcha")
	wrong := s.press("submit", "answer", letters+letters).on("panel-captcha")
	done := wrong.press("submit", "answer", letters).on("panel-done")
	require.NotEmpty(t, r.Vendor.SessionIDs())
	log := r.Logged()
	for _, a := range r.Answers {
		for _, id := range append(r.Vendor.SessionIDs(), letters) {
			require.NotContains(t, string(a.Body), id, a.Path)
			require.NotContains(t, a.Path, id)
		}
		if strings.HasPrefix(a.Path, "/v1/hosted") && a.Method == http.MethodPost {
			require.Equal(t, "/v1/hosted", a.Path, "no sealed value in an address")
			require.NotRegexp(t, regexp.MustCompile(`(?i)location`), a.Header)
		}
	}
	for _, id := range append(r.Vendor.SessionIDs(), letters, subject, state, attr(done.find("name", "hosted")[0], "value")) {
		require.NotContains(t, log, id)
	}
}
