package connect_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptrace"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/wasm/wire"
)

// repeats is how often a call is tried anew while the vendor is not available.
const repeats = 2

// vendor is a client that does as it is told: each try takes the next failure, or
// is answered with a picture. It keeps the client's promises: a turn before each try,
// every try returned. And it holds the core to its own: at each call the consent is
// recorded, for this account, and no withdrawal of it was acknowledged.
type vendor struct {
	core *core

	mu       sync.Mutex
	failures []*deepvue.Error
	always   *deepvue.Error
	during   func() // of the next try, once it is under way
	each     func() // of every other try
	tries    int
	broken   []string // promises
}

func newVendor(t *testing.T, c *core) *vendor {
	v := &vendor{core: c}
	t.Cleanup(func() { require.Empty(t, v.broken) })
	return v
}

var failures = map[wire.Code]*deepvue.Error{
	wire.VendorUnavailable: {Code: wire.VendorUnavailable, Status: 503, Class: "server_error"},
	wire.VendorRejected:    {Code: wire.VendorRejected, Status: 401, Class: "credentials"},
	wire.VendorTimeout:     {Code: wire.VendorTimeout, Class: "deadline"},
	wire.VendorBadAnswer:   {Code: wire.VendorBadAnswer, Status: 200, Class: "html"},
	wire.VendorBusy:        {Code: wire.VendorBusy, Status: 429, Class: "rate_limit", RetryAfter: 7 * time.Second},
}

// fail makes the next tries fail.
func (v *vendor) fail(codes ...wire.Code) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, code := range codes {
		v.failures = append(v.failures, failures[code])
	}
}

// failAlways makes all tries fail, or none any more.
func (v *vendor) failAlways(code wire.Code) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.always = failures[code]
}

// next has f run while the next try is under way.
func (v *vendor) next(f func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.during = f
}

// hold stops the next try while it is under way: held is closed when it has come
// that far, and release lets it go on.
func (v *vendor) hold(t *testing.T) (held <-chan struct{}, release func()) {
	came, goOn := make(chan struct{}), make(chan struct{})
	release = sync.OnceFunc(func() { close(goOn) })
	t.Cleanup(release) // a test that fails must not hang
	v.next(func() {
		close(came)
		<-goOn
	})
	return came, release
}

// holdAll stops every try while it is under way, until release.
func (v *vendor) holdAll(t *testing.T) (release func()) {
	goOn := make(chan struct{})
	release = sync.OnceFunc(func() { close(goOn) })
	t.Cleanup(release)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.each = func() { <-goOn }
	return release
}

// calls is how many tries were made.
func (v *vendor) calls() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.tries
}

func (v *vendor) Connect(ctx context.Context, c consent.Committed, turn deepvue.Turn) (deepvue.Session, []consent.Call, error) {
	n, calls, err := v.call(ctx, c, turn, "connect")
	if err != nil {
		return deepvue.Session{}, calls, err
	}
	return deepvue.Session{ID: fmt.Sprint("session-", n), TransactionID: fmt.Sprint("txn-", n), Captcha: fmt.Sprint("picture-", n)}, calls, nil
}

func (v *vendor) ReloadCaptcha(ctx context.Context, c consent.Committed, session string, turn deepvue.Turn) (deepvue.Picture, []consent.Call, error) {
	n, calls, err := v.call(ctx, c, turn, "reload-captcha")
	if err != nil {
		return deepvue.Picture{}, calls, err
	}
	return deepvue.Picture{TransactionID: fmt.Sprint("txn-", n), Captcha: fmt.Sprint("picture-", n, " of ", session)}, calls, nil
}

func (v *vendor) GenerateOTP(ctx context.Context, c consent.Committed, session, captcha, number string, turn deepvue.Turn) (deepvue.Said, []consent.Call, error) {
	n, calls, err := v.once(ctx, c, turn, "generate-otp")
	return deepvue.Said{Status: 200, TransactionID: fmt.Sprint("txn-", n)}, calls, err
}

// VerifyOTP is tried with the real client alone, which alone can make its answer.
func (v *vendor) VerifyOTP(context.Context, consent.Committed, string, string, deepvue.Turn) (*deepvue.Verified, []consent.Call, error) {
	panic("not for these tests")
}

// once is call for what is never made twice.
func (v *vendor) once(ctx context.Context, c consent.Committed, turn deepvue.Turn, endpoint string) (n int, calls []consent.Call, err error) {
	v.core.at("vendor")
	if refused := turn(ctx); refused != nil {
		return 0, nil, fmt.Errorf("vendor: %s: %w", endpoint, refused)
	}
	n, call, err := v.try(ctx, c, endpoint)
	return n, []consent.Call{call}, err
}

func (v *vendor) call(ctx context.Context, c consent.Committed, turn deepvue.Turn, endpoint string) (n int, calls []consent.Call, err error) {
	for try := 0; ; try++ {
		v.core.at("vendor")
		if refused := turn(ctx); refused != nil {
			if try > 0 && errors.Is(refused, deepvue.ErrNoTurn) {
				return n, calls, err
			}
			return 0, calls, fmt.Errorf("vendor: %s: %w", endpoint, refused)
		}
		var call consent.Call
		n, call, err = v.try(ctx, c, endpoint)
		calls = append(calls, call)
		var failed *deepvue.Error
		if !errors.As(err, &failed) || failed.Code != wire.VendorUnavailable || try == repeats {
			return n, calls, err
		}
	}
}

func (v *vendor) try(ctx context.Context, c consent.Committed, endpoint string) (n int, call consent.Call, err error) {
	v.hear(c)
	v.mu.Lock()
	v.tries++
	n = v.tries
	failed, during := v.always, v.during
	v.during = nil
	if during == nil {
		during = v.each
	}
	if len(v.failures) > 0 {
		failed, v.failures = v.failures[0], v.failures[1:]
	}
	v.mu.Unlock()
	v.core.at("during")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if during != nil {
			during()
		}
	}()
	call = consent.Call{Endpoint: endpoint, Result: "ok", TransactionID: fmt.Sprint("txn-", n), At: v.core.clock.Now()}
	select {
	case <-ended:
		trace := httptrace.ContextClientTrace(ctx)
		if trace != nil {
			trace.WroteRequest(httptrace.WroteRequestInfo{})
			trace.GotFirstResponseByte()
		}
	case <-ctx.Done():
		call.Result = string(wire.VendorTimeout)
		return n, call, fmt.Errorf("vendor: %s: %w", endpoint, ctx.Err())
	}
	if failed != nil {
		call.Result = string(failed.Code)
		return n, call, failed
	}
	return n, call, nil
}

// hear holds a call that begins against what the core has promised.
func (v *vendor) hear(c consent.Committed) {
	state, err := v.core.other.State(context.Background(), c.ID())
	said := ""
	switch {
	case err != nil:
		said = fmt.Sprintf("a call without a recorded consent: %v", err)
	case state.Kind != consent.Given, state.Account() != account, state.VendorPurpose() != c.VendorPurpose():
		said = "a call for another consent than was recorded"
	case state.Withdrawn:
		said = "a call began after the withdrawal was acknowledged"
	}
	if said != "" {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.broken = append(v.broken, said)
	}
}
