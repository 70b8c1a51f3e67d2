package postgres

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

const (
	// mostGathered is how many keys one statement looks up for several callers.
	mostGathered = 256

	// ownStatement is how many keys a caller asks for that has a statement to itself:
	// it would hold up the others.
	ownStatement = 16
)

// gathered looks rows up by key for many callers at once: while one statement is
// under way, the callers that come meanwhile wait for the next, which serves all of
// them. Where few come, nobody waits; where hundreds come, each costs the database
// and this process a small part of a statement, whose planning alone takes longer
// than the looking up. What a caller gets was read after it asked.
type gathered[K comparable, R any] struct {
	read func(ctx context.Context, keys []K) ([]R, error)
	key  func(R) K

	mu      sync.Mutex
	running bool
	waiting []*round[K, R]
}

// round is one statement for several callers.
type round[K comparable, R any] struct {
	keys  []K           // may repeat
	done  chan struct{} // closed when found and err are there
	found map[K][]R
	err   error
}

// ask returns the rows under keys, those of one key in the order in which they were
// read. A context is heeded while the caller waits; the statement goes on.
func (g *gathered[K, R]) ask(ctx context.Context, keys []K) ([]R, error) {
	if len(keys) > ownStatement {
		return g.read(ctx, keys)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("postgres: read: %w", err)
	}
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	r := g.join(keys)
	select {
	case <-r.done:
	case <-ctx.Done():
		if err := whole.Err(); err != nil {
			return nil, fmt.Errorf("postgres: wait for a read: %w", err)
		}
		return nil, unavailable("wait for a read", ctx.Err())
	}
	if r.err != nil {
		return nil, r.err
	}
	var rows []R
	for i, key := range keys {
		if !slices.Contains(keys[:i], key) {
			rows = append(rows, r.found[key]...)
		}
	}
	return rows, nil
}

// join puts keys into the next round, and begins it if none is under way.
func (g *gathered[K, R]) join(keys []K) *round[K, R] {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n := len(g.waiting); n == 0 || len(g.waiting[n-1].keys)+len(keys) > mostGathered {
		g.waiting = append(g.waiting, &round[K, R]{done: make(chan struct{})})
	}
	r := g.waiting[len(g.waiting)-1]
	r.keys = append(r.keys, keys...)
	if !g.running {
		g.running = true
		go g.run()
	}
	return r
}

// run does one round after the other until nobody waits.
func (g *gathered[K, R]) run() {
	for {
		g.mu.Lock()
		if len(g.waiting) == 0 {
			g.running = false
			g.mu.Unlock()
			return
		}
		r := g.waiting[0]
		g.waiting = g.waiting[1:]
		g.mu.Unlock()

		r.found = make(map[K][]R, len(r.keys))
		once := make([]K, 0, len(r.keys))
		for _, key := range r.keys {
			if _, there := r.found[key]; !there {
				r.found[key], once = nil, append(once, key)
			}
		}
		var rows []R
		rows, r.err = g.read(context.Background(), once)
		for _, row := range rows {
			key := g.key(row)
			r.found[key] = append(r.found[key], row)
		}
		close(r.done)
	}
}
