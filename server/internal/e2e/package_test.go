package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// packed makes the npm package once and gives its file.
var packed = sync.OnceValues(func() (string, error) {
	root := filepath.Join("..", "..", "..")
	// Read here too, so that go test keeps no result of other sources.
	sources, err := filepath.Glob(filepath.Join(root, "web", "npm", "*"))
	for _, source := range sources {
		if _, err := os.ReadFile(source); err != nil {
			return "", err
		}
	}
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "run", "./web/build", "-npm")
	build.Dir = root
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return "", err
	}
	files, err := filepath.Glob(filepath.Join(root, "web", "dist", "npm", "*.tgz"))
	if err != nil || len(files) != 1 {
		return "", os.ErrNotExist
	}
	return filepath.Abs(files[0])
})

// installed is a folder into which npm has installed the package, once.
var installed = sync.OnceValues(func() (string, error) {
	archive, err := packed()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(scratch, "npm-")
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"private":true,"type":"module"}`), 0o644); err != nil {
		return "", err
	}
	install := exec.Command("npm", "install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", archive)
	install.Dir = dir
	install.Stderr = os.Stderr
	return dir, install.Run()
})

// project is a partner's: a folder with the package as npm installs it, and React, Vue
// and their types beside it.
func project(t *testing.T) string {
	t.Helper()
	from, err := installed()
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(from)))
	there, err := filepath.Abs(filepath.Join("node", "node_modules"))
	require.NoError(t, err)
	for _, name := range []string{"react", "react-dom", "scheduler", "@types", "csstype", "vue"} {
		require.NoError(t, os.Symlink(filepath.Join(there, name), filepath.Join(dir, "node_modules", name)))
	}
	sources, err := filepath.Glob(filepath.Join("testdata", "package", "*"))
	require.NoError(t, err)
	for _, source := range sources {
		text, err := os.ReadFile(source)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.Base(source)), text, 0o644))
	}
	return dir
}

func TestAPartnersStrictTypeScriptCompilesWithThePackage(t *testing.T) {
	t.Parallel()
	dir := project(t)
	tsc, err := filepath.Abs(filepath.Join("node", "node_modules", ".bin", "tsc"))
	require.NoError(t, err)
	for module, resolution := range map[string]string{"esnext": "bundler", "nodenext": "nodenext"} {
		compile := exec.CommandContext(t.Context(), tsc, "--strict", "--noEmit", "--exactOptionalPropertyTypes", "--target", "es2022",
			"--module", module, "--moduleResolution", resolution, "--jsx", "react-jsx", "--lib", "dom,es2022", "--types", "", "page.tsx", "backend.ts", "vue.ts")
		compile.Dir = dir
		out, err := compile.CombinedOutput()
		require.NoError(t, err, string(out))
	}
}

// agreed is a token of a person's journey, made without a browser.
func agreed(t *testing.T, relay, sitekey string) string {
	t.Helper()
	ask := func(method, path string, body any) (answer struct {
		Presentation, Session, Token string
		Notice                       struct{ SHA256 string }
	}) {
		t.Helper()
		text, err := json.Marshal(body)
		require.NoError(t, err)
		request, err := http.NewRequestWithContext(t.Context(), method, relay+path, bytes.NewReader(text))
		require.NoError(t, err)
		request.Header.Set("Origin", "http://localhost:3000")
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		raw, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Less(t, response.StatusCode, 300, string(raw))
		require.NoError(t, json.Unmarshal(raw, &answer))
		return answer
	}
	view := ask("GET", "/v1/view?"+url.Values{"sitekey": {sitekey}, "purpose": {"account-opening"}, "lang": {"en"}}.Encode(), nil)
	begun := ask("POST", "/v1/sessions", map[string]string{
		"sitekey": sitekey, "purpose": "account-opening", "presentation": view.Presentation, "notice_sha256": view.Notice.SHA256,
		"idempotency_key": rand.Text(), "subject": "APP-1",
	})
	return ask("POST", "/v1/answers", map[string]string{"session": begun.Session, "answer": "abc12"}).Token
}

func TestABackEndWithThePackageGoesFromTheTokenToThePerson(t *testing.T) {
	t.Parallel()
	dir := project(t)
	relay := ownRelay(t)
	node := exec.CommandContext(t.Context(), "node", "backend.mjs")
	node.Dir = dir
	node.Env = append(os.Environ(), "RELAY="+relay, "TOKEN="+agreed(t, relay, "pk_test_pass"), "REFUSED_TOKEN="+agreed(t, relay, "pk_test_pass"))
	node.Stderr = os.Stderr
	out, err := node.Output()
	require.NoError(t, err)
	type failure struct {
		RelayError, Retryable, ID, Retry bool
		Code, Fault, Result, Said        string
		Status                           int
		RetryAfter                       int
	}
	var got struct {
		Redeemed       bool
		Name           string
		Spent          []string
		Failures       map[string]failure
		RefusedOptions []string
		Leaked         []string
	}
	require.NoError(t, json.Unmarshal(out, &got), string(out))
	require.True(t, got.Redeemed)
	require.NotEmpty(t, got.Name)
	require.Equal(t, []string{"already-seen-response"}, got.Spent)
	said := got.Failures["refused"].Said
	require.NotEmpty(t, said)
	require.Equal(t, map[string]failure{
		"wrong":        {RelayError: true, ID: true, Code: "aadhaar_invalid", Fault: "user", Status: 422},
		"again":        {RelayError: true, ID: true, Code: "already_done", Fault: "partner", Status: 409, Result: "ok"},
		"refused":      {RelayError: true, ID: true, Code: "vendor_refused", Fault: "user", Status: 422, Said: said, Retry: true},
		"page":         {RelayError: true, Code: "bad_answer", Fault: "relay", Status: 502, Retryable: true},
		"redirect":     {RelayError: true, Code: "bad_answer", Fault: "relay", Status: 307},
		"echo":         {RelayError: true, Code: "bad_answer", Fault: "relay", Status: 200},
		"silent":       {RelayError: true, Code: "timeout", Fault: "relay", Retryable: true},
		"gone":         {RelayError: true, Code: "network", Fault: "relay", Retryable: true},
		"unauthorized": {RelayError: true, ID: true, Code: "unauthorized", Fault: "partner", Status: 401},
	}, got.Failures)
	require.Equal(t, []string{"TypeError", "TypeError", "TypeError", "TypeError", "TypeError"}, got.RefusedOptions)
	require.Empty(t, got.Leaked, "told in an error")
}
