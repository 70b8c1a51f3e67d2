package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/pace"
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

	limit := pace.Plans[plan]
	perSecond := math.Min(float64(limit.PerSecond), float64(limit.PerMinute)/60)
	tick := time.NewTicker(time.Duration(float64(time.Second) / (1.5 * perSecond)))
	defer tick.Stop()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	var mu sync.Mutex
	answers := map[string]int{}
	var visitors sync.WaitGroup
	late := lateness(ctx)
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

	allowed := perSecond * took.Seconds()
	use := float64(stats.Connect-stats.RateLimited) / allowed
	t.Logf("plan %s, %d relays, %v: %d calls of %.0f allowed, use %.2f %%, vendor 429s %d; answers %v",
		plan, relays, took.Round(time.Millisecond), stats.Connect, allowed, 100*use, stats.RateLimited, answers)
	require.Zero(t, stats.RateLimited, "a 429 of the vendor is a defect of pacing")
	least := 0.99
	if *paceTime < 30*time.Second { // of so few calls, one is more than a percent
		least = 0.9
	}
	if worst := late(); worst > 15*time.Millisecond {
		t.Logf("this machine was up to %v late with everything: what it could not use says nothing of pacing", worst)
		least = 0.5
	}
	require.GreaterOrEqual(t, use, least)
}

// lateness measures by how much this machine keeps programs waiting, until it is
// asked.
func lateness(ctx context.Context) func() time.Duration {
	var mu sync.Mutex
	var worst time.Duration
	go func() {
		for ctx.Err() == nil {
			begin := time.Now()
			time.Sleep(5 * time.Millisecond)
			mu.Lock()
			worst = max(worst, time.Since(begin)-5*time.Millisecond)
			mu.Unlock()
		}
	}()
	return func() time.Duration { mu.Lock(); defer mu.Unlock(); return worst }
}
