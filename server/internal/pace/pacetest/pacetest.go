// Package pacetest judges runs at a plan's whole allowance, against a vendor that
// refuses what is above it: by one relay, and by several that share it.
package pacetest

import (
	"context"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/deepvue/sandbox"
	"ekycconnect/server/internal/pace"
)

// perSecond is how many calls a second a plan allows for a minute and longer.
func perSecond(plan string) float64 {
	limit := pace.Plans[plan]
	return math.Min(float64(limit.PerSecond), float64(limit.PerMinute)/60)
}

// Gap is the time between two visitors who are half as many again as a plan allows.
func Gap(plan string) time.Duration {
	return time.Duration(float64(time.Second) / (1.5 * perSecond(plan)))
}

// Run is what became of visitors for some time.
type Run struct {
	Plan    string
	Who     string // for the log, such as ", 3 relays"
	Took    time.Duration
	Vendor  sandbox.Stats  // at the end
	Answers map[string]int // to the visitors
	Late    time.Duration  // by how much this machine was late, see Lateness
	Least   float64        // of the allowance that is to be used, from 0 to 1
}

// Judge fails the test if the vendor has refused a call, or too little of the
// allowance was used.
func (r Run) Judge(t *testing.T) {
	t.Helper()
	allowed := perSecond(r.Plan) * r.Took.Seconds()
	use := float64(r.Vendor.Connect-r.Vendor.RateLimited) / allowed
	t.Logf("plan %s%s, %v: %d calls of %.0f allowed, use %.2f %%, vendor 429s %d; answers %v",
		r.Plan, r.Who, r.Took.Round(time.Millisecond), r.Vendor.Connect, allowed, 100*use, r.Vendor.RateLimited, r.Answers)
	require.Zero(t, r.Vendor.RateLimited, "a 429 of the vendor is a defect of pacing")
	least := r.Least
	if r.Late > 15*time.Millisecond {
		t.Logf("this machine was up to %v late with everything: what it could not use says nothing of pacing", r.Late)
		least = 0.5
	}
	require.GreaterOrEqual(t, use, least)
}

// Lateness measures by how much this machine keeps programs waiting, until it is
// asked.
func Lateness(ctx context.Context) func() time.Duration {
	const nap = 5 * time.Millisecond
	var mu sync.Mutex
	var worst time.Duration
	go func() {
		for ctx.Err() == nil {
			begin := time.Now()
			time.Sleep(nap)
			mu.Lock()
			worst = max(worst, time.Since(begin)-nap)
			mu.Unlock()
		}
	}()
	return func() time.Duration { mu.Lock(); defer mu.Unlock(); return worst }
}
