package main

import (
	"context"
	"flag"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/deepvue/sandbox"
	"ekycconnect/server/internal/pace/pacetest"
)

// paceTime is how long the run against the emulator's own limiter takes; `make
// pace` takes three.
var paceTime = flag.Duration("pace", 8*time.Second, "length of the run at a plan's full allowance")

// People come to three relays, more than the plan carries, while the vendor refuses what
// is above it.
func TestTheWholeAllowanceIsSpentByThreeRelaysAndTheVendorNeverRefuses(t *testing.T) {
	const plan = "growth"
	c, err := start(t.Context(), plan)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.close(!t.Failed())) })
	page := newClient(c.url, c.secret, 100)
	shown, err := page.view(t.Context())
	require.NoError(t, err)
	people := pacetest.People{
		Plan: plan, Relays: relays, Length: *paceTime,
		Post: func(ctx context.Context, partner bool, route string, body, into any) int {
			headers := map[string]string{"Origin": origin}
			if partner {
				headers = page.bearer()
			}
			status, _ := page.do(ctx, http.MethodPost, route, body, headers, into)
			return status
		},
		Agree: shown.decision,
		Vendor: func() sandbox.Stats {
			stats, err := c.vendorStats(t.Context())
			require.NoError(t, err)
			return stats
		},
	}
	people.Run(t)
}
