package wire_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/wire"
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
		"aaaa234123412346": false, "2341-2341-2346-a": false, "": false,
		"aaaaa234123412346": true, "key-2341-2341-2346": true, "aaaa234123412347": true,
	} {
		require.Equal(t, want, wire.Token(s, wire.MinKey, wire.MaxKey), "%q", s)
	}
}

// Some of these hold twelve digits in a row of the right sum: of UUIDs 1 in 988.
func TestNoKeyThatAMachineMakesIsRefusedByChance(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		a, b := random.Uint64(), random.Uint64()
		uuid := fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&0xffffffffffff)
		require.True(t, wire.Token(uuid, wire.MinKey, wire.MaxKey), uuid)
	}
}

func TestAClientsNamesHaveNoLongRunsOfDigits(t *testing.T) {
	decision := wire.Decision{
		Sitekey: "pk_a", Purpose: "p", Presentation: "p", NoticeSHA256: strings.Repeat("0", 64), IdempotencyKey: strings.Repeat("a", 16),
	}
	for name, row := range map[string]struct {
		client wire.Client
		member string
	}{
		"nothing":                     {wire.Client{}, ""},
		"a widget":                    {wire.Client{Channel: "widget", Version: "1.2.3-rc.1+go1.26", Build: "abcdefghijklmnop"}, ""},
		"a date":                      {wire.Client{Version: "2026.11.29"}, ""},
		"six digits":                  {wire.Client{Channel: "app-123456", Version: "123456.123456"}, ""},
		"seven digits":                {wire.Client{Version: "v1234567"}, "client.version"},
		"seven digits in the channel": {wire.Client{Channel: "1234567"}, "client.channel"},
		"a long channel":              {wire.Client{Channel: strings.Repeat("x", 17)}, "client.channel"},
		"a grouped Aadhaar number":    {wire.Client{Version: "2341-2341-2346"}, "client.version"},
		"a space":                     {wire.Client{Version: "1 2"}, "client.version"},
		"another script":              {wire.Client{Version: "१"}, "client.version"},
		"a long version":              {wire.Client{Version: strings.Repeat("x", 65)}, "client.version"},
		"a digit in the build":        {wire.Client{Build: "abc1"}, "client.build"},
		"a mark in the build":         {wire.Client{Build: "abc-d"}, "client.build"},
		"a long build":                {wire.Client{Build: strings.Repeat("x", 65)}, "client.build"},
	} {
		decision.Client = &row.client
		member, code := decision.Invalid()
		require.Equal(t, row.member, member, name)
		require.Equal(t, row.member == "", code == "", name)
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
