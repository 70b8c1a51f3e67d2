package consent

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

const (
	ViaOperator  Via = "operator"  // somebody at the operator, by hand
	ViaRetention Via = "retention" // the time to keep the record was over
)

// Erasure asks for records to be erased.
type Erasure struct {
	IDs    []string
	Via    Via    // ViaOperator or ViaRetention
	Reason string // kept for ever, so it names nobody; 1 to maxReason bytes
}

// maxReason is in bytes. A reason is a reference to a case, not its story.
const maxReason = 200

type erasedText struct {
	header
	Via    Via    `json:"via"`
	Reason string `json:"reason"`
	Rows   string `json:"rows_sha256"` // vouches for the rows whose texts are blank from now on
}

// Erase removes all that is known of records but that they were there: the text
// and the salt of every event and everything by which they are found. The
// events' places in the log and their hashes stay, so that the log still proves
// all others, and an `erased` event says that this was done. It ends a consent
// that was in force. What was erased before is left as it is. All are erased, or
// none; it returns how many were.
//
// Errors: [ErrNotFound], [ErrHeld], both naming the record; [ErrUnavailable],
// after which the records may be erased already and should be erased again: then
// no copy of theirs is left in the store's own files either.
func (l *Ledger) Erase(ctx context.Context, e Erasure) (int, error) {
	if e.Via != ViaOperator && e.Via != ViaRetention {
		return 0, fmt.Errorf("consent: an erasure cannot come via %q", e.Via)
	}
	if err := checkReason(e.Reason); err != nil {
		return 0, err
	}
	ids := make([]uuid.UUID, len(e.IDs))
	for i, id := range e.IDs {
		var err error
		if ids[i], err = parseID(id); err != nil {
			return 0, fmt.Errorf("consent: erase %q: %w", id, err)
		}
	}
	erased := 0
	err := l.commit(ctx, &op{consents: ids, holds: true, judge: func(u *unitOfWork) (err error) {
		erased, err = l.erase(u, ids, e)
		return err
	}})
	if err != nil {
		return 0, err
	}
	if erased > 0 {
		l.notify()
	}
	if scrubber, ok := l.store.(Scrubber); ok {
		err = scrubber.Scrub(ctx)
	}
	return erased, err
}

// erase adds the erasures to u, after it has checked that all can be made.
func (l *Ledger) erase(u *unitOfWork, ids []uuid.UUID, e Erasure) (erased int, err error) {
	var states []State
	for _, id := range ids {
		if reason, held := u.held[id]; held {
			return 0, fmt.Errorf("consent: erase %s: %w: %s", id, ErrHeld, reason)
		}
		switch state, err := u.state(id); {
		case errors.Is(err, ErrErased):
		case err != nil:
			return 0, fmt.Errorf("consent: erase %s: %w", id, err)
		default:
			states = append(states, state)
		}
	}
	for _, state := range states {
		id := uuid.MustParse(state.ID())
		events := u.events[id]
		if _, twice := first(events, ErasedEvent); twice {
			continue // named twice
		}
		text := erasedText{newHeader(state.ID(), ErasedEvent, u.now, state.Site, "operator"), e.Via, e.Reason, rowsOf(events)}
		text.Prev = &events[len(events)-1].Index
		body, err := marshal(&text)
		if err != nil {
			return 0, err
		}
		if err := l.message(u, u.next, ErasedEvent, state, e.Via); err != nil {
			return 0, err
		}
		u.add(ErasedEvent, id, state.Site, body)
		u.batch.Upkeep.Blank = append(u.batch.Upkeep.Blank, id)
		erased++
	}
	return erased, nil
}

func rowsOf(events []Entry) string {
	var rows Rows
	for _, e := range events {
		rows.Add(e.Index, e.Kind, e.Consent, e.Site, e.At)
	}
	return rows.Sum()
}

// EraseOld erases all records of which nothing was recorded since before. It
// returns how many there were.
func (l *Ledger) EraseOld(ctx context.Context, before time.Time, reason string) (erased int, err error) {
	var after uuid.UUID
	for {
		refs, err := l.store.Old(ctx, before, after, maxGroup)
		if err != nil || len(refs) == 0 {
			return erased, err
		}
		e := Erasure{Via: ViaRetention, Reason: reason}
		for _, ref := range refs {
			e.IDs, after = append(e.IDs, ref.Consent.String()), ref.Consent
		}
		n, err := l.Erase(ctx, e)
		erased += n
		if err != nil {
			return erased, err
		}
	}
}

// Hold keeps a record from being erased until Release.
//
// Errors: [ErrNotFound], [ErrErased], [ErrUnavailable].
func (l *Ledger) Hold(ctx context.Context, id, reason string) error {
	if err := checkReason(reason); err != nil {
		return err
	}
	return l.withRecord(ctx, id, func(u *unitOfWork, consent uuid.UUID) error {
		if _, err := u.state(consent); err != nil {
			return err
		}
		u.batch.Upkeep.Hold = append(u.batch.Upkeep.Hold, Hold{consent, reason, u.now})
		if u.held != nil { // somebody in the same group wants to erase
			u.held[consent] = reason
		}
		return nil
	})
}

// Release ends a hold, if there is one.
//
// Errors: [ErrNotFound] (no such record), [ErrUnavailable].
func (l *Ledger) Release(ctx context.Context, id string) error {
	return l.withRecord(ctx, id, func(u *unitOfWork, consent uuid.UUID) error {
		if _, err := u.record(consent); err != nil {
			return err
		}
		u.batch.Upkeep.Free = append(u.batch.Upkeep.Free, consent)
		return nil
	})
}

// Holds lists all records that are held.
func (l *Ledger) Holds(ctx context.Context) ([]Hold, error) { return l.store.Holds(ctx, nil) }

func (l *Ledger) withRecord(ctx context.Context, id string, do func(*unitOfWork, uuid.UUID) error) error {
	consent, err := parseID(id)
	if err != nil {
		return err
	}
	return l.commit(ctx, &op{consents: []uuid.UUID{consent}, judge: func(u *unitOfWork) error { return do(u, consent) }})
}

func checkReason(reason string) error {
	if reason == "" || len(reason) > maxReason || !utf8.ValidString(reason) {
		return fmt.Errorf("consent: give a reason of 1 to %d bytes; it is kept, so it must name nobody", maxReason)
	}
	return nil
}

// readHolds reads the holds that the ops of a group want to know of.
func (u *unitOfWork) readHolds(ctx context.Context, r Reader, group []*op) error {
	var consents []uuid.UUID
	for _, o := range group {
		if o.holds {
			consents = append(consents, o.consents...)
		}
	}
	if len(consents) == 0 {
		return nil
	}
	holds, err := r.Holds(ctx, consents)
	if err != nil {
		return err
	}
	u.held = make(map[uuid.UUID]string, len(holds))
	for _, hold := range holds {
		u.held[hold.Consent] = hold.Reason
	}
	return nil
}
