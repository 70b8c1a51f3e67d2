package consent

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// sheet is what a group is judged on: the rows that its members asked for, and
// what the members before have put on it, which is not yet written but will be
// in the same transaction or not at all.
type sheet struct {
	now    time.Time
	next   int64 // index of the next event
	claims map[Key]Claim
	events map[uuid.UUID][]Entry // of one consent, oldest first
	held   map[uuid.UUID]string  // reason of the hold, of consents for which an op asked
	batch  Batch

	publish bool // the newest checkpoint is to be published if it is time
}

// load reads the claims under keys, and the events of these consents and of
// those that the claims belong to.
func load(ctx context.Context, r Reader, keys []Key, consents []uuid.UUID) (*sheet, error) {
	s := &sheet{claims: make(map[Key]Claim), events: make(map[uuid.UUID][]Entry)}
	if len(keys) > 0 {
		found, err := r.Claims(ctx, keys)
		if err != nil {
			return nil, err
		}
		for _, claim := range found {
			s.claims[claim.Key] = claim
			consents = append(consents, claim.Consent)
		}
	}
	seen := make(map[uuid.UUID]bool, len(consents))
	once := make([]uuid.UUID, 0, len(consents))
	for _, id := range consents {
		if !seen[id] {
			seen[id] = true
			once = append(once, id)
		}
	}
	if len(once) == 0 {
		return s, nil
	}
	entries, err := r.Events(ctx, once)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		s.events[entry.Consent] = append(s.events[entry.Consent], entry)
	}
	return s, nil
}

// add puts one event on the sheet and returns its index.
func (s *sheet) add(kind Kind, consent uuid.UUID, site string, body []byte) int64 {
	entry := Entry{Index: s.next, Kind: kind, Consent: consent, Site: site, At: s.now, Body: body}
	s.next++
	s.batch.Entries = append(s.batch.Entries, entry)
	s.events[consent] = append(s.events[consent], entry)
	return entry.Index
}

// claim puts a claim of the event at c.Index on the sheet.
func (s *sheet) claim(c Claim, consent uuid.UUID) {
	c.Consent, c.At = consent, s.now
	s.batch.Claims = append(s.batch.Claims, c)
	s.claims[c.Key] = c
}

// place makes the event at index findable by whom it is about.
func (s *sheet) place(key Key, index int64) {
	s.batch.Places = append(s.batch.Places, Place{Key: key, Index: index})
}

// record returns all events of a consent; the first one is its decision.
func (s *sheet) record(id uuid.UUID) ([]Entry, error) {
	if events := s.events[id]; len(events) > 0 {
		return events, nil
	}
	return nil, ErrNotFound
}

// given returns all events of a consent that was given.
func (s *sheet) given(id uuid.UUID) ([]Entry, error) {
	events, err := s.record(id)
	if err == nil && events[0].Kind != Given {
		return nil, ErrNotFound
	}
	return events, err
}
