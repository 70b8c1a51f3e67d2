package memory

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/translog"
)

// rows are all that a store holds. A transaction works on a copy.
type rows struct {
	entries   []consent.Entry // by index
	leaves    []translog.Leaf // by index
	claims    map[consent.Key]consent.Claim
	subjects  []consent.SubjectRow // by rising index
	notices   map[[32]byte][]byte
	head      translog.Head
	published translog.Head // the newest
	logKeys   []string      // in the order in which they came
	prints    []consent.Fingerprint
	messages  map[int64]consent.Message
	holds     map[uuid.UUID]consent.Hold
	otp       map[consent.Key]consent.OTPClaim
}

var _ consent.Tx = (*rows)(nil)

func newRows() *rows {
	return &rows{
		claims: map[consent.Key]consent.Claim{}, notices: map[[32]byte][]byte{},
		messages: map[int64]consent.Message{}, holds: map[uuid.UUID]consent.Hold{},
		otp: map[consent.Key]consent.OTPClaim{},
	}
}

func (r *rows) clone() *rows {
	c := *r
	c.entries, c.leaves, c.subjects, c.logKeys = slices.Clone(r.entries), slices.Clone(r.leaves), slices.Clone(r.subjects), slices.Clone(r.logKeys)
	c.claims, c.notices, c.messages, c.holds = maps.Clone(r.claims), maps.Clone(r.notices), maps.Clone(r.messages), maps.Clone(r.holds)
	c.prints = slices.Clone(r.prints)
	c.otp = maps.Clone(r.otp)
	return &c
}

// Claims implements [consent.Reader].
func (r *rows) Claims(_ context.Context, keys []consent.Key) (claims []consent.Claim, err error) {
	for _, key := range keys {
		if claim, ok := r.claims[key]; ok {
			claims = append(claims, claim)
		}
	}
	return claims, nil
}

// Events implements [consent.Reader].
func (r *rows) Events(_ context.Context, consents []uuid.UUID) (found []consent.Entry, err error) {
	for _, e := range r.entries {
		if slices.Contains(consents, e.Consent) {
			found = append(found, e)
		}
	}
	return found, nil
}

// Decision implements [consent.Reader].
func (r *rows) Decision(_ context.Context, id uuid.UUID) (consent.Entry, error) {
	for _, e := range r.entries {
		if e.Consent == id {
			return e, nil
		}
	}
	return consent.Entry{}, consent.ErrNotFound
}

// Range implements [consent.Reader].
func (r *rows) Range(_ context.Context, from int64, limit int) ([]consent.Entry, error) {
	return slices.Clone(page(r.entries, from, limit)), nil
}

// page is at most limit of all from one on.
func page[T any](all []T, from int64, limit int) []T {
	from = min(from, int64(len(all)))
	return all[from:min(from+int64(limit), int64(len(all)))]
}

// BySubject implements [consent.Reader].
func (r *rows) BySubject(_ context.Context, key consent.Key, before int64, limit int) (found []consent.RecordRef, err error) {
	for _, s := range slices.Backward(r.subjects) {
		if s.Key == key && s.Index < before && len(found) < limit {
			found = append(found, consent.RecordRef{Index: s.Index, Consent: r.entries[s.Index].Consent})
		}
	}
	return found, nil
}

// Notice implements [consent.Reader].
func (r *rows) Notice(_ context.Context, sum [32]byte) ([]byte, error) {
	if text, ok := r.notices[sum]; ok {
		return text, nil
	}
	return nil, consent.ErrNotFound
}

// Head implements [translog.Reader].
func (r *rows) Head(context.Context) (translog.Head, error) { return r.head, nil }

// Published implements [translog.Reader].
func (r *rows) Published(context.Context) (translog.Head, error) { return r.published, nil }

// Hashes implements [translog.Reader].
func (r *rows) Hashes(_ context.Context, indexes []int64) ([]tlog.Hash, error) {
	return translog.HashesOf(indexes, func(leaves []int64, row func(leaf int64, entry, above []byte)) error {
		for _, i := range leaves {
			if i < int64(len(r.leaves)) {
				row(i, r.leaves[i].Entry[:], r.leaves[i].AboveBytes())
			}
		}
		return nil
	})
}

// Leaves implements [translog.Reader].
func (r *rows) Leaves(_ context.Context, from int64, limit int) (entries [][32]byte, err error) {
	for _, leaf := range page(r.leaves, from, limit) {
		entries = append(entries, leaf.Entry)
	}
	return entries, nil
}

// LogKeys implements [translog.Reader].
func (r *rows) LogKeys(context.Context) ([]string, error) {
	latest := slices.Clone(r.logKeys)
	slices.Reverse(latest)
	return latest, nil
}

// Fingerprints implements [consent.Reader].
func (r *rows) Fingerprints(context.Context) ([]consent.Fingerprint, error) { return r.prints, nil }

// Redemptions implements [consent.Reader].
func (r *rows) Redemptions(_ context.Context, limit int) (found []consent.Claim, err error) {
	for _, claim := range r.claims {
		if r.entries[claim.Index].Kind == consent.RedeemedEvent {
			found = append(found, claim)
		}
	}
	slices.SortFunc(found, func(a, b consent.Claim) int { return int(b.Index - a.Index) })
	return page(found, 0, limit), nil
}

// Size implements [consent.Tx].
func (r *rows) Size(context.Context) (n int64, newest time.Time, err error) {
	if n = int64(len(r.entries)); n > 0 {
		newest = r.entries[n-1].At
	}
	return n, newest, nil
}
