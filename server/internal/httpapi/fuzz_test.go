package httpapi_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/httpapi/apitest"
)

// handled sends a request to the routes without a network.
func handled(h http.Handler, method, path, query, origin string, body []byte) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, bytes.NewReader(body))
	request.URL.RawQuery = query
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Origin", origin)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request)
	return w
}

// holdFuzzed is what holds of every answer, whatever was asked.
func holdFuzzed(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	require.Less(t, w.Code, 500, "%s", w.Body)
	require.Len(t, w.Header().Get("X-Request-Id"), 24)
	if w.Code >= 400 {
		require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
		require.Contains(t, w.Body.String(), `"code":"`)
	}
}

// FuzzDecode sends any body to every browser route: none succeeds by chance, and
// none is an internal error.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, `[]`, `{"session":"a.b.c.d.e","answer":"abc"}`, `{"sitekey":"pk_shop","purpose":"account-opening","presentation":"x","notice_sha256":"x","idempotency_key":"0123456789abcdef"}`,
		`{"SESSION":"x"}`, `{"session":"x","session":"y"}`, `{"session":"x"}{}`, "{\"session\":\"\xff\"}", `{"answer":123456789012}`, `{"client":{"channel":"widget","version":"1","build":"x"}}`,
		strings.Repeat(`{"a":`, 200), `{"subject":"234567890124","actor":"guardian","ticket":"t"}`, "\ufeff{}", `{"session":"\ud800"}`,
	} {
		f.Add([]byte(seed))
	}
	r := apitest.New(f)
	r.Log.Drop()
	h := r.API.Handler()
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, path := range []string{"/v1/sessions", "/v1/declines", "/v1/captchas", "/v1/answers"} {
			w := handled(h, http.MethodPost, path, "", apitest.ShopOrigin, body)
			holdFuzzed(t, w)
			require.GreaterOrEqual(t, w.Code, 400)
		}
		require.Zero(t, r.Vendor.Stats().Connect)
	})
}

// FuzzViewQuery asks for a view with any query and language.
func FuzzViewQuery(f *testing.F) {
	for _, seed := range []string{
		"sitekey=pk_shop&purpose=account-opening", "sitekey=pk_shop&purpose=account-opening&lang=hi", "sitekey=pk_shop&sitekey=pk_bank&purpose=x", "", "%zz", "a;b",
		"sitekey=pk_shop&purpose=account-opening&lang=234567890124", "sitekey=pk_shop&purpose=account-opening&lang=zh-Hant-TW-x-a-very-long-private-use", "sitekey=%00&purpose=%ff",
	} {
		f.Add(seed, "en")
		f.Add(seed, "hi;q=0.1, *;q=1e9,,-")
	}
	r := apitest.New(f)
	r.Log.Drop()
	h := r.API.Handler()
	f.Fuzz(func(t *testing.T, query, accept string) {
		request := httptest.NewRequest(http.MethodGet, "/v1/view", nil)
		request.URL.RawQuery = query
		request.Header.Set("Origin", apitest.ShopOrigin)
		request.Header.Set("Accept-Language", accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request)
		holdFuzzed(t, w)
		if w.Code == http.StatusOK {
			require.Contains(t, w.Body.String(), `"presentation":"`)
		}
	})
}

// FuzzRedeem asks siteverify anything in any media type.
func FuzzRedeem(f *testing.F) {
	for _, media := range []string{"application/json", "application/x-www-form-urlencoded", "text/plain", "application/json; charset", ""} {
		for _, body := range []string{`{"secret":"x","response":"y"}`, "secret=x&response=y&peek=true", "secret=x&secret=y", `{"peek":"yes"}`, `[]`, "%zz"} {
			f.Add(media, []byte(body))
		}
	}
	r := apitest.New(f)
	r.Log.Drop()
	h := r.API.Handler()
	f.Fuzz(func(t *testing.T, media string, body []byte) {
		request := httptest.NewRequest(http.MethodPost, "/v1/siteverify", bytes.NewReader(body))
		request.Header["Content-Type"] = []string{media}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request)
		require.Less(t, w.Code, 500)
		require.Contains(t, w.Body.String(), `{"success":false,"error-codes":["`)
	})
}

var scripts = regexp.MustCompile("(?i)<script")

// FuzzHosted opens the hosted page with any address and sends it any form: the page
// is never an internal error, leads nowhere that is not the site's, and brings no
// script but its own.
func FuzzHosted(f *testing.F) {
	const begin = "sitekey=pk_shop&purpose=account-opening&origin=https://shop.example"
	for _, query := range []string{
		begin, begin + "&lang=hi&state=0123456789abcdef", begin + "&state=0123456789abcdef&return=https%3A%2F%2Fshop.example%2Fconsent%3Fstep%3D2%26x%3D%2541",
		begin + "&return=https://evil.example/&state=0123456789abcdef", begin + "&lang=%ff&subject=%3Cscript%3E", begin + "&origin=https://evil.example",
		"sitekey=pk_shop&purpose=account-opening&origin=https://shop.example%3B+script-src+*", begin + "&ticket=a.b.c.d.e", "%zz", "a;b", begin + "&subject=x&ticket=y",
	} {
		f.Add(query, "do=agree&hosted=a.b.c.d.e", "en")
		f.Add(query, "do=answer&answer=%00&session=x&hosted=", "x,*;q=2")
	}
	r := apitest.New(f)
	r.Log.Drop()
	own, h := r.URL, r.API.Handler()
	f.Fuzz(func(t *testing.T, query, form, accept string) {
		get := httptest.NewRequest(http.MethodGet, "/v1/hosted", nil)
		get.URL.RawQuery = query
		post := httptest.NewRequest(http.MethodPost, "/v1/hosted", strings.NewReader(form))
		post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		post.Header.Set("Origin", own)
		for _, request := range []*http.Request{get, post} {
			request.Header.Set("Accept-Language", accept)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, request)
			require.Less(t, w.Code, 500, "%s", w.Body)
			require.Empty(t, w.Header().Get("Location"))
			_, leads, ok := strings.Cut(w.Header().Get("Content-Security-Policy"), "form-action ")
			require.True(t, ok)
			require.Subset(t, []string{"'self'", apitest.ShopOrigin, "https:"}, strings.Fields(leads))
			require.LessOrEqual(t, len(scripts.FindAll(w.Body.Bytes(), 2)), 1)
		}
		require.Zero(t, r.Vendor.Stats().Connect)
	})
}
