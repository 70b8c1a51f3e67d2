package precompressed

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/stretchr/testify/require"
)

func decode(t testing.TB, coding string, b []byte) string {
	t.Helper()
	var r io.Reader = bytes.NewReader(b)
	switch coding {
	case "br":
		r = brotli.NewReader(r)
	case "gzip":
		z, err := gzip.NewReader(r)
		require.NoError(t, err)
		r = z
	}
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(text)
}

func TestEveryCodingGivesHeadAndTail(t *testing.T) {
	for _, head := range []string{"", "x", strings.Repeat("the same words again, ", 5000)} {
		h := New([]byte(head))
		for _, tail := range []string{"", "y", strings.Repeat("z", block), strings.Repeat("a longer tail ", 20000)} {
			for _, coding := range []string{"", "br", "gzip"} {
				require.Equal(t, head+tail, decode(t, coding, h.With(coding, []byte(tail))), "%q: %d and %d bytes", coding, len(head), len(tail))
			}
		}
	}
}

func TestAnAnswerIsSmallerThanItsTailAndTheCompressedHead(t *testing.T) {
	head := []byte(strings.Repeat(`["p",{"class":"x"},"some words"],`, 300))
	tail := bytes.Repeat([]byte("k"), 500)
	h := New(head)
	require.Less(t, len(h.With("br", tail)), 600)
	require.Less(t, len(h.With("gzip", tail)), 800)
}

func FuzzEveryCodingGivesHeadAndTail(f *testing.F) {
	f.Add([]byte(`{"view":["div",{}],"presentation":"`), []byte(`abc"}`))
	f.Add([]byte{}, []byte{0, 255})
	f.Fuzz(func(t *testing.T, head, tail []byte) {
		h := New(head)
		for _, coding := range []string{"", "br", "gzip"} {
			require.Equal(t, string(head)+string(tail), decode(t, coding, h.With(coding, tail)))
		}
	})
}
