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
		// All bodies are made before any is added: all are added or none.
		bodies := make([][]byte, len(calls))
		prev := events[len(events)-1].Index
		for i, call := range calls {
			text := usedText{
				header:   newHeader(id, Used, u.now, events[0].Site, "relay"),
				Endpoint: call.Endpoint, Result: call.Result,
				CalledAt: stamp(call.At), TransactionID: call.TransactionID,
			}
			if over == ErrErased {
				text.TransactionID = "" // what was erased is not recorded again
			}
			text.Prev = &prev
			if bodies[i], err = marshal(text); err != nil {
				return err
			}
			prev = u.next + int64(i)
		}
		for _, body := range bodies {
			u.add(Used, id, events[0].Site, body)
		}
		total = count(u.events[id], Used)
		return nil
	}})
	if err != nil {
		return 0, err
	}
	return total, over
}
