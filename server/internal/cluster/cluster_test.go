package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The short form of `make cluster`.
func TestNothingIsLostWhenARelayIsKilledAndTheStandbyTakesOver(t *testing.T) {
	var out bytes.Buffer
	err := run(t.Context(), 24, 2*time.Second, some, &out)
	t.Log(out.String())
	require.NoError(t, err)
	require.Regexp(t, `acknowledged [1-9]\d+ lost 0 double-redeemed 0 over-allowance 0\n`, out.String())
}
