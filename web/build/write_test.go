package main

import (
	"crypto/sha512"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/wire"
)

// A widget whose name the relay refused would have every consent refused. In
// hexadecimal, 1 of some 3,000 would be.
func TestTheNameOfEveryBuildIsOneThatTheRelayTakes(t *testing.T) {
	decision := wire.Decision{
		Sitekey: "pk_a", Purpose: "p", Presentation: "p", NoticeSHA256: strings.Repeat("0", 64), IdempotencyKey: strings.Repeat("a", 16),
	}
	names := map[string]bool{}
	for n := range 10_000 {
		sum := sha512.Sum384([]byte{byte(n), byte(n >> 8)})
		decision.Client = &wire.Client{Build: letters(sum[:8])}
		member, _ := decision.Invalid()
		require.Empty(t, member, decision.Client.Build)
		names[decision.Client.Build] = true
	}
	require.Len(t, names, 10_000)
	require.Equal(t, "aappabcd", letters([]byte{0x00, 0xff, 0x01, 0x23}))
}
