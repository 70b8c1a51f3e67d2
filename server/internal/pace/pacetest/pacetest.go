// Package pacetest has people come to be verified, more than a plan carries, against a
// vendor that refuses what is above the plan: by one relay, and by several that share it.
package pacetest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/deepvue/sandbox"
	"ekycconnect/server/internal/pace"
)

const (
	leave = 0.3 // of those who begin: half of them after the picture, half after the OTP was sent

	// verification is how many calls one takes on average: of those who come to the end
	// 3.3, as some ask for another picture, or mistype the letters or the OTP.
	verification = 3.3 - leave/2*2.2 - leave/2*1.1

	// steady is from when on a plan is used up: before, people are still to come who go on.
	steady = time.Minute
)

// StarterAccounts is how many accounts of the plan starter tell something within three
// minutes: of the 60 calls of one, when people come by chance moves a twentieth.
const StarterAccounts = 12

// Account is an account at the vendor, and the site whose visitors use it.
type Account struct {
	// Post sends a body to a route, as a page does or as its partner's back end, and
	// returns the status, 0 for no answer at all.
	Post   func(ctx context.Context, partner bool, route string, body, into any) (status int)
	Agree  func() map[string]string // a decision of somebody new
	Vendor func() sandbox.Stats
}

// People are what a run is made of.
type People struct {
	Plan     string
	Relays   int
	Load     float64 // of what the plan carries
	Length   time.Duration
	Accounts []Account // all of this plan, with as many people each

	mu                                     sync.Mutex
	came, begun, wentOn, refused, verified int
}

// perSecond is how many calls a second a plan allows for a minute and longer, and whether
// that is what it allows in a single second.
func perSecond(plan string) (calls float64, bySecond bool) {
	limit := pace.Plans[plan]
	second, minute := float64(limit.PerSecond), float64(limit.PerMinute)/60
	return math.Min(second, minute), second <= minute
}

// Run has people come, and fails the test if the vendor has refused a call, if too many
// who went on were refused for want of allowance, or if too little of it was used, from
// when on the plan is used up.
func (p *People) Run(t *testing.T) {
	t.Helper()
	begin := time.Now()
	ctx, stop := context.WithDeadline(t.Context(), begin.Add(p.Length))
	defer stop()
	late := Lateness(ctx)
	var all sync.WaitGroup
	for _, a := range p.Accounts {
		all.Go(func() { p.come(ctx, a) })
	}
	time.Sleep(min(steady, p.Length/3))
	before, from := p.made(), time.Now()
	<-ctx.Done() // who still waits is not waited for
	after, took := p.made(), time.Since(from)
	all.Wait()

	rate, bySecond := perSecond(p.Plan)
	allowed := float64(len(p.Accounts)) * rate * took.Seconds()
	used, refused := 100*float64(after.calls-before.calls)/allowed, 100*float64(p.refused)/math.Max(1, float64(p.wentOn))
	t.Logf("plan %s, %d accounts, %d relays, load %.1f, %v: %d begun of %d, %d verified, refused after the picture %.2f %%, used of the last %.0f s %.2f %%, vendor 429s %d",
		p.Plan, len(p.Accounts), p.Relays, p.Load, p.Length, p.begun, p.came, p.verified, refused, took.Seconds(), used, after.refused)
	worst := late()
	tardy := worst > Tardy
	if tardy {
		t.Logf("this machine was up to %v late with everything", worst)
	}
	if !tardy || p.Length >= steady { // the long runs have the machine to themselves
		require.Zero(t, after.refused, "a 429 of the vendor is a defect of pacing")
	}
	// A call that comes too late for its moment costs a part of a second, of a minute
	// next to nothing; and a relay that shares the allowance gives its slot back.
	if !tardy || p.Relays == 1 {
		require.LessOrEqual(t, refused, 2.0)
	}
	if p.Length >= 2*steady && !(tardy && bySecond) { // of few calls, one is more than a percent
		require.GreaterOrEqual(t, used, map[bool]float64{true: 90, false: 95}[p.Plan == "starter"])
	}
}

// made is what the vendor has counted.
func (p *People) made() (sum struct{ calls, refused int }) {
	for _, a := range p.Accounts {
		s := a.Vendor()
		sum.calls += s.Connect + s.ReloadCaptcha + s.GenerateOTP + s.VerifyOTP - s.RateLimited
		sum.refused += s.RateLimited
	}
	return sum
}

// come has as many people come to one account as the load says, at random moments.
func (p *People) come(ctx context.Context, a Account) {
	var all sync.WaitGroup
	defer all.Wait()
	begin := time.Now()
	rate, _ := perSecond(p.Plan)
	moments := make([]time.Duration, int(math.Round(p.Load*rate*p.Length.Seconds()/verification)))
	for i := range moments {
		moments[i] = rand.N(p.Length)
	}
	slices.Sort(moments)
	for _, at := range moments {
		if !wait(ctx, time.Until(begin.Add(at))) {
			return
		}
		p.count(&p.came)
		all.Go(func() { p.person(ctx, a) })
	}
}

func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// pause is as long as somebody takes, between so many seconds; in a short run all are
// in a hurry.
func (p *People) pause(ctx context.Context, from, to float64) bool {
	took := time.Duration((from + rand.Float64()*(to-from)) * float64(time.Second))
	if p.Length < steady {
		took /= 8
	}
	return wait(ctx, took)
}

func (p *People) count(n *int) {
	p.mu.Lock()
	*n++
	p.mu.Unlock()
}

// said is what is read of any answer.
type said struct {
	Session      string `json:"session"`
	Token        string `json:"token"`
	Verification string `json:"verification"`
	Retry        string `json:"retry"`
	Code         string `json:"code"`
}

// aadhaarNumber is somebody's own; by some the emulator refuses the first letters or the first
// OTP.
func aadhaarNumber() string {
	switch at := rand.Float64(); {
	case at < 0.06:
		return "200000000066"
	case at < 0.13:
		return "200000000045"
	}
	return "234123412346"
}

// person goes from the notice to the verified person, or leaves.
func (p *People) person(ctx context.Context, a Account) {
	leaves, number := rand.Float64(), aadhaarNumber()
	status, answer := p.ask(ctx, a, false, "/v1/sessions", a.Agree())
	if status != 201 {
		return
	}
	p.count(&p.begun)
	var on sync.Once
	goesOn := func() { on.Do(func() { p.count(&p.wentOn) }) }
	reload := func(session string, from, to float64) bool {
		if !p.pause(ctx, from, to) {
			return false
		}
		goesOn()
		status, answer = p.call(ctx, a, false, "/v1/captchas", map[string]string{"session": session})
		return status == 200
	}
	for {
		for rand.Float64() < 0.08 {
			if !reload(answer.Session, 3, 8) {
				return
			}
		}
		if !p.pause(ctx, 4, 12) || leaves < leave/2 {
			return
		}
		goesOn()
		if status, answer = p.ask(ctx, a, false, "/v1/answers", map[string]string{"session": answer.Session, "answer": "abcd"}); status != 201 {
			return
		}
		if status, answer = p.ask(ctx, a, true, "/v1/siteverify", map[string]string{"response": answer.Token}); status != 200 {
			return
		}
		status, answer = p.once(ctx, a, "/v1/generate-otp", answer.Verification, "aadhaar_number", number)
		if status == 200 {
			break
		}
		if answer.Code != "vendor_refused" || !reload(answer.Retry, 2, 6) {
			return
		}
	}
	handle := answer.Verification
	for from, to := 8.0, 20.0; p.pause(ctx, from, to) && leaves >= leave; from, to = 4, 12 {
		status, answer = p.once(ctx, a, "/v1/verify-otp", handle, "otp", "123456")
		if status == 200 {
			p.count(&p.verified)
		}
		if answer.Code != "vendor_refused" {
			return
		}
	}
}

func (p *People) ask(ctx context.Context, a Account, partner bool, route string, body any) (status int, answer said) {
	return a.Post(ctx, partner, route, body, &answer), answer
}

// call is of somebody who has begun, and must not be refused for want of allowance.
func (p *People) call(ctx context.Context, a Account, partner bool, route string, body any) (status int, answer said) {
	status, answer = p.ask(ctx, a, partner, route, body)
	if answer.Code == "vendor_busy" || answer.Code == "rate_limited" {
		p.count(&p.refused)
	}
	return status, answer
}

// once makes a call for an OTP.
func (p *People) once(ctx context.Context, a Account, route, handle, name, typed string) (status int, answer said) {
	return p.call(ctx, a, true, route, map[string]string{
		"verification": handle, name: typed, "idempotency_key": fmt.Sprintf("key-%016x", rand.Uint64()),
	})
}

// Tardy is by how much a machine may be late before what the vendor's double counts
// tells nothing of pacing: about three times what a call is given for its way.
const Tardy = 15 * time.Millisecond

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
