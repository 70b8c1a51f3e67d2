package connect_test

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/memory"
	"ekycconnect/server/internal/deepvue"
)

// toldStore makes each question to the store a moment, before it is asked.
type toldStore struct {
	*memory.Store
	core   *core
	broken atomic.Bool // nothing can be read
}

func (s *toldStore) Update(ctx context.Context, f func(consent.Tx) error) error {
	s.core.at("update")
	return s.Store.Update(ctx, f)
}

func (s *toldStore) Claims(ctx context.Context, keys []consent.Key) ([]consent.Claim, error) {
	s.core.at("claims")
	return s.Store.Claims(ctx, keys)
}

func (s *toldStore) Events(ctx context.Context, consents []uuid.UUID) ([]consent.Entry, error) {
	s.core.at("events")
	if s.broken.Load() {
		return nil, consent.ErrUnavailable
	}
	return s.Store.Events(ctx, consents)
}

// watcher counts what it is told; being told is a moment.
type watcher struct {
	core   *core
	mu     sync.Mutex
	counts map[string]int
}

func (w *watcher) count(what ...any) {
	w.core.at("watch")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[fmt.Sprint(what...)]++
}

// all is what was counted so far.
func (w *watcher) all() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.counts)
}

func (w *watcher) VendorCall(_ string, call consent.Call)           { w.count("call:", call.Result) }
func (w *watcher) VendorFailed(_ string, class deepvue.Class)       { w.count("failed:", class) }
func (w *watcher) VendorLimited(string)                             { w.count("429") }
func (w *watcher) Waited(_ string, _ time.Duration, outcome string) { w.count("waited:", outcome) }
func (w *watcher) Step(site string, step connect.Step)              { w.count(site, ":", step) }
func (w *watcher) Refusals(site string, many bool)                  { w.count(site, ":refused ", many) }
func (w *watcher) Limited(limit, _ string)                          { w.count("limited:", limit) }
