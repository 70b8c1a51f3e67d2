package precompressed

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
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

func TestTheLettersOfASealedValueTakeSixBits(t *testing.T) {
	const text = "hello"
	head := New([]byte(text))
	stored := len(head.With("br", nil))
	for _, n := range []int{129, 130, 193, 194, 321, 322, 577, 578, 1089, 1090, 2113, 2114, 6209, 6210, mostLetters, mostLetters + 1} {
		tail := strings.Repeat(letters, n/len(letters)+1)[:n]
		out := head.With("br", []byte(tail))
		require.Equal(t, text+tail, decode(t, "br", out), n)
		if n >= 130 && n <= mostLetters {
			require.Less(t, len(out)-stored, n*6/8+n/80+30, n)
		} else {
			require.Greater(t, len(out)-stored, n, n)
		}
		other := tail[1:] + "é"
		require.Equal(t, text+other, decode(t, "br", head.With("br", []byte(other))), "a letter without a code")
	}
}

func FuzzEveryCodingGivesHeadAndTail(f *testing.F) {
	// A head takes 10 ms, so each is made once: a view cut anywhere, and noise.
	heads, text := [256]*Head{}, []byte(strings.Repeat(`{"view":["div",{"class":"x"},"some words"],"presentation":"`, 40))
	f.Add(uint8(35), []byte(`abc"}`))
	f.Add(uint8(0), []byte{0, 255})
	f.Add(uint8(255), []byte{})
	f.Fuzz(func(t *testing.T, which uint8, tail []byte) {
		h := heads[which]
		if h == nil {
			head := bytes.Clone(text[:int(which)*int(which)/32])
			if which%2 == 1 {
				_, _ = rand.NewChaCha8([32]byte{which}).Read(head[len(head)/2:])
			}
			h = New(head)
			heads[which] = h
		}
		for _, coding := range []string{"", "br", "gzip"} {
			require.Equal(t, string(h.plain)+string(tail), decode(t, coding, h.With(coding, tail)))
		}
	})
}
