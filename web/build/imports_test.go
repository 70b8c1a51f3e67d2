package main

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/web/internal/stamp"
)

const wasmHeader = "\x00asm\x01\x00\x00\x00"

// sized is text after its length, as names and sections are.
func sized(text string) string {
	return string(binary.AppendUvarint(nil, uint64(len(text)))) + text
}

// entry is an import of kind and signature.
func entry(name, kind string) string { return sized("gojs") + sized(name) + kind }

func TestImportsAreRenamedAndNothingElse(t *testing.T) {
	names := map[string]string{"runtime.wasmExit": "a", "syscall/js.valueGet": "b"}
	types, functions := "\x01"+sized("\x01\x60\x00\x00"), "\x03"+sized("\x01\x00")
	got, err := renameImports([]byte(wasmHeader+types+"\x02"+sized("\x03"+entry("runtime.wasmExit", "\x00\x00")+entry("syscall/js.valueGet", "\x00\x80\x01")+entry("runtime.wasmExit", "\x00\x02"))+functions), names)
	require.NoError(t, err)
	require.Equal(t, wasmHeader+types+"\x02"+sized("\x03"+entry("a", "\x00\x00")+entry("b", "\x00\x80\x01")+entry("a", "\x00\x02"))+functions, string(got))
}

func TestAWasmWhoseImportsAreNotKnownIsRefused(t *testing.T) {
	names := map[string]string{"runtime.wasmExit": "a"}
	for name, c := range map[string]struct{ wasm, says string }{
		"one that the loader lacks": {wasmHeader + "\x02" + sized("\x01"+entry("runtime.news", "\x00\x00")), "the wasm imports runtime.news"},
		"a memory":                  {wasmHeader + "\x02" + sized("\x01"+entry("runtime.wasmExit", "\x02\x00\x01")), "no function"},
		"entries that end too soon": {wasmHeader + "\x02" + sized("\x02"+entry("runtime.wasmExit", "\x00\x00")), "no function"},
		"a section that does":       {wasmHeader + "\x02\x7f\x01", "no wasm"},
		"none":                      {wasmHeader, "no imports"},
		"nothing":                   {"", "no imports"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := renameImports([]byte(c.wasm), names)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestTheLoaderHasTheImportsUnderTheirShortNames(t *testing.T) {
	root, err := stamp.Root()
	require.NoError(t, err)
	names, err := importNames(root)
	require.NoError(t, err)
	require.Contains(t, names, "syscall/js.valueCall")
	loader := string(testLoader(t))
	_, imports, _ := strings.Cut(loader, "{gojs:")
	for long, short := range names {
		require.False(t, strings.Contains(loader, long), long)
		require.True(t, strings.Contains(imports, short+":"), "%s, as %s", long, short)
	}
}
