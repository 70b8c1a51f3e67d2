package connect

import (
	"context"
	"errors"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/pace"
	"ekycconnect/wasm/wire"
)

// The breaker opens after so many failures in a row and lets one call through
// after this time, to see whether the vendor is back.
const (
	breakerFailures = 5
	breakerPause    = 5 * time.Second
)

// Account is one contract with the vendor: its client, its allowance and its
// breaker.
type Account struct {
	vendor  Vendor
	line    *pace.Line // nil: as many calls as come
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
	otp     *gobreaker.TwoStepCircuitBreaker[struct{}] // of generate-otp and verify-otp
	refused atomic.Value                               // refusal

	calls   chan struct{} // one element for each admission that has a connection
	waiting atomic.Int64  // for a connection

	otpSettings
}

// NewAccount puts an account together; line may be nil.
func NewAccount(v Vendor, line *pace.Line) *Account {
	return &Account{vendor: v, line: line, calls: make(chan struct{}, deepvue.Connections), breaker: newBreaker(down), otp: newBreaker(otpDown)}
}

func newBreaker(down func(error) bool) *gobreaker.TwoStepCircuitBreaker[struct{}] {
	return gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout:      breakerPause,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakerFailures },
		IsSuccessful: func(err error) bool { return !down(err) },
		IsExcluded:   func(err error) bool { return errors.Is(err, errNotCalled) },
	})
}

// down reports whether err says that the vendor is not there. A refusal, a 429
// or an odd answer comes from a vendor that is.
func down(err error) bool {
	v, ok := errors.AsType[*deepvue.Error](err)
	return ok && (v.Code == wire.VendorUnavailable || v.Code == wire.VendorTimeout)
}

// Waiting is how many visitors stand in the account's line, those included who only
// wait for a connection.
func (a *Account) Waiting() int {
	waiting := int(a.waiting.Load())
	if a.line != nil {
		waiting += a.line.Waiting()
	}
	return waiting
}

// errNotCalled ends an admission without a call: nothing is learnt of the
// vendor.
var errNotCalled = errors.New("connect: the vendor was not called")

// admission is the right to call the vendor: the breaker is closed, and a slot of
// the allowance and a connection are held. It is taken before the commit, so that a
// flood fills neither the ledger nor the vendor's day. end must follow.
type admission struct {
	account   *Account
	request   pace.Request
	slot      *pace.Slot                // nil once it is spent
	sent      atomic.Pointer[pace.Slot] // the one spent last
	done      func(error)               // tells the breaker; nil once it has been told
	connected bool                      // one of the account's connections is held
	trace     httptrace.ClientTrace
}

func (s *Service) admit(ctx context.Context, account string, r pace.Request) (*admission, *Error) {
	a := s.Accounts[account]
	if a == nil {
		return nil, refuse(wire.VendorRejected, vendorDetail[wire.VendorRejected])
	}
	if refused := a.bringsToTheEnd(r.Kind); refused != nil {
		return nil, refused
	}
	done, err := a.breakerOf(r.Kind).Allow()
	if err != nil {
		return nil, &Error{Code: wire.VendorUnavailable, Detail: vendorDetail[wire.VendorUnavailable], RetryAfter: breakerPause, Cause: err}
	}
	p := &admission{account: a, request: r, done: done}
	begin := time.Now()
	err = p.enter(ctx)
	s.Watch.Waited(account, time.Since(begin), waitOutcome(err))
	if err != nil {
		p.end()
		refused := lineError(err)
		if refused.Code == wire.RateLimited {
			s.Watch.Limited(limitDay, r.Site)
		}
		return nil, refused
	}
	return p, nil
}

func waitOutcome(err error) string {
	if err == nil {
		return waitGranted
	}
	_, busy := errors.AsType[*pace.Busy](err)
	_, spent := errors.AsType[*pace.Spent](err)
	switch {
	case busy, spent:
		return waitBusy
	case errors.Is(err, pace.ErrStore):
		return waitStore
	}
	return waitLeft
}

// enter waits for a slot, and, unless it is held, for a connection: together as long
// as anybody waits in line.
func (p *admission) enter(ctx context.Context) (err error) {
	begin := time.Now()
	if p.account.line != nil {
		if p.slot, err = p.account.line.Enter(ctx, p.request); err != nil {
			return err
		}
	}
	if p.connected {
		return nil
	}
	if err = p.account.connection(ctx, begin.Add(pace.MaxWait)); err != nil {
		return err
	}
	p.connected = true
	return nil
}

// send waits for the moment at which the slot that is held may be used, and uses it
// for a call of the consent.
func (p *admission) send(ctx context.Context, consentID string) error {
	if p.slot == nil {
		return nil
	}
	slot := p.slot
	p.slot, p.request.Consent = nil, consentID // a repeat belongs to it as well
	p.sent.Store(slot)
	return slot.Send(ctx, consentID)
}

// sendDone says that the call sent last is over.
func (p *admission) sendDone() {
	if slot := p.sent.Load(); slot != nil {
		slot.Done()
	}
}

// watched is ctx for calls whose slots learn when they really went out and
// when the vendor had them.
func (p *admission) watched(ctx context.Context) context.Context {
	if p.account.line == nil {
		return ctx
	}
	p.trace.WroteRequest = func(httptrace.WroteRequestInfo) { p.sent.Load().Sent() }
	p.trace.GotFirstResponseByte = func() { p.sent.Load().Answered() }
	return httptrace.WithClientTrace(ctx, &p.trace)
}

// learn passes on what the calls, which are over, say of the vendor. It returns how
// long to stay away after a 429.
func (p *admission) learn(calls []consent.Call, err error) (pause time.Duration) {
	p.sendDone()
	p.hangUp()
	if len(calls) == 0 && !down(err) {
		return 0
	}
	if errors.Is(err, context.Canceled) {
		return 0 // the visitor left: whether the vendor would have answered, nobody knows
	}
	p.done(err)
	p.done = nil
	v, failed := errors.AsType[*deepvue.Error](err)
	busy := failed && v.Code == wire.VendorBusy
	if err == nil || failed {
		p.account.remember(v)
	}
	switch {
	case busy && p.account.line != nil:
		return p.account.line.Refused(v.RetryAfter)
	case busy:
		return max(v.RetryAfter, time.Second)
	case err == nil && p.account.line != nil:
		p.account.line.Served()
	}
	return 0
}

// ended says that a consent needs no more calls, so that nothing is kept free for it.
func (s *Service) ended(account, consentID string) {
	if a := s.Accounts[account]; a != nil && a.line != nil {
		a.line.End(consentID)
	}
}

// end gives back what was not used.
func (p *admission) end() {
	p.sendDone()
	p.hangUp()
	if p.slot != nil {
		p.slot.Release()
		p.slot = nil
	}
	if p.done != nil {
		p.done(errNotCalled)
		p.done = nil
	}
}

// lineError turns what the line says into a refusal.
func lineError(err error) *Error {
	var busy *pace.Busy
	var spent *pace.Spent
	switch {
	case errors.As(err, &busy):
		return &Error{Code: wire.VendorBusy, Detail: vendorDetail[wire.VendorBusy], RetryAfter: busy.After}
	case errors.As(err, &spent):
		return &Error{Code: wire.RateLimited, Detail: "the site has used what it may in a day; its operator sets cap_per_day", RetryAfter: spent.After}
	case errors.Is(err, pace.ErrStore):
		return &Error{Code: wire.StoreUnavailable, Detail: "the database that relays share does not answer; try again", RetryAfter: storePause, Cause: err}
	case errors.Is(err, errCallsUsedUp):
		return callsUsedUp()
	}
	return vendorError(err)
}
