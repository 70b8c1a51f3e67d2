package connect

import (
	"context"

	"ekycconnect/server/internal/consent"
	"ekycconnect/wasm/wire"
)

// Decline records that the person does not agree. The vendor is not called.
func (s *Service) Decline(ctx context.Context, r *wire.DeclineRequest, from Visitor) (wire.DeclineReply, error) {
	d, refused := s.decision(ctx, &r.Decision, r, from, s.Limits.Declines)
	if refused != nil {
		return wire.DeclineReply{}, refused
	}
	d.Alternative = r.Alternative
	state, repeated, err := s.Ledger.Repeat(ctx, consent.Refused, *d)
	if err == nil && !repeated {
		if state, err = s.Ledger.Refuse(ctx, *d); err == nil {
			s.Watch.Step(d.Site, StepDecline)
		}
	}
	if err != nil {
		return wire.DeclineReply{}, ledgerError(err)
	}
	trail(ctx).Consent = state.ID()
	return wire.DeclineReply{Consent: *s.reference(state)}, nil
}
