package sqlite

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"ekycconnect/server/internal/consent"
)

// recentSize is how many consents are cached: some megabytes.
const recentSize = 4096

// recent caches the newest consents with all their committed events: most questions
// are about a consent that is minutes old, and asking SQLite costs twenty times as
// much. An operator's command may erase in the same file while the relay serves: see
// checkVersion. Callers must not change what find returns. A nil recent caches
// nothing.
type recent struct {
	mu     sync.RWMutex
	events map[uuid.UUID][]consent.Entry
	ring   [recentSize]uuid.UUID // the map's keys; the oldest is at next
	next   int
}

func newRecent() *recent { return &recent{events: make(map[uuid.UUID][]consent.Entry, recentSize)} }

// find returns the events of the consents that are cached, and the other consents.
func (r *recent) find(consents []uuid.UUID) (found []consent.Entry, others []uuid.UUID) {
	if r == nil {
		return nil, consents
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, id := range consents {
		if events, ok := r.events[id]; ok {
			found = append(found, events...)
		} else {
			others = append(others, id)
		}
	}
	return found, others
}

// clear empties the cache.
func (r *recent) clear() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.events)
}

// committed takes over what a transaction wrote. It must be called before anybody is
// told that the transaction is committed.
func (r *recent) committed(batches []consent.Batch) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range batches {
		for _, e := range b.Entries {
			r.add(e)
		}
		for _, id := range b.Upkeep.Blank {
			delete(r.events, id)
		}
	}
}

func (r *recent) add(e consent.Entry) {
	events, known := r.events[e.Consent]
	switch {
	case known:
	case e.Kind == consent.Given || e.Kind == consent.Refused:
		delete(r.events, r.ring[r.next])
		r.ring[r.next] = e.Consent
		r.next = (r.next + 1) % recentSize
	default:
		return // there are earlier events
	}
	r.events[e.Consent] = append(events, e)
}

// versionCheckEvery is how often reads check whether another process has written. A
// process that has written to a shared store waits for longer than that before it
// ends.
const versionCheckEvery = 50 * time.Millisecond

// checkVersion empties the cache if another process has written since the last check.
// It does nothing during a transaction: that has checked when it began, and no other
// process writes before it ends.
func (s *Store) checkVersion(ctx context.Context) {
	if s.recent == nil || time.Now().UnixNano()-s.checked.Load() < int64(versionCheckEvery) || !s.mu.TryLock() {
		return
	}
	defer s.mu.Unlock()
	if s.writer == nil || s.writer.checkVersion(ctx) != nil {
		s.recent.clear()
	}
	s.checked.Store(time.Now().UnixNano())
}

// checkVersion reads the number that changes with every commit of another connection
// (https://www.sqlite.org/pragma.html#pragma_data_version).
func (w *writer) checkVersion(ctx context.Context) error {
	var version int64
	if err := w.dataVersion.QueryRowContext(context.WithoutCancel(ctx)).Scan(&version); err != nil {
		return failed("read the data version", err)
	}
	if version != w.version {
		w.recent.clear()
	}
	w.version = version
	return nil
}

// Events implements [consent.Reader].
func (s *Store) Events(ctx context.Context, consents []uuid.UUID) ([]consent.Entry, error) {
	s.checkVersion(ctx)
	return s.recent.with(ctx, consents, func(ctx context.Context, others []uuid.UUID) ([]consent.Entry, error) {
		return read(s.readers, func() ([]consent.Entry, error) { return s.reads.Events(ctx, others) })
	})
}

// Decision implements [consent.Reader].
func (s *Store) Decision(ctx context.Context, id uuid.UUID) (consent.Entry, error) {
	s.checkVersion(ctx)
	if events, _ := s.recent.find([]uuid.UUID{id}); len(events) > 0 && ctx.Err() == nil {
		return events[0], nil
	}
	return read(s.readers, func() (consent.Entry, error) { return s.reads.Decision(ctx, id) })
}

// Events implements [consent.Reader].
func (w *writer) Events(ctx context.Context, consents []uuid.UUID) ([]consent.Entry, error) {
	return w.recent.with(ctx, consents, w.queries.Events)
}

// with returns the events of consents, and calls read for those that are not cached.
func (r *recent) with(ctx context.Context, consents []uuid.UUID, read func(context.Context, []uuid.UUID) ([]consent.Entry, error)) ([]consent.Entry, error) {
	found, others := r.find(consents)
	if len(others) == 0 && ctx.Err() == nil {
		return found, nil
	}
	events, err := read(ctx, others)
	return append(found, events...), err
}
