// Package memory is a [consent.Store] for tests: plain maps, nothing on a disk. It
// passes the suite of every store, so a test that is not about storing may use it in
// the place of a real one. No relay runs on it.
package memory

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/translog"
)

var errClosed = fmt.Errorf("memory: store is closed: %w", consent.ErrUnavailable)

// Store is a ledger's rows in memory. It is safe for concurrent use.
type Store struct {
	*shared
	closed bool // guarded by mu
}

// shared is what the stores on the same rows have in common.
type shared struct {
	mu        sync.Mutex // held during a transaction
	committed *rows      // never changed: a transaction replaces it
}

var _ consent.Store = (*Store)(nil)

// New makes an empty store.
func New() *Store { return &Store{shared: &shared{committed: newRows()}} }

// Reopen makes another store on the same rows, as it would be after a restart or in
// another relay. It works whether or not s was closed.
func (s *Store) Reopen() *Store { return &Store{shared: s.shared} }

// Update implements [consent.Store].
func (s *Store) Update(ctx context.Context, f func(consent.Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memory: begin: %w", err)
	}
	tx := s.committed.clone()
	if err := f(tx); err != nil {
		return err
	}
	s.committed = tx
	return nil
}

// Ready implements [consent.Store].
func (s *Store) Ready(ctx context.Context) error {
	_, err := s.rows(ctx)
	return err
}

// Close implements [consent.Store].
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// rows are the committed rows.
func (s *Store) rows(ctx context.Context) (*rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("memory: read: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	return s.committed, nil
}

// read reads from the committed rows.
func read[T any](ctx context.Context, s *Store, f func(*rows) (T, error)) (T, error) {
	committed, err := s.rows(ctx)
	if err != nil {
		var none T
		return none, err
	}
	return f(committed)
}

// Claims implements [consent.Reader].
func (s *Store) Claims(ctx context.Context, keys []consent.Key) ([]consent.Claim, error) {
	return read(ctx, s, func(r *rows) ([]consent.Claim, error) { return r.Claims(ctx, keys) })
}

// Events implements [consent.Reader].
func (s *Store) Events(ctx context.Context, consents []uuid.UUID) ([]consent.Entry, error) {
	return read(ctx, s, func(r *rows) ([]consent.Entry, error) { return r.Events(ctx, consents) })
}

// Decision implements [consent.Reader].
func (s *Store) Decision(ctx context.Context, id uuid.UUID) (consent.Entry, error) {
	return read(ctx, s, func(r *rows) (consent.Entry, error) { return r.Decision(ctx, id) })
}

// Range implements [consent.Reader].
func (s *Store) Range(ctx context.Context, from int64, limit int) ([]consent.Entry, error) {
	return read(ctx, s, func(r *rows) ([]consent.Entry, error) { return r.Range(ctx, from, limit) })
}

// BySubject implements [consent.Reader].
func (s *Store) BySubject(ctx context.Context, key consent.Key, before int64, limit int) ([]consent.RecordRef, error) {
	return read(ctx, s, func(r *rows) ([]consent.RecordRef, error) { return r.BySubject(ctx, key, before, limit) })
}

// Notice implements [consent.Reader].
func (s *Store) Notice(ctx context.Context, sum [32]byte) ([]byte, error) {
	return read(ctx, s, func(r *rows) ([]byte, error) { return r.Notice(ctx, sum) })
}

// Head implements [translog.Reader].
func (s *Store) Head(ctx context.Context) (translog.Head, error) {
	return read(ctx, s, func(r *rows) (translog.Head, error) { return r.Head(ctx) })
}

// Published implements [translog.Reader].
func (s *Store) Published(ctx context.Context) (translog.Head, error) {
	return read(ctx, s, func(r *rows) (translog.Head, error) { return r.Published(ctx) })
}

// Hashes implements [translog.Reader].
func (s *Store) Hashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error) {
	return read(ctx, s, func(r *rows) ([]tlog.Hash, error) { return r.Hashes(ctx, indexes) })
}

// Leaves implements [translog.Reader].
func (s *Store) Leaves(ctx context.Context, from int64, limit int) ([][32]byte, error) {
	return read(ctx, s, func(r *rows) ([][32]byte, error) { return r.Leaves(ctx, from, limit) })
}

// LogKeys implements [translog.Reader].
func (s *Store) LogKeys(ctx context.Context) ([]string, error) {
	return read(ctx, s, func(r *rows) ([]string, error) { return r.LogKeys(ctx) })
}

// Fingerprints implements [consent.Reader].
func (s *Store) Fingerprints(ctx context.Context) ([]consent.Fingerprint, error) {
	return read(ctx, s, func(r *rows) ([]consent.Fingerprint, error) { return r.Fingerprints(ctx) })
}

// Redemptions implements [consent.Reader].
func (s *Store) Redemptions(ctx context.Context, limit int) ([]consent.Claim, error) {
	return read(ctx, s, func(r *rows) ([]consent.Claim, error) { return r.Redemptions(ctx, limit) })
}

// Messages implements [consent.UpkeepReader].
func (s *Store) Messages(ctx context.Context, limit int) ([]consent.Message, error) {
	return read(ctx, s, func(r *rows) ([]consent.Message, error) { return r.Messages(ctx, limit) })
}

// GivenUp implements [consent.UpkeepReader].
func (s *Store) GivenUp(ctx context.Context, after int64, limit int) ([]consent.Message, error) {
	return read(ctx, s, func(r *rows) ([]consent.Message, error) { return r.GivenUp(ctx, after, limit) })
}

// MessageCount implements [consent.UpkeepReader].
func (s *Store) MessageCount(ctx context.Context) (waiting, givenUp int, err error) {
	committed, err := s.rows(ctx)
	if err != nil {
		return 0, 0, err
	}
	return committed.MessageCount(ctx)
}

// Holds implements [consent.UpkeepReader].
func (s *Store) Holds(ctx context.Context, consents []uuid.UUID) ([]consent.Hold, error) {
	return read(ctx, s, func(r *rows) ([]consent.Hold, error) { return r.Holds(ctx, consents) })
}

// Decisions implements [consent.UpkeepReader].
func (s *Store) Decisions(ctx context.Context, since, until time.Time, after int64, limit int) ([]consent.RecordRef, error) {
	return read(ctx, s, func(r *rows) ([]consent.RecordRef, error) { return r.Decisions(ctx, since, until, after, limit) })
}

// Old implements [consent.UpkeepReader].
func (s *Store) Old(ctx context.Context, before time.Time, after uuid.UUID, limit int) ([]consent.RecordRef, error) {
	return read(ctx, s, func(r *rows) ([]consent.RecordRef, error) { return r.Old(ctx, before, after, limit) })
}

// TakeMessage implements [consent.Store]. Whoever asks gets the message: no test has
// two relays deliver from one of these stores.
func (s *Store) TakeMessage(ctx context.Context, now, until time.Time) (m consent.Message, ok bool, next time.Time, err error) {
	committed, err := s.rows(ctx)
	if err != nil {
		return m, false, next, err
	}
	waiting, err := committed.Messages(ctx, len(committed.messages))
	for _, m := range waiting {
		if !m.Due.After(now) || m.Due.After(now.Add(consent.MostPutOff)) || m.Tries == 0 && m.Due.After(until.Add(consent.MaxAhead)) {
			return m, true, next, nil
		}
	}
	if len(waiting) > 0 {
		next = waiting[0].Due
	}
	return m, false, next, err
}
