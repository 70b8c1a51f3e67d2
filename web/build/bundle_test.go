package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/evanw/esbuild/pkg/api"
	"github.com/stretchr/testify/require"

	"ekycconnect/web/internal/stamp"
)

// With the English view the page may fetch 11 KB before a person can read; the
// loader's share of that.
const loaderBudget = 8494

func testLoader(t *testing.T) []byte {
	t.Helper()
	root, err := stamp.Root()
	require.NoError(t, err)
	names, err := importNames(root)
	require.NoError(t, err)
	loader, err := bundle(root, stamp.File{Hash: "0123456789abcdef", Checksum: "sha256-abc"}, names)
	require.NoError(t, err)
	return loader
}

func TestLoaderKeepsToItsBudget(t *testing.T) {
	small, err := squeeze(testLoader(t), func(w io.Writer) (io.WriteCloser, error) {
		return brotli.NewWriterLevel(w, brotli.BestCompression), nil
	})
	require.NoError(t, err)
	t.Logf("loader: %d B brotli", len(small))
	require.LessOrEqual(t, len(small), loaderBudget)
}

// The order is the one that web/src/loader.js states.
func TestNoFileOfTheLoaderImportsInACircle(t *testing.T) {
	root, err := stamp.Root()
	require.NoError(t, err)
	imports := map[string][]string{}
	sources, err := filepath.Glob(filepath.Join(root, "web", "src", "*.js"))
	require.NoError(t, err)
	for _, source := range sources {
		text, err := os.ReadFile(source)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`(?m)^import .*'\./(.+\.js)';$`).FindAllStringSubmatch(string(text), -1) {
			imports[filepath.Base(source)] = append(imports[filepath.Base(source)], m[1])
		}
	}
	require.NotEmpty(t, imports["loader.js"])
	var follow func(path []string)
	follow = func(path []string) {
		for _, next := range imports[path[len(path)-1]] {
			require.NotContains(t, path, next, "%s imports %s", path, next)
			follow(append(slices.Clone(path), next))
		}
	}
	follow([]string{"loader.js"})
}

// In Chrome 61 any newer syntax is an error in the whole script, and nothing could
// be said there.
func TestLoaderHoldsNoSyntaxNewerThanChrome61(t *testing.T) {
	parsed := func(engines ...api.Engine) string {
		res := api.Transform(string(testLoader(t)), api.TransformOptions{Engines: engines, Supported: map[string]bool{"template-literal": true}})
		require.Empty(t, res.Errors)
		return string(res.Code)
	}
	require.NotRegexp(t, `\.(apply|call|catch|concat|every|filter|finally|flatMap|forEach|includes|indexOf|join|map|match|pop|push|replace|reverse|shift|slice|some|sort|splice|then|toString|trim|unshift)\(`, string(testLoader(t)), "methods that a page could replace")
	require.True(t, parsed() == parsed(api.Engine{Name: api.EngineChrome, Version: "61"}), "nothing has to be rewritten")
}

// minify takes "x || false" for x, and "x && true", also where the value counts.
func TestNoSourceOfTheLoaderHasWhatTheMinifierGetsWrong(t *testing.T) {
	root, err := stamp.Root()
	require.NoError(t, err)
	sources, err := filepath.Glob(filepath.Join(root, "web", "src", "*.js"))
	require.NoError(t, err)
	require.NotEmpty(t, sources)
	for _, source := range sources {
		text, err := os.ReadFile(source)
		require.NoError(t, err)
		require.NotRegexp(t, `(\|\||&&) (true|false)\b`, string(text), source)
	}
}

func TestLoaderHoldsThePlaceAndTheHashOfTheWasm(t *testing.T) {
	loader := string(testLoader(t))
	require.Contains(t, loader, "/v1/assets/0123456789abcdef/ekyc-connect.wasm")
	require.Contains(t, loader, "sha256-abc")
}

// web/src/go.js was written after this one. Where it says something else, read
// what has changed, bring it over, and write its hash here.
func TestTheToolchainsOwnGlueIsTheOneThatIsKnown(t *testing.T) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(t, err)
	body, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"))
	require.NoError(t, err)
	require.Equal(t, "0c949f4996f9a89698e4b5c586de32249c3b69b7baadb64d220073cc04acba14", fmt.Sprintf("%x", sha256.Sum256(body)))
}
