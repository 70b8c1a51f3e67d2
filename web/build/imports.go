package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// imported is a name under which web/src/go.js keeps what a Go program imports.
var imported = regexp.MustCompile(`(?m)^ +'((?:runtime|syscall/js)\.\w+)':`)

// importNames gives each of them a name of one letter, which wasm and loader have in
// place of it: the long ones are a sixtieth of the loader.
func importNames(root string) (map[string]string, error) {
	source, err := os.ReadFile(filepath.Join(root, "web", "src", "go.js"))
	if err != nil {
		return nil, fmt.Errorf("build: imports: %w", err)
	}
	names := map[string]string{}
	for i, m := range imported.FindAllSubmatch(source, -1) {
		if i == 26 {
			return nil, errors.New("build: imports: web/src/go.js has more than there are letters")
		}
		names[string(m[1])] = string(rune('a' + i))
	}
	return names, nil
}

// importSection is the id of the section that names all imports (WebAssembly core
// specification, §5.5.5). Of its kinds of entries Go uses functions alone.
const (
	importSection = 2
	function      = 0
)

var errWasm = errors.New("build: imports: this is no wasm as Go makes it")

// renameImports gives the imports of a module their names of one letter. What has none is
// an error: a toolchain that asks for more would else be found out by a browser.
func renameImports(wasm []byte, names map[string]string) ([]byte, error) {
	r := &wasmReader{rest: wasm}
	header := r.take(8)
	for len(r.rest) > 0 {
		start := len(wasm) - len(r.rest)
		id, body := r.take(1), r.bytes()
		if r.failed {
			break
		}
		if id[0] != importSection {
			continue
		}
		renamed, err := renameEntries(body, names)
		if err != nil {
			return nil, err
		}
		out := append(bytes.Clone(wasm[:start]), importSection)
		out = append(binary.AppendUvarint(out, uint64(len(renamed))), renamed...)
		return append(out, r.rest...), nil
	}
	return nil, fmt.Errorf("%w: %x… has no imports", errWasm, header)
}

func renameEntries(body []byte, names map[string]string) ([]byte, error) {
	r := &wasmReader{rest: body}
	count := r.number()
	out := binary.AppendUvarint(nil, count)
	for range count {
		module, name, kind, signature := r.bytes(), r.bytes(), r.take(1), r.number()
		if r.failed || kind[0] != function {
			return nil, fmt.Errorf("%w: an import that is no function", errWasm)
		}
		short, ok := names[string(name)]
		if !ok {
			return nil, fmt.Errorf("build: the wasm imports %s, which web/src/go.js does not have: compare it with this toolchain's lib/wasm/wasm_exec.js", name)
		}
		out = append(binary.AppendUvarint(out, uint64(len(module))), module...)
		out = append(out, byte(len(short)))
		out = append(append(out, short...), function)
		out = binary.AppendUvarint(out, signature)
	}
	return out, nil
}

// wasmReader reads a module's bytes from front to back. After a failure all is empty.
type wasmReader struct {
	rest   []byte
	failed bool
}

func (r *wasmReader) take(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.failed, r.rest = true, nil
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *wasmReader) number() uint64 {
	n, size := binary.Uvarint(r.rest) // LEB128
	if size <= 0 {
		r.failed, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *wasmReader) bytes() []byte { return r.take(r.number()) }
