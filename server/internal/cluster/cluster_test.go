package main

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/pace/pacetest"
)

// The short form of `make cluster`.
func TestNothingIsLostWhenARelayIsKilledAndTheStandbyTakesOver(t *testing.T) {
	var out bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	late := pacetest.Lateness(ctx)
	err := run(ctx, 24, 2*time.Second, some, &out)
	t.Log(out.String())
	require.Regexp(t, `acknowledged [1-9]\d+ lost 0 double-redeemed 0 over-allowance \d+\n`, out.String())
	// The vendor's double counts a call when it gets to it. On a machine that keeps
	// programs waiting, as with other tests beside this one, that may be any time
	// after the call, and of a relay that was killed meanwhile no other one knows by
	// how much: `make cluster` has the machine to itself.
	if worst := late(); worst > pacetest.Tardy && errors.Is(err, errRefused) {
		t.Logf("this machine was up to %v late with everything: %v", worst, err)
		return
	}
	require.NoError(t, err)
}
