package consent

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
)

// Via says by what way a consent was ended or its record erased.
type Via string

const (
	ViaReceipt Via = "receipt" // somebody who holds the receipt's address
	ViaPartner Via = "partner" // the partner's back end
)

// Withdrawal asks for the end of a consent.
type Withdrawal struct {
	ID   string
	Site string // whose it must be; empty: whoever's it is
	Via  Via
}

type withdrawnText struct {
	header
	Via Via `json:"via"`
}

// Withdraw ends a consent for good: from the moment that it returns, the
// consent is worth no vendor call and no token. What was recorded before stays.
// A second withdrawal writes nothing and returns the state that the first made.
//
// Errors: [ErrNotFound] (also for another site's), [ErrRefusal] (there was never
// a consent), [ErrErased], [ErrUnavailable], the context's.
func (l *Ledger) Withdraw(ctx context.Context, w Withdrawal) (State, error) {
	if w.Via != ViaReceipt && w.Via != ViaPartner {
		return State{}, fmt.Errorf("consent: a withdrawal cannot come via %q", w.Via)
	}
	id, err := parseID(w.ID)
	if err != nil {
		return State{}, err
	}
	var state State
	err = l.commit(ctx, &op{consents: []uuid.UUID{id}, judge: func(u *unitOfWork) error {
		var err error
		if state, err = u.state(id); err != nil {
			return err
		}
		switch {
		case w.Site != "" && state.Site != w.Site:
			return ErrNotFound
		case state.Kind != Given:
			return ErrRefusal
		case state.Withdrawn:
			return nil
		}
		events := u.events[id]
		entity := "partner"
		if w.Via == ViaReceipt {
			entity = "holder" // of the receipt's address; who that is, nobody can tell
		}
		text := withdrawnText{newHeader(state.ID(), WithdrawnEvent, u.now, state.Site, entity), w.Via}
		text.Prev = &events[len(events)-1].Index
		body, err := marshal(&text)
		if err != nil {
			return err
		}
		if err := l.message(u, u.next, WithdrawnEvent, state, w.Via); err != nil {
			return err
		}
		u.add(WithdrawnEvent, id, state.Site, body)
		state.Withdrawn, state.WithdrawnAt = true, u.now
		return nil
	}})
	if err != nil {
		return State{}, err
	}
	l.notify()
	return state, nil
}

// Standing returns nil while a consent is in force, and [ErrWithdrawn] or
// [ErrErased] afterwards. It is what a vendor call asks last before it begins.
func (l *Ledger) Standing(ctx context.Context, c Committed) error {
	events, err := l.events(ctx, c.id)
	if err != nil {
		return err
	}
	return ended(events)
}

// ended returns [ErrErased] or [ErrWithdrawn] if the consent with these events
// is no longer in force.
func ended(events []Entry) error {
	if _, erased := first(events, ErasedEvent); erased {
		return ErrErased
	}
	if _, withdrawn := first(events, WithdrawnEvent); withdrawn {
		return ErrWithdrawn
	}
	return nil
}

// first finds the oldest event of a kind.
func first(events []Entry, kind Kind) (Entry, bool) {
	i := slices.IndexFunc(events, func(e Entry) bool { return e.Kind == kind })
	if i < 0 {
		return Entry{}, false
	}
	return events[i], true
}
