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

// needless is what this program has no use for, and what stands in its place: it
// opens no file, has neither arguments nor environment (where they would lie,
// memory is zero, which says so) and runs where every browser is that knows
// WebAssembly. What a later toolchain writes otherwise merely stays.
var needless = []struct {
	match *regexp.Regexp
	put   string
}{
	{regexp.MustCompile(`(?m)^\t+\w+\([^)\n]*\) \{ callback\((?:enosys\(\)|null)\); \},\n`), ""},
	{regexp.MustCompile(`(?s)\t{3}write\(fd, .*?\n\t{3}\},\n`), ""},
	{regexp.MustCompile(`(?s)\tconst enosys = .*?\n\t\};\n`), ""},
	{regexp.MustCompile(`(?s)\tif \(!glue\.process\) \{\n.*?(\tconst encoder)`), "\tglue.process = glue.path = {};\n$1"},
	{regexp.MustCompile(`(?s)\t{3}if \(!\(instance instanceof.*?\n\t{3}\}\n`), ""},
	{regexp.MustCompile(`(?s)\t{3}let offset = 4096;\n.*(\t{3}this\._inst\.exports\.run)\(argc, argv\);`), "$1(0, 4096);"},
	{regexp.MustCompile(`(?s)\t{3}this\.argv = .*?(\t{3}this\._exitPromise)`), "$1"},
	{regexp.MustCompile(`(?m)^\t+this\.exit\(code\);\n`), ""},
	{regexp.MustCompile(`(?m)^\t+const code = this\.mem.*\n`), ""},
	{regexp.MustCompile(`\bthis\.mem\b`), "this._mem"},
	// A stack that overflows ends the instance as surely as an exit does, but says so
	// by an exception alone. After the end there is nothing to resume: a timer that
	// fires late is no error of the page, and is not waited for.
	{regexp.MustCompile(`(?s)(\t_resume\(\) \{\n).*?\t{3}(this\._inst\.exports\.resume\(\);)\n(\t{3}if \(this\.exited\) \{\n)`),
		"${1}try { ${2} } catch (e) { if (!this.exited) console.error(e); this.exited = true; }\n${3}this._scheduledTimeouts.clear();\n"},
	{regexp.MustCompile(`constants: \{ O_WRONLY: .*?\},`), "constants: new Proxy({}, { get: () => -1 }),"}, // all of them are -1
	{regexp.MustCompile(`\("utf-8"\)`), "()"},
	{regexp.MustCompile(`(?m)^\t+console\.warn\("scheduleTimeoutEvent.*\n`), ""},
	{regexp.MustCompile(`(?m)^\t{4}_gotest: \{\n(?:\t{5}.*\n)*\t{4}\},\n`), ""},
	{regexp.MustCompile(`(?m)^\t{3}const testCallExport = .*\n(?:\t{4}.*\n)*\t{3}\}\n`), ""},
}

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
	text := homes.Replace(string(body))
	for _, n := range needless {
		text = n.match.ReplaceAllString(text, n.put)
	}
	text = function.ReplaceAllStringFunc(text, func(f string) string {
		if name := function.FindStringSubmatch(f)[1]; !bytes.Contains(wasm, []byte(name)) {
			return ""
		}
		return f
	})
	for _, want := range []string{"glue.fs = ", "glue.process = ", "glue.path =", "glue.Go = ", "glue.fs.writeSync("} {
		if !strings.Contains(text, want) {
			return "", fmt.Errorf("build: glue: %q is not in this toolchain's wasm_exec.js: adapt web/build", want)
		}
	}
	return "export const glue = {};\n" + text, nil
}
