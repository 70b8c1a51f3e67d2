package web

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/wire"
)

func TestTheTypesNameEveryCode(t *testing.T) {
	types, err := os.ReadFile("src/ekyc-connect.d.ts")
	require.NoError(t, err)
	for _, code := range wire.Codes() {
		require.Contains(t, string(types), `| "`+string(code)+`"`)
	}
}
