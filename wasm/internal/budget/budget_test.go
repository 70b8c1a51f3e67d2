//go:build !js

// Package budget holds what the wasm may link and weigh. Every byte of it goes
// to every visitor of every partner, so both are tests.
package budget

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "ekycconnect"

// allowed are the packages of the standard library that ours may import. What
// is not here costs too much: fmt 124 KB of brotli, time 67, encoding/json 243,
// context 72, net/http 1,536. (strings and strconv are allowed, though the
// widget does without them: together they cost 17.)
var allowed = []string{"errors", "slices", "strconv", "strings", "sync", "syscall/js", "unicode/utf8"}

const (
	maxBrotli = 470_000 // bytes
	// Over an empty program that imports syscall/js: what the widget itself may
	// add to what no Go program can do without.
	maxOverFloor = 1.15
)

func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOFLAGS=", "GOEXPERIMENT=nogreenteagc")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	return string(out)
}

func TestTheWasmImportsOnlyWhatItMay(t *testing.T) {
	const root = "../../.."
	ours := 0
	// One line a package of ours: its path, then what it imports itself.
	for line := range strings.Lines(run(t, root, "list", "-deps", "-f",
		`{{if not .Standard}}{{.ImportPath}}{{range .Imports}} {{.}}{{end}}{{end}}`, "./wasm")) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		ours++
		require.True(t, strings.HasPrefix(fields[0], module+"/wasm"), "%s is linked into the wasm", fields[0])
		for _, imported := range fields[1:] {
			if !strings.HasPrefix(imported, module+"/wasm/") {
				require.Contains(t, allowed, imported, "imported by %s", fields[0])
			}
		}
	}
	require.GreaterOrEqual(t, ours, 6)
}

// build makes a program as web/build does, and gives its raw and its brotli
// size.
func build(t *testing.T, dir, pkg string) (raw, compressed int) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.wasm")
	run(t, dir, "build", "-trimpath", "-ldflags=-s -w -buildid=", "-gcflags=all=-l", "-o", out, pkg)
	wasm, err := os.ReadFile(out)
	require.NoError(t, err)
	weigh := exec.CommandContext(t.Context(), "go", "run", "./weigh")
	weigh.Stdin = bytes.NewReader(wasm)
	size, err := weigh.Output()
	require.NoError(t, err)
	compressed, err = strconv.Atoi(strings.TrimSpace(string(size)))
	require.NoError(t, err)
	return len(wasm), compressed
}

func TestTheWasmIsSmallEnough(t *testing.T) {
	empty := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(empty, "go.mod"), []byte("module empty\n\ngo 1.26\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(empty, "main.go"),
		[]byte("package main\n\nimport \"syscall/js\"\n\nfunc main() { js.Global().Get(\"x\"); select {} }\n"), 0o600))

	raw, compressed := build(t, "../../..", "./wasm")
	floorRaw, floor := build(t, empty, ".")
	t.Logf("wasm: raw %d B, brotli %d B of %d; floor: raw %d B, brotli %d B; over it × %.3f",
		raw, compressed, maxBrotli, floorRaw, floor, float64(compressed)/float64(floor))
	require.LessOrEqual(t, compressed, maxBrotli)
	require.LessOrEqual(t, float64(compressed), maxOverFloor*float64(floor))
}

// Rules for the code itself, each learnt from a program that died of it.
func TestTheWasmKeepsItsRules(t *testing.T) {
	makers := map[string]bool{"jsx_js.go": true, "main_js.go": true, "api_js.go": true}
	require.NoError(t, filepath.WalkDir("../..", func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.Contains(path, "budget") || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text := string(source)
		if !makers[filepath.Base(path)] {
			require.NotContains(t, text, "js.FuncOf", "%s: callbacks are made and released in jsx", path)
			if filepath.Base(path) != "promise_js.go" {
				require.NotContains(t, text, "go func", "%s: goroutines are started by jsx.Go, which recovers", path)
			}
		}
		if strings.Contains(text, `"syscall/js"`) {
			require.Contains(t, text, "//go:build js && wasm\n", path)
			require.True(t, strings.HasSuffix(path, "_js.go"), path)
		}
		return nil
	}))
}
