package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// The short form of `make crash`.
func TestNothingAcknowledgedIsLostWhenTheRelayIsKilled(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), 10, 32, &out))
	require.Contains(t, out.String(), "rounds 10 lost 0\n")
}
