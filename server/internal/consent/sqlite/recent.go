package sqlite

import (
	"context"
	"sync"

	"ekycconnect/server/internal/consent"

	"github.com/google/uuid"
)

// kept is how many consents are remembered: some megabytes.
const kept = 4096

// recent remembers the newest consents with all their events, as they were
// committed: most questions are about one that is minutes old, and asking SQLite
// costs twenty times as much. It may, since nobody else writes to the file: one
// process serves a directory. What it hands out must not be changed.
type recent struct {
	mu     sync.RWMutex
	events map[uuid.UUID][]consent.Entry
	ring   [kept]uuid.UUID // of the map's keys; next is the oldest
	next   int
}

func newRecent() *recent { return &recent{events: make(map[uuid.UUID][]consent.Entry, kept)} }

// find returns the events of those that it remembers, and which it does not.
func (r *recent) find(consents []uuid.UUID) (found []consent.Entry, others []uuid.UUID) {
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
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.events)
}

// committed takes over what a transaction wrote, before anybody is told that it
// was committed.
func (r *recent) committed(batches []consent.Batch) {
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
	e.Leaf = consent.Leaf{} // is not read with an entry
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

// Events implements [consent.Reader].
func (s *Store) Events(ctx context.Context, consents []uuid.UUID) ([]consent.Entry, error) {
	return s.recent.with(ctx, consents, s.reads.Events)
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
