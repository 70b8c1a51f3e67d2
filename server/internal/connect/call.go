package connect

import (
	"context"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/wasm/wire"
)

// call spends vendor calls of a consent under an admission: it refuses when
// the consent is withdrawn, over or used up, and commits each call as used
// before anybody learns the outcome. number receives how many calls the
// consent has had.
func (s *Service) call(ctx context.Context, admitted *admission, id string,
	do func(context.Context, Vendor, consent.Committed, deepvue.Turn) ([]consent.Call, error), number *int) *Error {
	unlock, err := s.calling.lock(ctx, id)
	if err != nil {
		return vendorError(err)
	}
	defer unlock()
	// Read under the lock, so that two calls at once cannot both be the last.
	state, err := s.Ledger.State(ctx, id)
	if err != nil {
		return ledgerError(err)
	}
	if refused := s.spendable(state); refused != nil {
		return refused
	}
	calls, failed := do(ctx, admitted.account.vendor, state.Committed, s.turns(admitted, state))
	for _, c := range calls {
		s.OnCall(state.Account(), c)
	}
	pause := admitted.learn(calls, failed)
	// The vendor was called, so this is recorded even if the client has left.
	if *number, err = s.Ledger.Used(context.WithoutCancel(ctx), state.Committed, calls); err != nil {
		refused := ledgerError(err)
		if refused.Code == wire.StoreUnavailable {
			refused.Detail = "the vendor was called, which could not be recorded, so its answer is not passed on; try again"
		}
		return refused
	}
	if failed != nil {
		refused := vendorError(failed)
		refused.RetryAfter = max(refused.RetryAfter, pause)
		return refused
	}
	return nil
}

// spendable reports whether a consent may still be used to call the vendor.
func (s *Service) spendable(state consent.State) *Error {
	switch {
	case state.Withdrawn:
		return refuse(wire.ConsentWithdrawn, "the consent was withdrawn")
	case s.Clock().After(state.At.Add(s.Lifetimes.Session)):
		return refuse(wire.SessionExpired, "the session is over; ask for consent again")
	case state.Calls >= s.Lifetimes.CallsPerConsent:
		return refuse(wire.RateLimited, "this consent has had all the pictures that it is worth; ask for consent again")
	}
	return nil
}

// turns gives the client its turn before each HTTP call: as many as the
// consent is still worth, the first at the place that is held and each repeat
// at a place of its own, and none once the consent is withdrawn.
func (s *Service) turns(admitted *admission, state consent.State) deepvue.Turn {
	left, first := s.Lifetimes.CallsPerConsent-state.Calls, true
	return func(ctx context.Context) error {
		if left--; left < 0 {
			return deepvue.ErrNoTurn
		}
		if !first && admitted.enter(ctx) != nil {
			return deepvue.ErrNoTurn // no place in time: what the vendor said stands
		}
		first = false
		if err := s.Ledger.Standing(ctx, state.Committed); err != nil {
			return err
		}
		admitted.send()
		return nil
	}
}
