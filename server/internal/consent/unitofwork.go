package consent

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
)

// unitOfWork is what one transaction is about for its group: the rows that the
// members asked for, and what members have added so far. That is written in the same
// transaction or not at all, and the members that follow are judged on it.
type unitOfWork struct {
	now    time.Time
	next   int64 // index of the next event
	claims map[Key]Claim
	events map[uuid.UUID][]Entry // of one consent, oldest first
	held   map[uuid.UUID]string  // reason of the hold, of consents for which an op asked
	otp    []OTPClaim            // of calls for which an op asked
	batch  Batch

	publish bool // the newest checkpoint is to be published if it is time
}

// load reads the claims under keys, and the events of these consents and of
// those that the claims belong to.
func load(ctx context.Context, r Reader, keys []Key, consents []uuid.UUID) (*unitOfWork, error) {
	u := &unitOfWork{claims: make(map[Key]Claim), events: make(map[uuid.UUID][]Entry)}
	if len(keys) > 0 {
		found, err := r.Claims(ctx, keys)
		if err != nil {
			return nil, err
		}
		for _, claim := range found {
			u.claims[claim.Key] = claim
			consents = append(consents, claim.Consent)
		}
	}
	if len(consents) == 0 {
		return u, nil
	}
	consents = slices.SortedFunc(slices.Values(consents), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	entries, err := r.Events(ctx, slices.Compact(consents))
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		u.events[entry.Consent] = append(u.events[entry.Consent], entry)
	}
	return u, nil
}

// add adds one event and returns its index.
func (u *unitOfWork) add(kind Kind, consent uuid.UUID, site string, body []byte) int64 {
	entry := Entry{Index: u.next, Kind: kind, Consent: consent, Site: site, At: u.now, Body: body}
	u.next++
	u.batch.Entries = append(u.batch.Entries, entry)
	u.events[consent] = append(u.events[consent], entry)
	return entry.Index
}

// claim adds a claim of the event at c.Index.
func (u *unitOfWork) claim(c Claim, consent uuid.UUID) {
	c.Consent, c.At = consent, u.now
	u.batch.Claims = append(u.batch.Claims, c)
	u.claims[c.Key] = c
}

// index adds the decision at index to those about the subject behind key.
func (u *unitOfWork) index(key Key, index int64) {
	u.batch.Subjects = append(u.batch.Subjects, SubjectRow{Key: key, Index: index})
}

// record returns all events of a consent; the first one is its decision.
func (u *unitOfWork) record(id uuid.UUID) ([]Entry, error) {
	if events := u.events[id]; len(events) > 0 {
		return events, nil
	}
	return nil, ErrNotFound
}

// given returns all events of a consent that was given.
func (u *unitOfWork) given(id uuid.UUID) ([]Entry, error) {
	events, err := u.record(id)
	if err == nil && events[0].Kind != Given {
		return nil, ErrNotFound
	}
	return events, err
}
