package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"testing/fstest"

	"github.com/andybalholm/brotli"
	"github.com/stretchr/testify/require"
)

func loaded(t *testing.T) *Assets {
	t.Helper()
	require.NoError(t, Fresh())
	a, err := Load()
	require.NoError(t, err)
	return a
}

func ask(h http.Handler, method, path string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func plain(t *testing.T, resp *http.Response) []byte {
	t.Helper()
	var r io.Reader = resp.Body
	switch resp.Header.Get("Content-Encoding") {
	case "br":
		r = brotli.NewReader(r)
	case "gzip":
		z, err := gzip.NewReader(r)
		require.NoError(t, err)
		r = z
	}
	body, err := io.ReadAll(r)
	require.NoError(t, err)
	return body
}

func length(t *testing.T, resp *http.Response) int {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return len(body)
}

func TestEveryFormOfAnAssetMatchesItsIntegrity(t *testing.T) {
	a := loaded(t)
	h := a.Immutable(http.NotFoundHandler())
	for path, want := range map[string]string{a.LoaderPath(): a.LoaderIntegrity(), a.WasmPath(): a.WasmIntegrity()} {
		for _, accept := range []string{"", "gzip", "gzip, deflate, br"} {
			resp := ask(h, "GET", "/prefix"+path, "Accept-Encoding", accept)
			require.Equal(t, http.StatusOK, resp.StatusCode)
			sum := sha512.Sum384(plain(t, resp))
			require.Equal(t, want, "sha384-"+base64.StdEncoding.EncodeToString(sum[:]), "%s as %q", path, accept)
			require.Equal(t, "public, max-age=31536000, immutable", resp.Header.Get("Cache-Control"))
			require.Equal(t, "*", resp.Header.Get("Access-Control-Allow-Origin"))
			require.Equal(t, "cross-origin", resp.Header.Get("Cross-Origin-Resource-Policy"))
			require.Equal(t, "Accept-Encoding", resp.Header.Get("Vary"))
			require.Empty(t, resp.Header.Get("Cross-Origin-Opener-Policy"))
		}
	}
}

func TestAStrangersHashIsNotFound(t *testing.T) {
	a := loaded(t)
	h := a.Immutable(http.NotFoundHandler())
	for _, path := range []string{
		"/v1/assets/0000000000000000/ekyc-connect.js",
		"/v1/assets/ekyc-connect.js",
		a.LoaderPath() + "/",
		a.LoaderPath() + ".br",
		"/v1/assets/" + a.build.Wasm.Hash + "/ekyc-connect.js",
	} {
		require.Equal(t, http.StatusNotFound, ask(h, "GET", path).StatusCode, path)
	}
}

func TestTheLoaderIsKeptShortlyAndAskedForAgainByItsTag(t *testing.T) {
	a := loaded(t)
	first := ask(a.Loader(), "GET", "/v1/ekyc-connect.js", "Accept-Encoding", "br")
	require.Equal(t, "public, max-age=300, must-revalidate", first.Header.Get("Cache-Control"))
	require.Equal(t, "text/javascript; charset=utf-8", first.Header.Get("Content-Type"))
	tag := first.Header.Get("ETag")
	again := ask(a.Loader(), "GET", "/v1/ekyc-connect.js", "Accept-Encoding", "br", "If-None-Match", `"other", W/`+tag)
	require.Equal(t, http.StatusNotModified, again.StatusCode)
	require.Zero(t, length(t, again))
	lines := ask(a.Loader(), "GET", "/v1/ekyc-connect.js", "Accept-Encoding", "gzip;q=0.5", "Accept-Encoding", "br", "If-None-Match", `"other"`, "If-None-Match", tag)
	require.Equal(t, http.StatusNotModified, lines.StatusCode, "several lines are one list")
	other := ask(a.Loader(), "GET", "/v1/ekyc-connect.js", "Accept-Encoding", "gzip", "If-None-Match", tag)
	require.Equal(t, http.StatusOK, other.StatusCode, "another form is another tag")
	head := ask(a.Loader(), "HEAD", "/v1/ekyc-connect.js", "Accept-Encoding", "br")
	require.Equal(t, first.Header, head.Header)
	require.Zero(t, length(t, head))
}

func TestTheTypesAreServedAsTheyAreWritten(t *testing.T) {
	written, err := os.ReadFile("src/ekyc-connect.d.ts")
	require.NoError(t, err)
	h, tags := (&Assets{}).Types(), map[string]bool{}
	for _, accept := range []string{"", "gzip", "br"} {
		resp := ask(h, "GET", "/v1/ekyc-connect.d.ts", "Accept-Encoding", accept)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Equal(t, accept, resp.Header.Get("Content-Encoding"))
		require.Equal(t, string(written), string(plain(t, resp)))
		tag := resp.Header.Get("ETag")
		require.False(t, tags[tag], "another form is another tag")
		tags[tag] = true
		again := ask(h, "GET", "/v1/ekyc-connect.d.ts", "Accept-Encoding", accept, "If-None-Match", tag)
		require.Equal(t, http.StatusNotModified, again.StatusCode)
	}
}

func TestIntegrityNamesTheFilesUnderTheRelaysPath(t *testing.T) {
	a := loaded(t)
	resp := ask(a.IntegrityJSON("/ekyc"), "GET", "/v1/integrity.json")
	require.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	var got map[string]any
	require.NoError(t, json.Unmarshal(plain(t, resp), &got))
	require.Equal(t, map[string]any{
		"version": a.Version(),
		"style":   a.StyleHash(),
		"files": map[string]any{
			"loader": map[string]any{"url": "/ekyc" + a.LoaderPath(), "integrity": a.LoaderIntegrity()},
			"wasm":   map[string]any{"url": "/ekyc" + a.WasmPath(), "integrity": a.WasmIntegrity()},
		},
	}, got)
}

func TestTheLoaderHoldsTheWasmsPlaceAndHash(t *testing.T) {
	a := loaded(t)
	loader := a.loader.forms[""]()
	require.True(t, bytes.Contains(loader, []byte(a.WasmPath())))
	require.True(t, bytes.Contains(loader, []byte(a.build.Wasm.Checksum)))
}

func TestWithoutABuildTheErrorSaysWhatToDo(t *testing.T) {
	_, err := load(fstest.MapFS{"placeholder": {}})
	require.ErrorIs(t, err, ErrNotBuilt)
	require.ErrorContains(t, err, "make build")
}

func TestAMixedBuildIsRefused(t *testing.T) {
	manifest := `{"loader":{"plain":1,"gzip":1,"brotli":1},"wasm":{"plain":1,"gzip":1,"brotli":1},"style":{"plain":1,"gzip":1,"brotli":1}}`
	files := fstest.MapFS{"manifest.json": {Data: []byte(manifest)}}
	for _, name := range []string{"ekyc-connect.js", "ekyc-connect.wasm", "ekyc-connect.css"} {
		for _, form := range []string{"", ".br", ".gz"} {
			files[name+form] = &fstest.MapFile{Data: []byte("x")}
		}
	}
	_, err := load(files)
	require.NoError(t, err)
	files["ekyc-connect.wasm.br"].Data = []byte("of another build")
	_, err = load(files)
	require.ErrorContains(t, err, "ekyc-connect.wasm.br")
}
