package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// homes are the names that wasm_exec.js would set on the page. In the loader they
// are members of one object instead: a page's own fs or process would otherwise
// be taken for Go's, and the program would not start.
var homes = strings.NewReplacer(
	"globalThis.fs", "glue.fs",
	"globalThis.process", "glue.process",
	"globalThis.path", "glue.path",
	"globalThis.Go ", "glue.Go ",
	"\tfs.writeSync(", "\tglue.fs.writeSync(",
)

// needless is what this program has no use for: members of fs and process that
// only report that they are not implemented, checks for what every browser has
// that knows WebAssembly, and hooks of Go's own tests. What a later toolchain
// writes otherwise merely stays.
var needless = regexp.MustCompile(`(?m)` +
	`^\t+\w+\([^)\n]*\) \{ (?:callback\(enosys\(\)\)|callback\(null\)|throw enosys\(\)|return -1); \},\n` +
	`|^\tif \(!globalThis\.(?:crypto|performance|TextEncoder|TextDecoder)\) \{\n\t\tthrow .*\n\t\}\n` +
	`|^\t{4}_gotest: \{\n(?:\t{5}.*\n)*\t{4}\},\n` +
	`|^\t{3}const testCallExport = .*\n(?:\t{4}.*\n)*\t{3}\}\n`)

// arguments is how argv and the environment get into memory. The widget has
// neither: the memory there is zero, which says the same.
var arguments = regexp.MustCompile(`(?s)\t{3}let offset = 4096;\n.*\t{3}this\._inst\.exports\.run\(argc, argv\);`)

// function is one that Go may import.
var function = regexp.MustCompile(`(?m)^\t{5}"([\w/.]+)": \(\w+\) => \{\n(?:\t{6}.*\n)*\t{5}\},\n`)

// glue is wasm_exec.js of the toolchain in use, as a module that sets nothing on
// the page and exports the object that holds what it would have set. What wasm
// does not import is left out.
func glue(root string, wasm []byte) (string, error) {
	cmd := exec.Command("go", "env", "GOROOT")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("build: glue: go env GOROOT: %w", err)
	}
	body, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return "", fmt.Errorf("build: glue: %w", err)
	}
	text := needless.ReplaceAllString(homes.Replace(string(body)), "")
	text = arguments.ReplaceAllString(text, "this._inst.exports.run(0, 4096);")
	text = function.ReplaceAllStringFunc(text, func(f string) string {
		if name := function.FindStringSubmatch(f)[1]; !bytes.Contains(wasm, []byte(name)) {
			return ""
		}
		return f
	})
	for _, want := range []string{"glue.fs = ", "glue.process = ", "glue.path = ", "glue.Go = ", "glue.fs.writeSync("} {
		if !strings.Contains(text, want) {
			return "", fmt.Errorf("build: glue: %q is not in this toolchain's wasm_exec.js: adapt web/build", want)
		}
	}
	return "export const glue = {};\n" + text, nil
}
