package connect

import (
	"context"
	"errors"
	"time"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/wasm/wire"
)

// alone waits until nobody else calls the vendor for a consent, and looks whether
// that may still be done then. It comes before the admission: who waits here holds no
// slot, which others would miss.
func (s *Service) alone(ctx context.Context, id string) (unlock func(), refused *Error) {
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

// call spends vendor calls of a consent under an admission, while nobody else does
// (see alone): it refuses when the consent is withdrawn, over or used up, and commits
// each call as used before anybody learns the outcome. number receives how many calls
// the consent has had. fresh is the consent as a commit of this very request left it:
// then it need not be read again.
func (s *Service) call(ctx context.Context, admitted *admission, id string, fresh *consent.State,
	do func(context.Context, Vendor, consent.Committed, deepvue.Turn) ([]consent.Call, error), number *int) *Error {
	var state consent.State
	var err error
	if fresh != nil {
		state = *fresh
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
	s.tell(ctx, state.Account(), failed, pause)
	// The vendor was called, so this is recorded even if the client has left.
	if *number, err = s.Ledger.Used(context.WithoutCancel(ctx), state.Committed, calls); err != nil {
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

// tell passes a failure of the vendor on to metrics and log.
func (s *Service) tell(ctx context.Context, account string, failed error, pause time.Duration) {
	var v *deepvue.Error
	if !errors.As(failed, &v) {
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
		return worn()
	}
	return nil
}

func worn() *Error {
	return refuse(wire.RateLimited, "this consent has had all the pictures that it is worth; ask for consent again")
}

// turns gives the client its turn before each HTTP call: as many as the
// consent is still worth, the first in the slot that is held and each repeat
// in one of its own, and none once the consent is withdrawn.
func (s *Service) turns(admitted *admission, state consent.State) deepvue.Turn {
	left, first := s.Lifetimes.CallsPerConsent-state.Calls, true
	return func(ctx context.Context) error {
		if left--; left < 0 {
			return deepvue.ErrNoTurn
		}
		if !first && !admitted.again(ctx) {
			return deepvue.ErrNoTurn // what the vendor said stands
		}
		if err := s.take(ctx, state, first); err != nil {
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

// take asks for one more call of the consent where other relays may call the vendor
// for it at the same time. Of the first one after the consent was recorded here no
// other relay can know.
func (s *Service) take(ctx context.Context, state consent.State, first bool) error {
	if s.Calls == nil || first && state.New {
		return nil
	}
	ok, err := s.Calls.Take(ctx, state.ID(), s.Lifetimes.CallsPerConsent)
	if err == nil && !ok {
		err = errWorn
	}
	return err
}

// errWorn says that a consent has had all its calls.
var errWorn = errors.New("connect: the consent has had all its calls")

// again takes a slot for a repeat.
func (p *admission) again(ctx context.Context) (ok bool) {
	p.sendDone()
	return p.enter(ctx) == nil
}
