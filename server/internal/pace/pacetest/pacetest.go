// Package pacetest has people come to be verified, half as many again as a plan carries,
// against a vendor that refuses what is above the plan: by one relay, and by several
// that share it.
package pacetest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/deepvue/sandbox"
	"ekycconnect/server/internal/pace"
)

const (
	verification = 3.3 // calls
	overload     = 1.5
	leave        = 0.3 // of those who begin: half of them after the picture, half after the OTP was sent

	// steady is from when on a plan is used up: before, people are still to come who go on.
	steady = time.Minute
)

// People are what a run is made of.
type People struct {
	Plan   string
	Relays int
	Length time.Duration

	// Post sends a body to a route, as a page does or as its partner's back end, and
	// returns the status, 0 for no answer at all.
	Post   func(ctx context.Context, partner bool, route string, body, into any) (status int)
	Agree  func() map[string]string // a decision of somebody new
	Vendor func() sandbox.Stats

	mu                                     sync.Mutex
	came, begun, wentOn, refused, verified int
}

// perSecond is how many calls a second a plan allows for a minute and longer.
func perSecond(plan string) float64 {
	limit := pace.Plans[plan]
	return math.Min(float64(limit.PerSecond), float64(limit.PerMinute)/60)
}

// Run has people come, and fails the test if the vendor has refused a call, if somebody
// who went on was refused for want of allowance, or if too little of it was used.
func (p *People) Run(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	late := Lateness(ctx)
	var all sync.WaitGroup
	begin, warm := time.Now(), p.Length-2*p.Length/3
	var before sandbox.Stats
	counted := time.Time{}
	for time.Since(begin) < p.Length {
		p.came++
		all.Go(func() { p.person(ctx) })
		time.Sleep(time.Duration(rand.ExpFloat64() * verification / (overload * perSecond(p.Plan)) * float64(time.Second)))
		if counted.IsZero() && time.Since(begin) >= warm {
			before, counted = p.Vendor(), time.Now()
		}
	}
	after, took := p.Vendor(), time.Since(counted)
	stop() // who still waits is not waited for
	all.Wait()

	calls, allowed := made(after)-made(before), perSecond(p.Plan)*took.Seconds()
	used, refused := 100*float64(calls)/allowed, 100*float64(p.refused)/math.Max(1, float64(p.wentOn))
	t.Logf("plan %s, %d relays, load %.1f, %v: %d begun of %d, %d verified, refused after the picture %.2f %%, used %.2f %%, vendor 429s %d",
		p.Plan, p.Relays, overload, p.Length, p.begun, p.came, p.verified, refused, used, after.RateLimited)
	require.Zero(t, after.RateLimited, "a 429 of the vendor is a defect of pacing")
	if worst := late(); worst > 15*time.Millisecond {
		t.Logf("this machine was up to %v late with everything: what it could not use says nothing of pacing", worst)
		return
	}
	require.LessOrEqual(t, refused, 2.0)
	if p.Length >= 2*steady { // of few calls, one is more than a percent
		require.GreaterOrEqual(t, used, map[bool]float64{true: 80, false: 90}[p.Plan == "starter"])
	}
}

func made(s sandbox.Stats) int {
	return s.Connect + s.ReloadCaptcha + s.GenerateOTP + s.VerifyOTP - s.RateLimited
}

// pause is as long as somebody takes, between so many seconds; in a short run all are
// in a hurry.
func (p *People) pause(ctx context.Context, from, to float64) bool {
	took := time.Duration((from + rand.Float64()*(to-from)) * float64(time.Second))
	if p.Length < steady {
		took /= 8
	}
	select {
	case <-time.After(took):
		return true
	case <-ctx.Done():
		return false
	}
}

func (p *People) count(n *int) {
	p.mu.Lock()
	*n++
	p.mu.Unlock()
}

// person goes from the notice to the verified person, or leaves.
func (p *People) person(ctx context.Context) {
	var said struct {
		Session      string `json:"session"`
		Token        string `json:"token"`
		Verification string `json:"verification"`
		Code         string `json:"code"`
	}
	if p.Post(ctx, false, "/v1/sessions", p.Agree(), &said) != 201 {
		return
	}
	p.count(&p.begun)
	leaves := rand.Float64()
	if !p.pause(ctx, 4, 12) || leaves < leave/2 {
		return
	}
	if p.Post(ctx, false, "/v1/answers", map[string]string{"session": said.Session, "answer": "abcd"}, &said) != 201 ||
		p.Post(ctx, true, "/v1/siteverify", map[string]string{"response": said.Token}, &said) != 200 {
		return
	}
	p.count(&p.wentOn)
	if !p.once(ctx, "/v1/generate-otp", said.Verification, "aadhaar_number", "234123412346", &said.Verification) {
		return
	}
	if !p.pause(ctx, 8, 20) || leaves < leave {
		return
	}
	var none string
	if p.once(ctx, "/v1/verify-otp", said.Verification, "otp", "123456", &none) {
		p.count(&p.verified)
	}
}

// once makes a call for an OTP.
func (p *People) once(ctx context.Context, route, verification, name, typed string, next *string) bool {
	var said struct {
		Verification string `json:"verification"`
		Code         string `json:"code"`
	}
	body := map[string]string{"verification": verification, name: typed, "idempotency_key": fmt.Sprintf("key-%016x", rand.Uint64())}
	status := p.Post(ctx, true, route, body, &said)
	if said.Code == "vendor_busy" || said.Code == "rate_limited" {
		p.count(&p.refused)
	}
	*next = said.Verification
	return status == 200
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
