package consent

import (
	"context"
	"errors"

	"github.com/google/uuid"
)

// Give records that the person agreed. If the idempotency key was used for an
// equal request before, it returns that consent and writes nothing.
//
// Errors: [ErrConflict] (key used for another request), [ErrTicketUsed],
// [ErrUnavailable], the context's.
func (l *Ledger) Give(ctx context.Context, d Decision) (State, error) {
	return l.decide(ctx, Given, &d)
}

// Refuse records that the person did not agree. Its errors are those of Give,
// but it spends no ticket.
func (l *Ledger) Refuse(ctx context.Context, d Decision) (State, error) {
	return l.decide(ctx, Refused, &d)
}

// Repeat tells whether a decision of this kind (Given or Refused) was recorded
// under d's site and idempotency key. It writes nothing.
//
// Errors: [ErrConflict] (recorded for another request), [ErrUnavailable].
func (l *Ledger) Repeat(ctx context.Context, kind Kind, d Decision) (State, bool, error) {
	claims, err := l.store.Claims(ctx, []Key{l.hash.decision(kind, &d)})
	if err != nil || len(claims) == 0 {
		return State{}, false, err
	}
	if claims[0].Proof != l.hash.request(&d) {
		return State{}, false, ErrConflict
	}
	state, err := l.State(ctx, claims[0].Consent.String())
	return state, err == nil, err
}

// earlier is the decision recorded under an idempotency key, if any.
func (u *unitOfWork) earlier(key, request Key) (State, bool, error) {
	claim, ok := u.claims[key]
	if !ok {
		return State{}, false, nil
	}
	if claim.Proof != request {
		return State{}, false, ErrConflict
	}
	state, err := u.state(claim.Consent)
	return state, err == nil, err
}

func (l *Ledger) decide(ctx context.Context, kind Kind, d *Decision) (State, error) {
	if err := d.check(); err != nil {
		return State{}, err
	}
	key, request := l.hash.decision(kind, d), l.hash.request(d)
	principal, ticket := l.hash.subject(d.Site, d.Subject), l.hash.ticketID(d.Site, d.TicketID)
	spends := kind == Given && d.TicketID != ""
	keys := []Key{key}
	if spends {
		keys = append(keys, ticket)
	}
	var state State
	err := l.commit(ctx, &op{keys: keys, judge: func(u *unitOfWork) error {
		var known bool
		var err error
		if state, known, err = u.earlier(key, request); known || err != nil {
			return err
		}
		if _, spent := u.claims[ticket]; spends && spent {
			return ErrTicketUsed
		}
		id := newID(u.now)
		decided := newState(id, kind, d)
		claims := []Claim{{Key: key, Proof: request}}
		if spends {
			claims = append(claims, Claim{Key: ticket})
		}
		var subjects []Key
		if d.Subject != "" {
			subjects = append(subjects, principal)
		}
		body, err := decisionBody(decided.ID(), kind, u.now, l.validity, principal, Lookups(claims, subjects), d)
		if err != nil {
			return err
		}
		index := u.add(kind, id, d.Site, body)
		for _, claim := range claims {
			claim.Index = index
			u.claim(claim, id)
		}
		for _, key := range subjects {
			u.index(key, index)
		}
		state = decided
		state.At = u.now
		return nil
	}})
	if err != nil {
		return State{}, err
	}
	return state, nil
}

// newState is what decide returns once the commit is through.
func newState(id uuid.UUID, kind Kind, d *Decision) State {
	return State{
		Committed: Committed{id: id.String(), account: d.Account, vendorPurpose: d.VendorPurpose, given: kind == Given},
		Site:      d.Site, Purpose: d.Purpose, Kind: kind, New: true,
	}
}

// check finds what only a programming error leaves out.
func (d *Decision) check() error {
	switch "" {
	case d.Site, d.Account, d.Purpose, d.VendorPurpose, d.NoticeSHA256, d.Lang, d.Nonce, d.Actor, d.IdempotencyKey:
		return errors.New("consent: a decision lacks its site, account, purpose, notice, language, nonce, actor or idempotency key")
	}
	return nil
}
