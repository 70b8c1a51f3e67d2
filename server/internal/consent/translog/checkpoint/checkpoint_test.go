package checkpoint_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"

	"ekycconnect/server/internal/consent/translog/checkpoint"
)

const origin = "relay.example/v1/log"

func newKey(t *testing.T, name string, b byte) (checkpoint.Key, note.Verifier) {
	key, err := checkpoint.NewKey(name, bytes.Repeat([]byte{b}, 32))
	require.NoError(t, err)
	verifier, err := note.NewVerifier(key.Public)
	require.NoError(t, err)
	return key, verifier
}

func TestASignedCheckpointOpensWithEitherOfTwoKeys(t *testing.T) {
	first, firstPublic := newKey(t, origin, 1)
	second, secondPublic := newKey(t, origin, 2)
	_, stranger := newKey(t, origin, 3)
	c := checkpoint.Checkpoint{Origin: origin, Size: 17, Root: [32]byte{9}}
	signed, err := checkpoint.Sign(c, first, second)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(signed), origin+"\n17\nCQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— "+origin+" "))
	for _, verifier := range []note.Verifier{firstPublic, secondPublic} {
		got, err := checkpoint.Open(signed, origin, note.VerifierList(verifier))
		require.NoError(t, err)
		require.Equal(t, c, got)
	}
	var unverified *note.UnverifiedNoteError
	_, err = checkpoint.Open(signed, origin, note.VerifierList(stranger))
	require.ErrorAs(t, err, &unverified)
	_, err = checkpoint.Open(signed, "other.example/v1/log", note.VerifierList(firstPublic))
	require.ErrorIs(t, err, checkpoint.ErrOrigin)

	only, err := checkpoint.Only(signed, origin, secondPublic.KeyHash())
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(only), "— "))
	_, err = checkpoint.Open(only, origin, note.VerifierList(secondPublic))
	require.NoError(t, err)
	_, err = checkpoint.Open(only, origin, note.VerifierList(firstPublic))
	require.ErrorAs(t, err, &unverified)
	_, err = checkpoint.Only(signed, origin, stranger.KeyHash())
	require.Error(t, err)
}

func TestACheckpointHasOneSpelling(t *testing.T) {
	key, verifier := newKey(t, origin, 1)
	signed, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: origin, Size: 17}, key)
	require.NoError(t, err)
	text := string(signed)
	for name, other := range map[string]string{
		"empty":                  "",
		"no signature":           text[:strings.Index(text, "—")],
		"carriage returns":       strings.ReplaceAll(text, "\n", "\r\n"),
		"size with a zero":       strings.Replace(text, "\n17\n", "\n017\n", 1),
		"size with a sign":       strings.Replace(text, "\n17\n", "\n+17\n", 1),
		"negative size":          strings.Replace(text, "\n17\n", "\n-17\n", 1),
		"huge size":              strings.Replace(text, "\n17\n", "\n9223372036854775808\n", 1),
		"extension line":         strings.Replace(text, "=\n\n", "=\nmore\n\n", 1),
		"unused bits, root":      strings.Replace(text, "A=\n\n", "B=\n\n", 1),
		"unused bits, signature": unusedBits(t, text),
		"signature twice":        text + text[strings.Index(text, "—"):],
		"without last newline":   strings.TrimSuffix(text, "\n"),
		"bytes after":            text + "\n",
		"short root":             strings.Replace(text, "AAAA", "", 1),
	} {
		_, _, err := checkpoint.Parse([]byte(other))
		require.ErrorIs(t, err, checkpoint.ErrForm, name)
		_, err = checkpoint.Open([]byte(other), origin, note.VerifierList(verifier))
		require.Error(t, err, name)
	}
}

// unusedBits sets bits of the last base64 digit that decode to nothing.
func unusedBits(t *testing.T, text string) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	at := strings.LastIndex(text, "=\n") - 1
	for at > 0 && text[at] == '=' {
		at--
	}
	other := text[:at] + string(digits[strings.IndexByte(digits, text[at])|1]) + text[at+1:]
	require.NotEqual(t, text, other)
	b64 := strings.TrimSpace(other[strings.LastIndex(other, " ")+1:])
	_, err := base64.StdEncoding.DecodeString(b64)
	require.NoError(t, err, "the lenient decoder takes it")
	return other
}

func TestKeysThatCannotNameALogAreRefused(t *testing.T) {
	for _, name := range []string{"", "a b", "a+b", "a\nb"} {
		_, err := checkpoint.NewKey(name, make([]byte, 32))
		require.Error(t, err, "%q", name)
	}
	_, err := checkpoint.NewKey(origin, make([]byte, 31))
	require.Error(t, err)
}

func TestVerifierKeysAreReadALineEach(t *testing.T) {
	first, _ := newKey(t, origin, 1)
	second, _ := newKey(t, origin, 2)
	keys, err := checkpoint.Verifiers("\n" + first.Public + "\n\n" + second.Public + "\r\n")
	require.NoError(t, err)
	require.Len(t, keys, 2)
	for _, bad := range []string{"", "\n", "no key", first.Public + "x", first.Public + " " + second.Public} {
		_, err := checkpoint.Verifiers(bad)
		require.ErrorContains(t, err, "/v1/log/vkey", bad)
	}
}
