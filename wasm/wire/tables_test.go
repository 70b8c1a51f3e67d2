package wire

import (
	"slices"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

func TestTheDigitsAreThoseOfUnicode(t *testing.T) {
	require.True(t, slices.IsSorted(zeros))
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if unicode.Is(unicode.Nd, r) != (digit(r) >= 0) {
			t.Fatalf("%U", r)
		}
	}
	for _, zero := range zeros {
		for value := range 10 {
			require.Equal(t, value, digit(zero+rune(value)), "%U", zero)
		}
	}
}

func TestWhiteSpaceIsThatOfUnicode(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if unicode.IsSpace(r) != isSpace(r) {
			t.Fatalf("%U", r)
		}
	}
}
