package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/httpapi/apitest"
)

// decoded is the answer's body without its content coding.
func decoded(t *testing.T, a apitest.Answer) []byte {
	t.Helper()
	var from io.Reader = bytes.NewReader(a.Body)
	switch a.Header.Get("Content-Encoding") {
	case "br":
		from = brotli.NewReader(from)
	case "gzip":
		z, err := gzip.NewReader(from)
		require.NoError(t, err)
		from = z
	}
	plain, err := io.ReadAll(from)
	require.NoError(t, err)
	return plain
}
