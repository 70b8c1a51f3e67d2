package main

import (
	"bytes"
	"fmt"
	"regexp"
)

// imported is an entry of the wasm's import section: module and name, each after
// its length, and a 0 for "function" (WebAssembly core specification, §5.5.5).
var imported = regexp.MustCompile(`(?s)\x04gojs.([\w/]+\.\w+)\x00`)

// checkImports makes sure that the loader has all that the wasm asks of it: what
// a toolchain asks anew would otherwise be missed in the browser.
func checkImports(wasm, loader []byte) error {
	all := imported.FindAllSubmatch(wasm, -1)
	if len(all) == 0 {
		return fmt.Errorf("build: the wasm imports nothing of gojs")
	}
	for _, name := range all {
		if !bytes.Contains(loader, append([]byte(`"`), append(name[1], '"')...)) {
			return fmt.Errorf("build: the wasm imports %s, which web/src/go.js does not have: compare it with this toolchain's lib/wasm/wasm_exec.js", name[1])
		}
	}
	return nil
}
