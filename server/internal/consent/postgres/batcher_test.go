package postgres

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// statements stands in for the database: each one waits until it is answered.
type statements struct {
	begun  chan []string
	answer chan error
}

func newBatcher() (*batcher[string, string], statements) {
	s := statements{make(chan []string), make(chan error)}
	b := &batcher[string, string]{
		key: func(row string) string { return row[:len(row)-1] },
		read: func(_ context.Context, keys []string) (rows []string, err error) {
			s.begun <- keys
			if err := <-s.answer; err != nil {
				return nil, err
			}
			for _, key := range keys {
				rows = append(rows, key+"1", key+"2")
			}
			return rows, nil
		},
	}
	return b, s
}

// joined waits until n keys wait for the next statement.
func (b *batcher[K, R]) joined(n int) {
	for waiting := 0; waiting < n; {
		b.mu.Lock()
		waiting = 0
		for _, r := range b.waiting {
			waiting += len(r.keys)
		}
		b.mu.Unlock()
	}
}

func TestCallersShareTheStatementThatFollowsTheRunningOne(t *testing.T) {
	b, s := newBatcher()
	var all sync.WaitGroup
	ask := func(want []string, keys ...string) {
		all.Go(func() {
			rows, err := b.get(t.Context(), keys)
			assert.NoError(t, err)
			assert.Equal(t, want, rows, "each gets its own, in their order")
		})
	}
	ask([]string{"a1", "a2"}, "a")
	require.Equal(t, []string{"a"}, <-s.begun, "nobody waits for others to come")
	ask([]string{"b1", "b2"}, "b")
	b.joined(1)
	ask([]string{"c1", "c2", "a1", "a2"}, "c", "a", "c")
	b.joined(4)
	s.answer <- nil
	require.ElementsMatch(t, []string{"a", "b", "c"}, <-s.begun, "what is asked for while a statement runs is read after it, also if that one read it")
	s.answer <- nil
	all.Wait()
}

func TestAFailedStatementIsAllItsCallersAndNoOthers(t *testing.T) {
	b, s := newBatcher()
	gone := errors.New("gone")
	var all sync.WaitGroup
	ask := func(want error) {
		all.Go(func() {
			_, err := b.get(t.Context(), []string{"a"})
			assert.ErrorIs(t, err, want)
		})
	}
	ask(nil)
	<-s.begun
	ask(gone)
	b.joined(1)
	ask(gone)
	b.joined(2)
	s.answer <- nil
	<-s.begun
	ask(nil)
	b.joined(1)
	s.answer <- gone
	<-s.begun
	s.answer <- nil
	all.Wait()
}

func TestWhoAsksForManyHoldsNobodyUpAndWhoLeavesIsNotWaitedFor(t *testing.T) {
	b, s := newBatcher()
	many := make([]string, maxSharedKeys+1)
	for i := range many {
		many[i] = "m"
	}
	var all, left sync.WaitGroup
	all.Go(func() {
		_, err := b.get(t.Context(), many)
		assert.NoError(t, err)
	})
	require.Len(t, <-s.begun, len(many))
	ctx, leave := context.WithCancel(t.Context())
	left.Go(func() {
		_, err := b.get(ctx, []string{"a"})
		assert.ErrorIs(t, err, context.Canceled)
	})
	require.Equal(t, []string{"a"}, <-s.begun, "beside the other")
	leave()
	left.Wait() // before its answer comes
	s.answer <- nil
	s.answer <- nil
	all.Wait()
	_, err := b.get(ctx, []string{"a"})
	require.ErrorIs(t, err, context.Canceled)
}

// More keys than one statement takes are read by several.
func TestAStatementHasABoundedNumberOfKeys(t *testing.T) {
	b, s := newBatcher()
	var all sync.WaitGroup
	for i := range 1 + maxBatchKeys/2 + 1 {
		all.Go(func() {
			_, err := b.get(t.Context(), []string{string(rune(2 * i)), string(rune(2*i + 1))})
			assert.NoError(t, err)
		})
		if i == 0 {
			require.Len(t, <-s.begun, 2)
		}
	}
	b.joined(maxBatchKeys + 2)
	s.answer <- nil
	require.Len(t, <-s.begun, maxBatchKeys)
	s.answer <- nil
	require.Len(t, <-s.begun, 2)
	s.answer <- nil
	all.Wait()
}
