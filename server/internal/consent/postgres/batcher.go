package postgres

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

const (
	// maxBatchKeys is how many keys one statement looks up for several callers.
	maxBatchKeys = 256

	// maxSharedKeys is how many keys a caller may have looked up together with those
	// of others. One with more gets a statement of its own: it would hold them up.
	maxSharedKeys = 16
)

// batcher looks rows up by key for many callers at once: callers that come while a
// statement runs wait for the next one, which serves all of them. Where few come,
// nobody waits; where hundreds come, each costs the database and this process a small
// part of a statement, whose planning alone takes longer than the look-up. What a
// caller gets was read after it asked.
type batcher[K comparable, R any] struct {
	read func(ctx context.Context, keys []K) ([]R, error)
	key  func(R) K

	mu      sync.Mutex
	running bool
	waiting []*batch[K, R]
}

// batch is one statement for several callers.
type batch[K comparable, R any] struct {
	keys  []K           // may repeat
	done  chan struct{} // closed when found and err are set
	found map[K][]R
	err   error
}

// get returns the rows under keys, those of one key in the order in which they were
// read. When ctx ends, the caller stops waiting; the statement goes on.
func (b *batcher[K, R]) get(ctx context.Context, keys []K) ([]R, error) {
	if len(keys) > maxSharedKeys {
		return b.read(ctx, keys)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("postgres: read: %w", err)
	}
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	r := b.join(keys)
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

// join adds keys to the next batch, and has it run if none is running.
func (b *batcher[K, R]) join(keys []K) *batch[K, R] {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.waiting); n == 0 || len(b.waiting[n-1].keys)+len(keys) > maxBatchKeys {
		b.waiting = append(b.waiting, &batch[K, R]{done: make(chan struct{})})
	}
	r := b.waiting[len(b.waiting)-1]
	r.keys = append(r.keys, keys...)
	if !b.running {
		b.running = true
		go b.run()
	}
	return r
}

// run runs one batch after the other until nobody waits.
func (b *batcher[K, R]) run() {
	for {
		b.mu.Lock()
		if len(b.waiting) == 0 {
			b.running = false
			b.mu.Unlock()
			return
		}
		r := b.waiting[0]
		b.waiting = b.waiting[1:]
		b.mu.Unlock()

		r.found = make(map[K][]R, len(r.keys))
		once := make([]K, 0, len(r.keys))
		for _, key := range r.keys {
			if _, there := r.found[key]; !there {
				r.found[key], once = nil, append(once, key)
			}
		}
		var rows []R
		rows, r.err = b.read(context.Background(), once)
		for _, row := range rows {
			key := b.key(row)
			r.found[key] = append(r.found[key], row)
		}
		close(r.done)
	}
}
