package memory

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"ekycconnect/server/internal/consent"
)

// Messages implements [consent.UpkeepReader].
func (r *rows) Messages(_ context.Context, limit int) ([]consent.Message, error) {
	var waiting []consent.Message
	for _, m := range r.messages {
		if !m.Due.IsZero() {
			waiting = append(waiting, m)
		}
	}
	slices.SortFunc(waiting, func(a, b consent.Message) int { return a.Due.Compare(b.Due) })
	return page(waiting, 0, limit), nil
}

// GivenUp implements [consent.UpkeepReader].
func (r *rows) GivenUp(_ context.Context, after int64, limit int) ([]consent.Message, error) {
	var all []consent.Message
	for _, m := range r.messages {
		if m.Due.IsZero() && m.Index > after {
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b consent.Message) int { return cmp.Compare(a.Index, b.Index) })
	return page(all, 0, limit), nil
}

// MessageCount implements [consent.UpkeepReader].
func (r *rows) MessageCount(context.Context) (waiting, givenUp int, err error) {
	for _, m := range r.messages {
		if m.Due.IsZero() {
			givenUp++
		} else {
			waiting++
		}
	}
	return waiting, givenUp, nil
}

// ForgetMessages implements [consent.Tx].
func (r *rows) ForgetMessages(_ context.Context, before time.Time) (int, error) {
	n := len(r.messages)
	maps.DeleteFunc(r.messages, func(_ int64, m consent.Message) bool { return m.Due.IsZero() && m.Made.Before(before) })
	return n - len(r.messages), nil
}

// Holds implements [consent.UpkeepReader].
func (r *rows) Holds(_ context.Context, consents []uuid.UUID) (holds []consent.Hold, err error) {
	for id, hold := range r.holds {
		if consents == nil || slices.Contains(consents, id) {
			holds = append(holds, hold)
		}
	}
	return holds, nil
}

// Decisions implements [consent.UpkeepReader].
func (r *rows) Decisions(_ context.Context, since, until time.Time, after int64, limit int) ([]consent.RecordRef, error) {
	return r.decided(after, limit, func(e consent.Entry) bool { return !e.At.Before(since) && e.At.Before(until) })
}

// Old implements [consent.UpkeepReader].
func (r *rows) Old(_ context.Context, before time.Time, after uuid.UUID, limit int) ([]consent.RecordRef, error) {
	lively := map[uuid.UUID]bool{}
	for _, e := range r.entries {
		if e.Kind == consent.ErasedEvent || !e.At.Before(before) {
			lively[e.Consent] = true
		}
	}
	old, err := r.decided(-1, len(r.entries), func(e consent.Entry) bool {
		_, held := r.holds[e.Consent]
		return !held && !lively[e.Consent] && bytes.Compare(e.Consent[:], after[:]) > 0
	})
	slices.SortFunc(old, func(a, b consent.RecordRef) int { return bytes.Compare(a.Consent[:], b.Consent[:]) })
	return page(old, 0, limit), err
}

// decided are the first decisions above an index that are wanted.
func (r *rows) decided(after int64, limit int, wanted func(consent.Entry) bool) (found []consent.RecordRef, err error) {
	for _, e := range r.entries {
		decision := e.Kind == consent.Given || e.Kind == consent.Refused
		if decision && e.Index > after && len(found) < limit && wanted(e) {
			found = append(found, consent.RecordRef{Index: e.Index, Consent: e.Consent})
		}
	}
	return found, nil
}
