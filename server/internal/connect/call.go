package connect

import (
	"context"
	"errors"
	"time"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/wasm/wire"
)

// lockForCall waits until no other call to the vendor is under way for a consent, and
// then checks that the consent may still be used. It comes before the admission, so
// that nobody holds a slot while waiting here.
func (s *Service) lockForCall(ctx context.Context, id string) (unlock func(), refused *Error) {
	unlock, err := s.calling.lock(ctx, id)
	if err != nil {
		return nil, vendorError(err)
	}
	state, err := s.Ledger.State(ctx, id)
	if err != nil {
		refused = unread(err)
	} else {
		refused = s.spendable(state)
	}
	if refused != nil {
		unlock()
		return nil, refused
	}
	return unlock, nil
}

// call makes vendor calls under a consent and an admission, with the consent's lock held
// (see lockForCall). It refuses when the consent is withdrawn, over or used up, and it
// commits each call as a use before it returns the outcome. number receives how many
// calls the consent has had. justGiven is the consent if this very request has recorded
// it, else nil: then it is read.
func (s *Service) call(ctx context.Context, admitted *admission, id string, justGiven *consent.State,
	do func(context.Context, Vendor, consent.Committed, deepvue.Turn) ([]consent.Call, error), number *int) *Error {
	var state consent.State
	var err error
	if justGiven != nil {
		state = *justGiven
	} else if state, err = s.Ledger.State(ctx, id); err != nil {
		return unread(err)
	}
	if refused := s.spendable(state); refused != nil {
		return refused
	}
	calls, failed := do(admitted.watched(ctx), admitted.account.vendor, state.Committed, s.turns(admitted, state))
	for _, c := range calls {
		s.Watch.VendorCall(state.Account(), c)
	}
	pause := admitted.learn(calls, failed)
	s.reportFailure(ctx, state.Account(), failed, pause)
	if *number, err = s.Ledger.Used(ctx, state.Committed, calls); err != nil { // also if the client has left
		refused := ledgerError(err)
		if refused.Code == wire.StoreUnavailable {
			refused.Detail = "the vendor was called, which could not be recorded, so its answer is not passed on; try again"
		}
		return refused
	}
	if failed != nil {
		refused := lineError(failed)
		refused.RetryAfter = max(refused.RetryAfter, pause)
		return refused
	}
	return nil
}

// unread is the refusal when a consent that was just committed cannot be read.
func unread(err error) *Error {
	refused := ledgerError(err)
	switch refused.Code {
	case wire.StoreUnavailable:
		refused.Detail = "the consent is recorded, but the store does not answer now; try again with the same idempotency_key"
	case wire.NotFound: // it was there a moment ago
		refused = &Error{Code: wire.Internal, Detail: "an unexpected error; the request id finds it in the relay's log", Cause: err}
	}
	return refused
}

// reportFailure passes a failure of the vendor on to metrics and log.
func (s *Service) reportFailure(ctx context.Context, account string, failed error, pause time.Duration) {
	v, ok := errors.AsType[*deepvue.Error](failed)
	if !ok {
		return
	}
	s.Watch.VendorFailed(account, v.Class)
	if v.Code == wire.VendorBusy {
		s.Watch.VendorLimited(account)
		s.Log.WarnContext(ctx, "the vendor refused a call as one too many: the account pauses; compare its plan here with the contract, and look who else uses its key",
			"account", account, "pause", pause)
	}
}

// spendable reports whether a consent may still be used to call the vendor.
func (s *Service) spendable(state consent.State) *Error {
	switch {
	case state.Withdrawn:
		return refuse(wire.ConsentWithdrawn, "the consent was withdrawn")
	case s.Clock().After(state.At.Add(s.Lifetimes.Session)):
		return refuse(wire.SessionExpired, "the session is over; ask for consent again")
	case state.OTP.Verified:
		return finished()
	case state.Calls >= s.Lifetimes.CallsPerConsent:
		return callsUsedUp()
	}
	return nil
}

func callsUsedUp() *Error {
	return refuse(wire.RateLimited, "this consent has had all the pictures that it is worth; ask for consent again")
}

// turns lets the client make one HTTP call after the other: as many as the consent has
// left, the first in the slot that is held and each repeat in a slot of its own, and
// none once the consent is withdrawn.
func (s *Service) turns(admitted *admission, state consent.State) deepvue.Turn {
	left, first := s.Lifetimes.CallsPerConsent-state.Calls, true
	return func(ctx context.Context) error {
		if left--; left < 0 {
			return deepvue.ErrNoTurn
		}
		if !first && !admitted.enterForRepeat(ctx) {
			return deepvue.ErrNoTurn // what the vendor said stands
		}
		if err := s.countCall(ctx, state, first); err != nil {
			if !first {
				return deepvue.ErrNoTurn
			}
			return err
		}
		if err := admitted.send(ctx, state.ID()); err != nil {
			if !first {
				return deepvue.ErrNoTurn
			}
			return err
		}
		first = false
		// Asked last: after a withdrawal no call starts.
		return s.Ledger.Standing(ctx, state.Committed)
	}
}

// countCall counts one more call of the consent where other relays may make calls of it
// at the same time. The first call after the consent was recorded here needs no
// counting: no other relay knows of the consent yet.
func (s *Service) countCall(ctx context.Context, state consent.State, first bool) error {
	if s.Calls == nil || first && state.New {
		return nil
	}
	ok, err := s.Calls.Take(ctx, state.ID(), s.Lifetimes.CallsPerConsent)
	if err == nil && !ok {
		err = errCallsUsedUp
	}
	return err
}

// errCallsUsedUp says that a consent has had all its calls.
var errCallsUsedUp = errors.New("connect: the consent has had all its calls")

// enterForRepeat takes a slot for a repeat of the call.
func (p *admission) enterForRepeat(ctx context.Context) (ok bool) {
	p.sendDone()
	return p.enter(ctx) == nil
}
