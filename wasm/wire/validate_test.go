package wire_test

import (
	"strings"
	"testing"

	"ekycconnect/wasm/wire"

	"github.com/stretchr/testify/require"
)

func TestAnAnswerIsTrimmedAndOtherwiseAsTyped(t *testing.T) {
	for typed, want := range map[string]string{
		"aB3xY":                   "aB3xY",
		"  a b  ":                 "a b",
		"\u00a0\u2003\tx\u3000\n": "x",
		"~!@#$%^&*()_+`-=":        "~!@#$%^&*()_+`-=",
		"123456789012":            "123456789012", // twelve digits, first one no Aadhaar's
		"234123412347":            "234123412347", // sum is wrong
	} {
		got, ok := wire.Answer(typed)
		require.True(t, ok, "%q", typed)
		require.Equal(t, want, got)
	}
	for _, typed := range []string{
		"", " ", strings.Repeat("x", 17), "a\tb", "a\u0000", "ü", "\u200b", "２３４",
		"234123412346", "2341 2341 2346", "2341-2341-2346", "x2341.23412346",
	} {
		_, ok := wire.Answer(typed)
		require.False(t, ok, "%q", typed)
	}
}

func TestASubjectIsPrintableAndNotTooLong(t *testing.T) {
	for _, s := range []string{"c", "cust-1", strings.Repeat("क", 128), "12345678901", "1234567890123", "😀"} {
		_, ok := wire.Subject(s)
		require.True(t, ok, "%q", s)
	}
	for s, want := range map[string]wire.Code{
		"":                       wire.InvalidRequest,
		strings.Repeat("x", 129): wire.InvalidRequest,
		strings.Repeat("😀", 97):  wire.InvalidRequest, // 388 bytes
		"a\x00":                  wire.InvalidRequest,
		"000000000000":           wire.SubjectLooksLikeAadhaar,
		"x 1234-5678.9012 y":     wire.SubjectLooksLikeAadhaar,
		"१२३४५६७८९०१२":           wire.SubjectLooksLikeAadhaar,
		"cust１２３４ ５６７８ ９０１２": wire.SubjectLooksLikeAadhaar,
	} {
		code, ok := wire.Subject(s)
		require.False(t, ok, "%q", s)
		require.Equal(t, want, code, "%q", s)
	}
}

func TestATokenIsOfTheAlphabetAndTheLength(t *testing.T) {
	for s, want := range map[string]bool{
		strings.Repeat("a", 16): true, strings.Repeat("Z", 64): true, "abc_DEF-0123456789": true,
		strings.Repeat("a", 15): false, strings.Repeat("a", 65): false, "aaaaaaaaaaaaaaa+": false,
		"aaaa234123412346": false, "": false,
	} {
		require.Equal(t, want, wire.Token(s, wire.MinKey, wire.MaxKey), "%q", s)
	}
}

func FuzzAnswerIsStable(f *testing.F) {
	for _, seed := range []string{"aB3", " x ", "2341 2341 2346", "\u2003", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		answer, ok := wire.Answer(typed)
		if !ok {
			return
		}
		require.False(t, wire.IsAadhaar(answer))
		require.NotEmpty(t, answer)
		require.LessOrEqual(t, len(answer), wire.MaxAnswer)
		again, ok := wire.Answer(answer)
		require.True(t, ok)
		require.Equal(t, answer, again)
	})
}
