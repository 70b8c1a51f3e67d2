package httpapi_test

import (
	"crypto/sha512"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/wasm/wire"
)

// fragment asks for one as the shop's back end.
func fragment(t *testing.T, r *apitest.Relay, query string) apitest.Answer {
	t.Helper()
	return r.Do(t, apitest.Call{Path: "/v1/fragments?" + query, Secret: apitest.Secret(apitest.Shop)})
}

func TestAFragmentIsTheElementWithItsPaintedNotice(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	a := fragment(t, r, "purpose="+apitest.Purpose+"&lang=hi-IN&required=true&disabled=false&theme=dark&name="+url.QueryEscape(`a"><b`))
	require.Equal(t, http.StatusOK, a.Status, "%s", a.Body)
	require.Equal(t, "text/html; charset=utf-8", a.Header.Get("Content-Type"))
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	require.Equal(t, a.Body, fragment(t, r, a.Path[len("/v1/fragments?"):]).Body, "it may be kept like any text")

	body := string(a.Body)
	require.True(t, strings.HasPrefix(body, `<ekyc-connect lang="hi" name="a&#34;&gt;&lt;b" purpose="`+apitest.Purpose+`" required sitekey="`+apitest.Shop+`" theme="dark"><template shadowrootmode="open"><style>`), "%.300s", body)
	require.True(t, strings.HasSuffix(body, "</template></ekyc-connect>\n"))
	for _, of := range []string{"presentation", "ticket", "subject"} {
		require.NotContains(t, body, of+`=`)
	}
	root, err := html.Parse(strings.NewReader(body))
	require.NoError(t, err)
	var style, notice, link string
	for n := range root.Descendants() {
		switch {
		case n.Data == "style":
			style = n.FirstChild.Data
		case attribute(n, "part") == "panel-notice":
			notice = attribute(n, "data-part")
		case n.Data == "noscript":
			link = n.FirstChild.Data
		}
	}
	require.Equal(t, "panel-notice", notice)
	require.Contains(t, link, r.URL+"/v1/hosted?lang=hi&amp;purpose="+apitest.Purpose+"&amp;sitekey="+apitest.Shop)

	var pinned struct {
		Style string `json:"style"`
	}
	r.Do(t, apitest.Call{Path: "/v1/integrity.json"}).Into(t, &pinned)
	sum := sha512.Sum384([]byte(style))
	require.Equal(t, "sha384-"+base64.StdEncoding.EncodeToString(sum[:]), pinned.Style, "a page's policy may name it")

	a = fragment(t, r, "purpose="+apitest.Purpose+"&lang=en&nonce=b2s%2F-_%2B1%3D%3D")
	require.Contains(t, string(a.Body), `<style nonce="b2s/-_&#43;1==">`)
}

func TestTheLinkOfAFragmentOpensThePageForPagesOfTheSiteAlone(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	_, link, there := strings.Cut(string(fragment(t, r, "purpose="+apitest.Purpose+"&lang=hi").Body), `<noscript><p><a href="`+r.URL)
	require.True(t, there)
	link, rest, _ := strings.Cut(link, `"`)
	require.True(t, strings.HasPrefix(rest, ` referrerpolicy="strict-origin">`), "a page that sends none would have no way")
	for referer, want := range map[string]int{
		apitest.ShopOrigin + "/":               http.StatusOK, // as browsers send it from another origin
		apitest.ShopOrigin + "/account?open=1": http.StatusOK,
		apitest.BankOrigin + "/":               http.StatusForbidden,
		apitest.ShopOrigin + ".evil.example/":  http.StatusForbidden,
		"":                                     http.StatusForbidden,
		"about:blank":                          http.StatusForbidden,
		"%":                                    http.StatusForbidden,
	} {
		a := r.Do(t, apitest.Call{Path: html.UnescapeString(link), Header: http.Header{"Referer": {referer}}})
		require.Equal(t, want, a.Status, referer)
		if want == http.StatusOK {
			require.Contains(t, string(a.Body), `name="origin" value="`+apitest.ShopOrigin+`"`)
		}
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func TestAFragmentIsRefusedWithWordsThatSayWhatToDo(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	const good = "purpose=" + apitest.Purpose + "&lang=en"
	for query, want := range map[string]struct {
		status int
		code   wire.Code
		says   string
	}{
		"purpose=" + apitest.Purpose: {400, wire.InvalidRequest, "purpose and lang"},
		"lang=en":                    {400, wire.InvalidRequest, "purpose and lang"},
		"purpose=other&lang=en":      {400, wire.UnknownPurpose, "no purpose of this name"},
		good + "&lang=hi":            {400, wire.InvalidRequest, "lang more than once"},
		good + "&colour=red":         {400, wire.InvalidRequest, "theme"},
		good + "&onload=x":           {400, wire.InvalidRequest, "theme"},
		good + "&theme=blue":         {400, wire.InvalidRequest, "theme is one of auto, light, dark, contrast"},
		good + "&required=maybe":     {400, wire.InvalidRequest, "required is one of"},
		good + "&ticket=x":           {400, wire.InvalidRequest, "ticket is of one visitor"},
		good + "&subject=x":          {400, wire.InvalidRequest, "subject is of one visitor"},
		good + "&nonce=%22%3E":       {400, wire.InvalidRequest, "nonce"},
		good + "&sitekey=pk_bank":    {400, wire.InvalidRequest, "sitekey is not that of the secret's site"},
		good + "&a=%zz":              {400, wire.InvalidRequest, "does not parse"},
	} {
		a := fragment(t, r, query)
		p := a.Problem(t)
		require.Equal(t, want.status, a.Status, query)
		require.Equal(t, want.code, p.Code, query)
		require.Contains(t, p.Detail, want.says, query)
	}
	a := r.Do(t, apitest.Call{Path: "/v1/fragments?" + good})
	require.Equal(t, http.StatusUnauthorized, a.Status)
	a = r.Do(t, apitest.Call{Path: "/v1/fragments?" + good, Secret: apitest.Secret(apitest.Shop), Origin: apitest.ShopOrigin})
	require.Equal(t, http.StatusForbidden, a.Status)
}

func TestASiteHasSixHundredFragmentsAMinuteWhereverItAsksFrom(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	site := r.Core.Sites.BySecret(apitest.Secret(apitest.Shop))
	for range 599 {
		_, err := r.Core.Fragment(site, apitest.Purpose, "en")
		require.NoError(t, err)
	}
	const query = "purpose=" + apitest.Purpose + "&lang=en"
	require.Equal(t, http.StatusOK, fragment(t, r, query).Status)
	a := fragment(t, r, query)
	require.Equal(t, wire.RateLimited, a.Problem(t).Code)
	require.Equal(t, "1", a.Header.Get("Retry-After"))
	a = r.Do(t, apitest.Call{Path: "/v1/fragments?" + query, Secret: apitest.Secret(apitest.Bank)})
	require.Equal(t, http.StatusOK, a.Status, "another site has its own")
}

func TestAPageThatHasTheNoticeGetsNoView(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	shown := r.View(t, apitest.Shop)
	for have, want := range map[string]bool{shown.Notice.SHA256: false, strings.Repeat("0", 64): true, "": true} {
		a := r.Do(t, apitest.Call{Path: "/v1/view?sitekey=" + apitest.Shop + "&purpose=" + apitest.Purpose + "&have=" + have, Origin: apitest.ShopOrigin})
		var got apitest.Shown
		a.Into(t, &got)
		require.Equal(t, want, got.View != nil, have)
		require.Equal(t, shown.Notice, got.Notice)
		require.NotEqual(t, shown.Presentation, got.Presentation)
	}
	a := r.Do(t, apitest.Call{Path: "/v1/view?sitekey=" + apitest.Shop + "&purpose=" + apitest.Purpose + "&have=a&have=b", Origin: apitest.ShopOrigin})
	require.Equal(t, wire.InvalidRequest, a.Problem(t).Code)
}
