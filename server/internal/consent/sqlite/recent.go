package sqlite

import (
	"context"
	"sync"
	"time"

	"ekycconnect/server/internal/consent"

	"github.com/google/uuid"
)

// kept is how many consents are remembered: some megabytes.
const kept = 4096

// recent remembers the newest consents with all their events, as they were
// committed: most questions are about one that is minutes old, and asking SQLite
// costs twenty times as much. One process serves a directory, but a command of the
// operator's may erase beside it: see look. What it hands out must not be changed. A
// nil one remembers nothing.
type recent struct {
	mu     sync.RWMutex
	events map[uuid.UUID][]consent.Entry
	ring   [kept]uuid.UUID // of the map's keys; next is the oldest
	next   int
}

func newRecent() *recent { return &recent{events: make(map[uuid.UUID][]consent.Entry, kept)} }

// find returns the events of those that it remembers, and which it does not.
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

// forget lets go of all.
func (r *recent) forget() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.events)
}

// committed takes over what a transaction wrote, before anybody is told that it
// was committed.
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
		r.next = (r.next + 1) % kept
	default:
		return // there are earlier events
	}
	// Copied, since whoever was given the shorter one may still read it.
	r.events[e.Consent] = append(events[:len(events):len(events)], e)
}

// lookEvery is how often a store that reads looks whether another program has
// written; one that has written beside a relay waits for longer than that.
const lookEvery = 50 * time.Millisecond

// look forgets what was remembered if another program has written since. A
// transaction that is under way has looked when it began, and keeps others from
// writing.
func (s *Store) look(ctx context.Context) {
	if s.recent == nil || time.Now().UnixNano()-s.looked.Load() < int64(lookEvery) || !s.mu.TryLock() {
		return
	}
	defer s.mu.Unlock()
	if s.writer == nil || s.writer.look(ctx) != nil {
		s.recent.forget()
	}
	s.looked.Store(time.Now().UnixNano())
}

// look asks for the number that changes with every commit of another connection
// (https://www.sqlite.org/pragma.html#pragma_data_version).
func (w *writer) look(ctx context.Context) error {
	var version int64
	if err := w.version.QueryRowContext(context.WithoutCancel(ctx)).Scan(&version); err != nil {
		return failed("look for other programs", err)
	}
	if version != w.seen {
		w.recent.forget()
	}
	w.seen = version
	return nil
}

// Events implements [consent.Reader].
func (s *Store) Events(ctx context.Context, consents []uuid.UUID) ([]consent.Entry, error) {
	s.look(ctx)
	return s.recent.with(ctx, consents, func(ctx context.Context, others []uuid.UUID) ([]consent.Entry, error) {
		return read(s.aside, func() ([]consent.Entry, error) { return s.reads.Events(ctx, others) })
	})
}

// Decision implements [consent.Reader].
func (s *Store) Decision(ctx context.Context, id uuid.UUID) (consent.Entry, error) {
	s.look(ctx)
	if events, _ := s.recent.find([]uuid.UUID{id}); len(events) > 0 && ctx.Err() == nil {
		return events[0], nil
	}
	return read(s.aside, func() (consent.Entry, error) { return s.reads.Decision(ctx, id) })
}

// Events implements [consent.Reader].
func (w *writer) Events(ctx context.Context, consents []uuid.UUID) ([]consent.Entry, error) {
	return w.recent.with(ctx, consents, w.queries.Events)
}

// with reads what is not remembered.
func (r *recent) with(ctx context.Context, consents []uuid.UUID, read func(context.Context, []uuid.UUID) ([]consent.Entry, error)) ([]consent.Entry, error) {
	found, others := r.find(consents)
	if len(others) == 0 && ctx.Err() == nil {
		return found, nil
	}
	events, err := read(ctx, others)
	return append(found, events...), err
}
