package main

import (
	"io"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/stretchr/testify/require"

	"ekycconnect/web/internal/stamp"
)

// With the English view the page may fetch 10 KB before a person can read; the
// loader's share of that.
const loaderBudget = 7100

// everyImport names what Go imports in a program like the widget.
var everyImport = []byte(`runtime.wasmExit runtime.wasmWrite runtime.resetMemoryDataView runtime.nanotime1
	runtime.walltime runtime.scheduleTimeoutEvent runtime.clearTimeoutEvent runtime.getRandomData
	syscall/js.finalizeRef syscall/js.stringVal syscall/js.valueGet syscall/js.valueSet syscall/js.valueDelete
	syscall/js.valueIndex syscall/js.valueSetIndex syscall/js.valueCall syscall/js.valueInvoke syscall/js.valueNew
	syscall/js.valueLength syscall/js.valuePrepareString syscall/js.valueLoadString syscall/js.copyBytesToGo`)

func testLoader(t *testing.T) []byte {
	t.Helper()
	root, err := stamp.Root()
	require.NoError(t, err)
	loader, err := bundle(root, everyImport, stamp.File{Hash: "0123456789abcdef", Integrity: "sha384-abc"})
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

func TestLoaderHoldsThePlaceAndTheHashOfTheWasm(t *testing.T) {
	loader := string(testLoader(t))
	require.Contains(t, loader, "/v1/assets/0123456789abcdef/ekyc-connect.wasm")
	require.Contains(t, loader, "sha384-abc")
}

func TestGlueSetsNoGlobals(t *testing.T) {
	root, err := stamp.Root()
	require.NoError(t, err)
	text, err := glue(root, everyImport)
	require.NoError(t, err)
	require.NotRegexp(t, `globalThis\.\w+\s*=[^=]`, text)
	require.NotRegexp(t, `(^|[^.\w])(fs|process|path)\.`, text)
}
