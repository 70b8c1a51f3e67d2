package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"slices"
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
	type run struct {
		plan     string
		load     float64
		accounts int
	}
	runs := []run{{"growth", 1.5, 1}}
	if *paceTime >= time.Minute {
		runs = append(runs, run{"starter", 1.5, pacetest.StarterAccounts}, run{"starter", 5, pacetest.StarterAccounts})
	}
	var plans []string
	for _, r := range runs {
		plans = append(plans, slices.Repeat([]string{r.plan}, r.accounts)...)
	}
	c, err := start(t.Context(), plans...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.close(!t.Failed())) })
	sites := c.sites
	for _, r := range runs {
		own := sites[:r.accounts]
		sites = sites[r.accounts:]
		t.Run(fmt.Sprint(r.plan, " ", r.load), func(t *testing.T) {
			t.Parallel()
			people := pacetest.People{Plan: r.plan, Relays: relays, Load: r.load, Length: *paceTime}
			for _, s := range own {
				people.Accounts = append(people.Accounts, c.account(t, s))
			}
			people.Run(t)
		})
	}
}

// account is that of a site.
func (c *cluster) account(t *testing.T, s *site) pacetest.Account {
	t.Helper()
	page := newClient(c.url, s, 100)
	shown, err := page.view(t.Context())
	require.NoError(t, err)
	return pacetest.Account{
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
			stats, err := s.vendorStats(t.Context())
			require.NoError(t, err)
			return stats
		},
	}
}
