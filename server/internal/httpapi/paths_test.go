package httpapi_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/wasm/wire"
	"ekycconnect/web"
)

func TestUnknownPathsAreProblems(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	for _, path := range []string{
		"/", "/v1", "/v1/", "/v2/view", "/v1/view/", "/v1/views", "/V1/view", "/v1/sessions/x", "/favicon.ico", "/metrics", "/demo/",
		"/v1//view", "//v1/view", "/v1/./view", "/v1/x/../view", "/v1/%2e%2e/view", "/v1%2Fview", "/.env", "/v1/consents/a/b", "/v1/notices",
		"/v1/log", "/v1/log/tile", "/v1/log/tile/", "/v1/assets/x/y", "/v1/assets/x/ekyc-connect.wasm", "/%00", "/%ff",
		"/v1/notices/" + strings.Repeat("0", 64), "/v1/notices/x", "/v1/notices/%00", "/v1/notices/" + strings.Repeat("A", 5000),
	} {
		for _, query := range []string{"", "?sitekey=x&subject=234123412346"} {
			a := r.Do(t, apitest.Call{Path: path + query})
			require.Equal(t, http.StatusNotFound, a.Status, path)
			require.Equal(t, wire.NotFound, a.Problem(t).Code, path)
			require.Empty(t, a.Header.Values("Location"))
		}
	}
	a := r.Do(t, apitest.Call{Path: "/v1//sessions", Origin: apitest.ShopOrigin, JSON: r.Decision(t, apitest.Shop)})
	require.Equal(t, http.StatusNotFound, a.Status)
}

func TestWrongMethodsAreProblemsThatNameTheRightOnes(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	for path, methods := range r.API.Served() {
		if path == "/" || path == "/v1/siteverify" {
			continue
		}
		at := strings.NewReplacer("{id}", "x", "{sha256}", "x", "{hash}", "x", "{name}", "x", "{path}", "x").Replace(path)
		for _, method := range []string{"GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "OPTIONS", "get", strings.Repeat("X", 200)} {
			allowed := " " + strings.Join(methods, " ") + " "
			if strings.Contains(allowed, " "+method+" ") {
				continue
			}
			a := r.Do(t, apitest.Call{Method: method, Path: at})
			require.Equal(t, http.StatusMethodNotAllowed, a.Status, "%s %s", method, path)
			require.Equal(t, wire.MethodNotAllowed, a.Problem(t).Code)
			require.Equal(t, strings.Join(methods, ", "), a.Header.Get("Allow"))
		}
	}
}

func TestHeadIsGetWithoutABody(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	sum := r.View(t, apitest.Shop).Notice.SHA256
	for path, status := range map[string]int{
		"/healthz": 200, "/readyz": 200, "/v1/openapi.json": 200, "/v1/notices/" + sum: 200, "/v1/integrity.json": 200, "/v1/notices/x": 404, "/x": 404,
		"/v1/view?sitekey=pk_shop&purpose=account-opening": 200, "/v1/sessions": 405,
	} {
		a := r.Do(t, apitest.Call{Method: http.MethodHead, Path: path})
		require.Equal(t, status, a.Status, path)
		require.Empty(t, a.Body)
		if status != 405 {
			require.Empty(t, a.Header.Values("Allow"), path)
		}
	}
}

// A public URL may carry a path; a proxy may pass it on or strip it.
func TestAPublicURLMayCarryAPath(t *testing.T) {
	t.Parallel()
	_, err := web.Load()
	require.NoError(t, err)
	for _, public := range []string{"https://relay.example/ekyc", "https://relay.example/a/b"} {
		r := apitest.New(t, func(c *config.Config) { c.PublicURL = public })
		_, prefix, _ := strings.Cut(strings.TrimPrefix(public, "https://"), "/")
		prefix = "/" + prefix
		view := "/v1/view?sitekey=pk_shop&purpose=account-opening"
		for _, path := range []string{view, prefix + view} {
			require.Equal(t, 200, r.Do(t, apitest.Call{Path: path, Origin: apitest.ShopOrigin}).Status, path)
		}
		a := r.Do(t, apitest.Call{Path: prefix + "/v1/sessions", Origin: apitest.ShopOrigin, JSON: r.Decision(t, apitest.Shop)})
		require.Equal(t, 201, a.Status)
		for _, path := range []string{prefix, prefix + "x/v1/view", prefix + "/", prefix + prefix + "/v1/view", "/%65kyc/v1/view", prefix + "/../v1/view", prefix + "//v1/view"} {
			a := r.Do(t, apitest.Call{Path: path})
			require.Equal(t, wire.NotFound, a.Problem(t).Code, path)
		}
		var pinned web.Integrity
		r.Do(t, apitest.Call{Path: "/v1/integrity.json"}).Into(t, &pinned)
		require.True(t, strings.HasPrefix(pinned.Files.Loader.URL, prefix+"/v1/assets/"))
		// A view without Origin is the relay's own page's, which is no page of Shop here.
		require.Equal(t, wire.OriginNotAllowed, r.Do(t, apitest.Call{Path: view}).Problem(t).Code)
	}
}

func TestTheWidgetsFilesAreForEveryPage(t *testing.T) {
	t.Parallel()
	_, err := web.Load()
	require.NoError(t, err)
	r := apitest.New(t)
	var pinned web.Integrity
	r.Do(t, apitest.Call{Path: "/v1/integrity.json"}).Into(t, &pinned)
	for path, row := range map[string]struct{ media, cache string }{
		"/v1/ekyc-connect.js":   {"text/javascript; charset=utf-8", "public, max-age=300, must-revalidate"},
		pinned.Files.Loader.URL: {"text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		pinned.Files.Wasm.URL:   {"application/wasm", "public, max-age=31536000, immutable"},
		"/v1/integrity.json":    {"application/json", "no-store"},
		"/v1/ekyc-connect.d.ts": {"application/typescript; charset=utf-8", "public, max-age=300, must-revalidate"},
	} {
		a := r.Do(t, apitest.Call{Path: path, Origin: "https://anybody.example"})
		require.Equal(t, 200, a.Status, path)
		require.Equal(t, row.media, a.Header.Get("Content-Type"))
		require.Equal(t, row.cache, a.Header.Get("Cache-Control"))
		require.Equal(t, "*", a.Header.Get("Access-Control-Allow-Origin"))
		require.Equal(t, "cross-origin", a.Header.Get("Cross-Origin-Resource-Policy"))
		require.Empty(t, a.Header.Values("Cross-Origin-Opener-Policy"))
	}
}

// The bytes of a notice are what its name is the hash of, and what was painted.
func TestANoticeIsTheBytesThatItsHashNames(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	for _, lang := range []string{"en", "hi"} {
		for _, purpose := range []string{apitest.Purpose, apitest.OtherPurpose} {
			a := r.Do(t, apitest.Call{Path: "/v1/view?sitekey=pk_shop&purpose=" + purpose + "&lang=" + lang, Origin: apitest.ShopOrigin})
			var shown apitest.Shown
			a.Into(t, &shown)
			var view []any
			require.NoError(t, json.Unmarshal(shown.View, &view))
			stored := r.Do(t, apitest.Call{Path: "/v1/notices/" + shown.Notice.SHA256})
			require.Equal(t, "public, max-age=31536000, immutable", stored.Header.Get("Cache-Control"))
			sum := sha256.Sum256(stored.Body)
			require.Equal(t, shown.Notice.SHA256, hex.EncodeToString(sum[:]))
			var exact struct {
				wire.NoticeRef `json:",inline"`
				Panel          []any `json:"panel"`
			}
			stored.Into(t, &exact)
			exact.SHA256 = shown.Notice.SHA256
			require.Equal(t, exact.NoticeRef, shown.Notice)
			require.Equal(t, lang, exact.Lang)
			require.Contains(t, view, any(exact.Panel), "the same array stands in the view")
			require.Equal(t, http.StatusNotFound, r.Do(t, apitest.Call{Path: "/v1/notices/" + strings.ToUpper(shown.Notice.SHA256)}).Status)
		}
	}
}

func TestReadinessIsAboutTheStoreAndTheShutdown(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	status := func(path string) (int, string) {
		a := r.Do(t, apitest.Call{Path: path})
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
		return a.Status, string(a.Body)
	}
	expect := func(path string, code int, body string) {
		t.Helper()
		got, text := status(path)
		require.Equal(t, code, got)
		require.JSONEq(t, body, text)
	}
	expect("/healthz", 200, `{"status":"ok"}`)
	expect("/readyz", 200, `{"status":"ready"}`)
	r.API.Degraded = func() []string { return []string{"the vendor refuses account x"} }
	expect("/readyz", 200, `{"status":"degraded"}`)
	r.API.Drain()
	expect("/readyz", 503, `{"status":"unavailable"}`)
	expect("/healthz", 200, `{"status":"ok"}`)
	require.Equal(t, 201, r.Agree(t, r.Decision(t, apitest.Shop)).Status, "what still comes is served")
}

// A panic is a problem like any other, and its value stays in the process.
func TestAPanicIsAnInternalErrorAndTellsNothing(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	r.API.Degraded = func() []string { panic("canary-in-a-panic") }
	a := r.Do(t, apitest.Call{Path: "/readyz"})
	p := a.Problem(t)
	require.Equal(t, wire.Internal, p.Code)
	require.NotContains(t, string(a.Body), "canary")
	require.NotContains(t, r.Logged(), "canary")
	require.Contains(t, r.Logged(), p.RequestID)
	require.Equal(t, 200, r.Do(t, apitest.Call{Path: "/healthz"}).Status)

	r.Core.Accounts["pass"] = connect.NewAccount(panicking{}, nil)
	decision := r.Decision(t, apitest.Shop)
	p = r.Agree(t, decision).Problem(t)
	require.Equal(t, wire.Internal, p.Code)
	require.NotContains(t, r.Logged(), "canary")
	require.Equal(t, wire.Internal, r.Agree(t, decision).Problem(t).Code, "nobody waits for what panicked")
}

func TestTheRelayMakesItsOwnRequestIDs(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	for _, id := range []string{"mine", "0123456789abcdef01234567"} {
		a := r.Do(t, apitest.Call{Path: "/x", Header: http.Header{"X-Request-Id": {id}, "Cookie": {"a=b"}}})
		require.NotEqual(t, id, a.Header.Get("X-Request-Id"))
	}
}
