package main

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/pace/pacetest"
)

// paceTime is how long the run against the emulator's own limiter takes; `make
// pace` takes a minute.
var paceTime = flag.Duration("pace", 8*time.Second, "length of the run at a plan's full allowance")

// Visitors come faster than the plan allows, to three relays, while the vendor
// refuses what is above it.
func TestTheWholeAllowanceIsSpentByThreeRelaysAndTheVendorNeverRefuses(t *testing.T) {
	const plan = "growth"
	c, err := start(t.Context(), plan)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.close(!t.Failed())) })
	page := newClient(c.url, c.secret, 100)
	shown, err := page.view(t.Context())
	require.NoError(t, err)

	tick := time.NewTicker(pacetest.Gap(plan))
	defer tick.Stop()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	var mu sync.Mutex
	answers := map[string]int{}
	var visitors sync.WaitGroup
	late := pacetest.Lateness(ctx)
	begin := time.Now()
	for time.Since(begin) < *paceTime {
		visitors.Go(func() {
			var reply struct {
				Code string `json:"code"`
			}
			status := page.page(ctx, "/v1/sessions", shown.decision(), &reply)
			mu.Lock()
			defer mu.Unlock()
			answers[fmt.Sprint(status, " ", reply.Code)]++
		})
		<-tick.C
	}
	took := time.Since(begin)
	stats, err := c.vendorStats(t.Context())
	require.NoError(t, err)
	leave() // who still waits is not waited for
	visitors.Wait()

	least := 0.99
	if *paceTime < 30*time.Second { // of so few calls, one is more than a percent
		least = 0.9
	}
	who := fmt.Sprintf(", %d relays", relays)
	pacetest.Run{Plan: plan, Who: who, Took: took, Vendor: stats, Answers: answers, Late: late(), Least: least}.Judge(t)
}
