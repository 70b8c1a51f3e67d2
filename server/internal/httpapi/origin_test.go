package httpapi_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/wasm/wire"
)

// wrong are origins that no site of the tests has, however near they come.
var wrong = map[string][]string{
	"none":              nil,
	"empty":             {""},
	"null":              {"null"},
	"two":               {apitest.ShopOrigin, apitest.ShopOrigin},
	"two in one":        {apitest.ShopOrigin + ", " + apitest.ShopOrigin},
	"other scheme":      {"http://shop.example"},
	"default port":      {"https://shop.example:443"},
	"other port":        {"https://shop.example:8443"},
	"no port":           {"https://www.shop.example"},
	"upper case":        {"https://SHOP.example"},
	"a slash":           {"https://shop.example/"},
	"a path":            {"https://shop.example/x"},
	"sub domain":        {"https://evil.shop.example"},
	"suffix":            {"https://notshop.example"},
	"prefix":            {"https://shop.example.evil.example"},
	"trailing dot":      {"https://shop.example."},
	"user":              {"https://shop.example@evil.example"},
	"another site's":    {"https://evil.example"},
	"blank":             {" "},
	"wildcard":          {"*"},
	"scheme in capital": {"HTTPS://shop.example"},
}

func TestAPostOfAPageNeedsOneOfTheSitesOrigins(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	routes := taken(t, r)
	delete(routes, "/v1/tickets")
	calls := r.Vendor.Stats()
	for path, row := range routes {
		for name, origins := range wrong {
			call := row.Call
			call.Path, call.Origin, call.Header = path, "", http.Header{"Origin": origins}
			a := r.Do(t, call)
			require.Equal(t, http.StatusForbidden, a.Status, "%s %s: %s", path, name, a.Body)
			require.Equal(t, wire.OriginNotAllowed, a.Problem(t).Code)
		}
	}
	require.Equal(t, calls, r.Vendor.Stats(), "nobody was called for them")
	for path, row := range routes {
		call := row.Call
		call.Path = path
		a := r.Do(t, call)
		require.Equal(t, row.status, a.Status, "%s: %s", path, a.Body)
		require.Equal(t, apitest.ShopOrigin, a.Header.Get("Access-Control-Allow-Origin"))
		require.Equal(t, "Retry-After, X-Request-Id", a.Header.Get("Access-Control-Expose-Headers"))
		require.Equal(t, []string{"Origin"}, a.Header.Values("Vary"))
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	}
}

func TestAViewWithoutOriginIsForTheRelaysOwnPagesAlone(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	view := func(site string, header http.Header) apitest.Answer {
		return r.Do(t, apitest.Call{Path: "/v1/view?sitekey=" + site + "&purpose=" + apitest.Purpose, Header: header})
	}
	for name, origins := range wrong {
		if origins == nil {
			continue
		}
		a := view(apitest.Shop, http.Header{"Origin": origins})
		require.Equal(t, wire.OriginNotAllowed, a.Problem(t).Code, name)
	}
	for name, row := range map[string]struct {
		site string
		sec  []string
		ok   bool
	}{
		"an old browser":      {apitest.Shop, nil, true},
		"the relay's page":    {apitest.Shop, []string{"same-origin"}, true},
		"typed by hand":       {apitest.Shop, []string{"none"}, false},
		"a neighbour":         {apitest.Shop, []string{"same-site"}, false},
		"another site":        {apitest.Shop, []string{"cross-site"}, false},
		"made up":             {apitest.Shop, []string{"Same-Origin"}, false},
		"both":                {apitest.Shop, []string{"same-origin", "cross-site"}, false},
		"not the site's page": {apitest.Bank, []string{"same-origin"}, false},
		"nor in old browsers": {apitest.Bank, nil, false},
	} {
		a := view(row.site, http.Header{"Sec-Fetch-Site": row.sec})
		if !row.ok {
			require.Equal(t, wire.OriginNotAllowed, a.Problem(t).Code, name)
			continue
		}
		require.Equal(t, http.StatusOK, a.Status, "%s: %s", name, a.Body)
		require.Empty(t, a.Header.Values("Access-Control-Allow-Origin"), "no other page may read it")
		require.Contains(t, a.Header.Values("Vary"), "Origin")
	}
	// With an Origin, that is what counts.
	a := view(apitest.Shop, http.Header{"Origin": {apitest.ShopOrigin2}, "Sec-Fetch-Site": {"cross-site"}})
	require.Equal(t, http.StatusOK, a.Status)
	require.Equal(t, apitest.ShopOrigin2, a.Header.Get("Access-Control-Allow-Origin"))
	require.ElementsMatch(t, []string{"Origin", "Accept-Encoding"}, a.Header.Values("Vary"))
}

func TestAViewNeedsEachParameterOnce(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	for query, code := range map[string]wire.Code{
		"":                              wire.InvalidRequest,
		"sitekey=pk_shop":               wire.InvalidRequest,
		"purpose=account-opening":       wire.InvalidRequest,
		"sitekey=&purpose=x":            wire.InvalidRequest,
		"sitekey=a&sitekey=b&purpose=x": wire.InvalidRequest,
		"sitekey=pk_shop&purpose=x&lang=en&lang=hi": wire.InvalidRequest,
		"sitekey=pk_shop&purpose=%zz":               wire.InvalidRequest,
		"sitekey=pk_shop&purpose=x;y=z":             wire.InvalidRequest,
		"sitekey=pk_nobody&purpose=x":               wire.UnknownSitekey,
		"sitekey=pk_shop&purpose=x":                 wire.UnknownPurpose,
		"sitekey=pk_ticketed&purpose=loan":          wire.UnknownPurpose,
	} {
		a := r.Do(t, apitest.Call{Path: "/v1/view?" + query, Origin: apitest.ShopOrigin})
		require.Equal(t, code, a.Problem(t).Code, query)
	}
	for lang, want := range map[string]string{
		"": "en", "hi": "hi", "hi-IN": "hi", "en": "en", "fr": "en", "x": "en", "%00": "en", "..%2F": "en", strings.Repeat("a", 4000): "en",
	} {
		a := r.Do(t, apitest.Call{Path: "/v1/view?sitekey=pk_shop&purpose=account-opening&lang=" + lang, Origin: apitest.ShopOrigin})
		require.Equal(t, http.StatusOK, a.Status, lang)
		var shown apitest.Shown
		a.Into(t, &shown)
		require.Equal(t, want, shown.Notice.Lang, lang)
	}
	a := r.Do(t, apitest.Call{Path: "/v1/view?sitekey=pk_shop&purpose=account-opening", Origin: apitest.ShopOrigin,
		Header: http.Header{"Accept-Language": {"hi-IN,hi;q=0.9,en;q=0.8"}}})
	require.Contains(t, string(a.Body), `"lang":"hi"`)
}

// Monitoring in a page adds headers of its own to every request.
func TestAPreflightAllowsTheHeadersThatAreAskedFor(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	for asked, allowed := range map[string]string{
		"":                                    "Content-Type",
		"content-type":                        "Content-Type",
		"content-type,traceparent,tracestate": "Content-Type, traceparent, tracestate",
		"sentry-trace, baggage":               "Content-Type, sentry-trace, baggage",
		"x y, newrelic, ä, :a,,":              "Content-Type, newrelic",
	} {
		a := r.Do(t, apitest.Call{Method: http.MethodOptions, Path: "/v1/sessions", Origin: apitest.ShopOrigin, Header: http.Header{
			"Access-Control-Request-Method": {"POST"}, "Access-Control-Request-Headers": {asked}}})
		require.Equal(t, http.StatusNoContent, a.Status)
		require.Equal(t, allowed, a.Header.Get("Access-Control-Allow-Headers"), asked)
	}
}

func TestPreflightsAreAnsweredOnBrowserRoutesAlone(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	for _, path := range []string{"/v1/view", "/v1/sessions", "/v1/declines", "/v1/captchas", "/v1/answers", "/v1/ekyc-connect.js", "/v1/ekyc-connect.d.ts", "/v1/integrity.json"} {
		a := r.Do(t, apitest.Call{Method: http.MethodOptions, Path: path, Header: http.Header{
			"Origin": {apitest.ShopOrigin}, "Access-Control-Request-Method": {"POST"}, "Access-Control-Request-Headers": {"content-type"}}})
		require.Equal(t, http.StatusNoContent, a.Status, path)
		require.Empty(t, a.Body)
		require.Equal(t, "86400", a.Header.Get("Access-Control-Max-Age"))
		require.Contains(t, []string{"*", apitest.ShopOrigin}, a.Header.Get("Access-Control-Allow-Origin"))
		require.Contains(t, a.Header.Get("Access-Control-Allow-Methods"), "POST")
		require.Equal(t, "content-type", strings.ToLower(a.Header.Get("Access-Control-Allow-Headers")))
		require.Empty(t, a.Header.Values("Access-Control-Allow-Credentials"))
	}
	for _, path := range []string{"/v1/tickets", "/v1/consents", "/v1/consents/x"} {
		a := r.Do(t, apitest.Call{Method: http.MethodOptions, Path: path, Origin: apitest.ShopOrigin})
		require.Equal(t, wire.MethodNotAllowed, a.Problem(t).Code, path)
		require.Empty(t, a.Header.Values("Access-Control-Max-Age"))
	}
}

func TestPartnerRoutesAreForBackEndsWithTheirSecret(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	id := r.Begin(t, r.Decision(t, apitest.Shop)).Consent.ID
	secret := apitest.Secret(apitest.Shop)
	for name, call := range map[string]apitest.Call{
		"ticket":     {Path: "/v1/tickets", JSON: M{}},
		"by subject": {Path: "/v1/consents?subject=s"},
		"by id":      {Path: "/v1/consents/" + id},
	} {
		for what, authorization := range map[string][]string{
			"none": nil, "empty": {""}, "no scheme": {secret}, "basic": {"Basic " + secret}, "no secret": {"Bearer"}, "blank secret": {"Bearer  "},
			"wrong": {"Bearer " + secret + "x"}, "cut": {"Bearer " + secret[:len(secret)-1]}, "sitekey": {"Bearer " + apitest.Shop},
			"a sealed value": {"Bearer " + r.View(t, apitest.Shop).Presentation}, "upper case": {"Bearer " + strings.ToUpper(secret)},
		} {
			bad := call
			bad.Header = http.Header{"Authorization": authorization}
			a := r.Do(t, bad)
			require.Equal(t, http.StatusUnauthorized, a.Status, "%s, %s", name, what)
			require.Equal(t, wire.Unauthorized, a.Problem(t).Code)
			require.Equal(t, "Bearer", a.Header.Get("WWW-Authenticate"))
		}
		for _, origin := range []string{apitest.ShopOrigin, "null", "https://evil.example", ""} {
			bad := call
			bad.Secret, bad.Header = secret, http.Header{"Origin": {origin}}
			a := r.Do(t, bad)
			require.Equal(t, http.StatusForbidden, a.Status)
			require.Equal(t, wire.OriginNotAllowed, a.Problem(t).Code, name)
		}
		for _, good := range []string{"Bearer " + secret, "bearer " + secret, "Bearer old-" + secret} {
			call.Header = http.Header{"Authorization": {good}}
			a := r.Do(t, call)
			require.Less(t, a.Status, 300, "%s: %s", name, a.Body)
			require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
			for header := range a.Header {
				require.False(t, strings.HasPrefix(header, "Access-Control-"), header)
			}
		}
	}
}

func TestViewsAreServedInTheCodingThatIsAskedFor(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	query := url.Values{"sitekey": {apitest.Shop}, "purpose": {apitest.Purpose}}
	for accept, coding := range map[string]string{"": "", "br": "br", "gzip": "gzip", "gzip, deflate, br": "br", "identity": "", "br;q=0, gzip": "gzip", "deflate\ngzip": "gzip"} {
		a := r.Do(t, apitest.Call{Path: "/v1/view?" + query.Encode(), Origin: apitest.ShopOrigin, Header: http.Header{"Accept-Encoding": strings.Split(accept, "\n")}})
		require.Equal(t, http.StatusOK, a.Status)
		require.Equal(t, coding, a.Header.Get("Content-Encoding"), accept)
		var shown apitest.Shown
		a.Body = decoded(t, a)
		a.Into(t, &shown)
		require.NotEmpty(t, shown.View)
	}
}
