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
		return 0, fmt.Errorf("consent: nothing is erased by way of %q", e.Via)
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
	err := l.commit(ctx, &op{consents: ids, holds: true, judge: func(s *sheet) (err error) {
		erased, err = l.erase(s, ids, e)
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

// erase puts the erasures on the sheet, after it has found that all can be.
func (l *Ledger) erase(s *sheet, ids []uuid.UUID, e Erasure) (erased int, err error) {
	var states []State
	for _, id := range ids {
		if reason, held := s.held[id]; held {
			return 0, fmt.Errorf("consent: erase %s: %w: %s", id, ErrHeld, reason)
		}
		switch state, err := s.state(id); {
		case errors.Is(err, ErrErased):
		case err != nil:
			return 0, fmt.Errorf("consent: erase %s: %w", id, err)
		default:
			states = append(states, state)
		}
	}
	for _, state := range states {
		id := uuid.MustParse(state.ID())
		events := s.events[id]
		if _, twice := first(events, ErasedEvent); twice {
			continue // named twice
		}
		text := erasedText{newHeader(id, ErasedEvent, s.now, state.Site, "operator"), e.Via, e.Reason, rowsOf(events)}
		text.Prev = &events[len(events)-1].Index
		body, err := marshal(text)
		if err != nil {
			return 0, err
		}
		if err := l.message(s, s.next, ErasedEvent, state, e.Via); err != nil {
			return 0, err
		}
		s.add(ErasedEvent, id, state.Site, body)
		s.batch.Upkeep.Blank = append(s.batch.Upkeep.Blank, id)
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
	after := int64(-1)
	for {
		places, err := l.store.Old(ctx, before, after, maxGroup)
		if err != nil || len(places) == 0 {
			return erased, err
		}
		e := Erasure{Via: ViaRetention, Reason: reason}
		for _, place := range places {
			e.IDs, after = append(e.IDs, place.Consent.String()), place.Index
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
	return l.withRecord(ctx, id, func(s *sheet, consent uuid.UUID) error {
		if _, err := s.state(consent); err != nil {
			return err
		}
		s.batch.Upkeep.Hold = append(s.batch.Upkeep.Hold, Hold{consent, reason, s.now})
		if s.held != nil { // somebody in the same group wants to erase
			s.held[consent] = reason
		}
		return nil
	})
}

// Release ends a hold, if there is one.
//
// Errors: [ErrNotFound] (no such record), [ErrUnavailable].
func (l *Ledger) Release(ctx context.Context, id string) error {
	return l.withRecord(ctx, id, func(s *sheet, consent uuid.UUID) error {
		if _, err := s.record(consent); err != nil {
			return err
		}
		s.batch.Upkeep.Free = append(s.batch.Upkeep.Free, consent)
		return nil
	})
}

// Holds lists all records that are held.
func (l *Ledger) Holds(ctx context.Context) ([]Hold, error) { return l.store.Holds(ctx, nil) }

func (l *Ledger) withRecord(ctx context.Context, id string, do func(*sheet, uuid.UUID) error) error {
	consent, err := parseID(id)
	if err != nil {
		return err
	}
	return l.commit(ctx, &op{consents: []uuid.UUID{consent}, judge: func(s *sheet) error { return do(s, consent) }})
}

func checkReason(reason string) error {
	if reason == "" || len(reason) > maxReason || !utf8.ValidString(reason) {
		return fmt.Errorf("consent: give a reason of 1 to %d bytes; it is kept, so it must name nobody", maxReason)
	}
	return nil
}

// readHolds reads the holds that the ops of a group want to know of.
func (s *sheet) readHolds(ctx context.Context, r Reader, group []*op) error {
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
	s.held = make(map[uuid.UUID]string, len(holds))
	for _, hold := range holds {
		s.held[hold.Consent] = hold.Reason
	}
	return nil
}
