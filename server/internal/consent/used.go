package consent

import (
	"context"
	"errors"

	"github.com/google/uuid"
)

// Used records what calls were made to the vendor under a consent, one event
// each, in one transaction, and returns how many there are now in all. It does
// not stop when ctx ends: the calls were made, whether or not the caller still
// waits.
//
// Errors: [ErrWithdrawn], [ErrErased] (the consent ended while the call was
// under way: it is recorded all the same, but nothing may come of it),
// [ErrNotFound], [ErrUnavailable].
func (l *Ledger) Used(ctx context.Context, c Committed, calls []Call) (total int, err error) {
	if c.IsZero() {
		return 0, errors.New("consent: a vendor call without a committed consent")
	}
	id, err := parseID(c.id)
	if err != nil {
		return 0, err
	}
	var over error
	err = l.commit(context.WithoutCancel(ctx), &op{consents: []uuid.UUID{id}, judge: func(u *unitOfWork) error {
		events, err := u.given(id)
		if err != nil {
			return err
		}
		over = ended(events)
		if _, err := u.use(events, calls, nil); err != nil {
			return err
		}
		total = count(u.events[id], Used)
		return nil
	}})
	if err != nil {
		return 0, err
	}
	return total, over
}

// use adds one `used` event for each call, and returns the index of the
// last. claims are what its text vouches for.
func (u *unitOfWork) use(events []Entry, calls []Call, claims []Claim) (last int64, err error) {
	id, site := events[0].Consent, events[0].Site
	// All bodies are made before any is added: all are added or none.
	bodies := make([][]byte, len(calls))
	prev := events[len(events)-1].Index
	for i, call := range calls {
		text := usedText{
			header:   newHeader(id.String(), Used, u.now, site, "relay"),
			Endpoint: call.Endpoint, Result: call.Result,
			CalledAt: stamp(call.At), TransactionID: call.TransactionID,
		}
		if ended(events) == ErrErased {
			text.TransactionID = "" // what was erased is not recorded again
		}
		text.Prev = &prev
		text.Lookups = Lookups(claims, nil)
		if bodies[i], err = marshal(&text); err != nil {
			return 0, err
		}
		prev = u.next + int64(i)
	}
	for _, body := range bodies {
		last = u.add(Used, id, site, body)
	}
	return last, nil
}
