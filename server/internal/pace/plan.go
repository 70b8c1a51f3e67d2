// Package pace spends a vendor account's allowance: all of it, never more, and
// fairly. Who may call next stands in a line; the line knows when each call was
// sent and lets the next one go as soon as every window has room again.
//
// Windows and plans: https://docs.deepvue.ai/rate-limits. The vendor counts per
// API key, and each window on its own.
package pace

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// Plan is how many calls the vendor allows in any second, minute and day.
type Plan struct {
	PerSecond int `yaml:"per_second"`
	PerMinute int `yaml:"per_minute"`
	PerDay    int `yaml:"per_day"`
}

// Plans are the vendor's plans by name.
var Plans = map[string]Plan{
	"starter":    {1, 30, 1_000},
	"business":   {2, 100, 10_000},
	"growth":     {5, 500, 20_000},
	"enterprise": {17, 1_000, 50_000},
}

// PlanNamed finds one of [Plans].
func PlanNamed(name string) (Plan, error) {
	plan, ok := Plans[name]
	if !ok {
		return plan, fmt.Errorf("pace: no plan %q; the vendor's are %s", name, strings.Join(slices.Sorted(maps.Keys(Plans)), ", "))
	}
	return plan, nil
}

// window is one of a plan's limits.
type window struct {
	length time.Duration
	limit  int
}

// A share of a plan may have them longer or shorter than these.
func (w window) ofSecond() bool { return w.length < 30*time.Second }
func (w window) ofDay() bool    { return w.length > time.Hour }

const day = 24 * time.Hour

// windowNames are what the windows are called, in their order.
var windowNames = [...]string{"second", "minute", "day"}

// windows are those of a share of the plan. Of 1.5 calls a second there is one in each
// 667 ms, of 0.3 one in each 3.34 s.
func (p Plan) windows(share float64) []window {
	windows := []window{{time.Second, p.PerSecond}, {time.Minute, p.PerMinute}, {day, p.PerDay}}
	for i, w := range windows {
		part := share * float64(w.limit)
		limit := max(1, math.Floor(part+1e-9))
		windows[i] = window{time.Duration(float64(w.length) * limit / part), int(limit)}
	}
	return windows
}
