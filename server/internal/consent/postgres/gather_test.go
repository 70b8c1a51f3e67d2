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

func gathering() (*gathered[string, string], statements) {
	s := statements{make(chan []string), make(chan error)}
	g := &gathered[string, string]{
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
	return g, s
}

// joined waits until n keys wait for the next statement.
func (g *gathered[K, R]) joined(n int) {
	for waiting := 0; waiting < n; {
		g.mu.Lock()
		waiting = 0
		for _, r := range g.waiting {
			waiting += len(r.keys)
		}
		g.mu.Unlock()
	}
}

func TestCallersShareTheStatementThatFollowsTheRunningOne(t *testing.T) {
	g, s := gathering()
	var all sync.WaitGroup
	ask := func(want []string, keys ...string) {
		all.Go(func() {
			rows, err := g.ask(t.Context(), keys)
			assert.NoError(t, err)
			assert.Equal(t, want, rows, "each gets its own, in their order")
		})
	}
	ask([]string{"a1", "a2"}, "a")
	require.Equal(t, []string{"a"}, <-s.begun, "nobody waits for others to come")
	ask([]string{"b1", "b2"}, "b")
	g.joined(1)
	ask([]string{"c1", "c2", "a1", "a2"}, "c", "a", "c")
	g.joined(4)
	s.answer <- nil
	require.ElementsMatch(t, []string{"a", "b", "c"}, <-s.begun, "what is asked for while a statement runs is read after it, also if that one read it")
	s.answer <- nil
	all.Wait()
}

func TestAFailedStatementIsAllItsCallersAndNoOthers(t *testing.T) {
	g, s := gathering()
	gone := errors.New("gone")
	var all sync.WaitGroup
	ask := func(want error) {
		all.Go(func() {
			_, err := g.ask(t.Context(), []string{"a"})
			assert.ErrorIs(t, err, want)
		})
	}
	ask(nil)
	<-s.begun
	ask(gone)
	g.joined(1)
	ask(gone)
	g.joined(2)
	s.answer <- nil
	<-s.begun
	ask(nil)
	g.joined(1)
	s.answer <- gone
	<-s.begun
	s.answer <- nil
	all.Wait()
}

func TestWhoAsksForManyHoldsNobodyUpAndWhoLeavesIsNotWaitedFor(t *testing.T) {
	g, s := gathering()
	many := make([]string, ownStatement+1)
	for i := range many {
		many[i] = "m"
	}
	var all, left sync.WaitGroup
	all.Go(func() {
		_, err := g.ask(t.Context(), many)
		assert.NoError(t, err)
	})
	require.Len(t, <-s.begun, len(many))
	ctx, leave := context.WithCancel(t.Context())
	left.Go(func() {
		_, err := g.ask(ctx, []string{"a"})
		assert.ErrorIs(t, err, context.Canceled)
	})
	require.Equal(t, []string{"a"}, <-s.begun, "beside the other")
	leave()
	left.Wait() // before its answer comes
	s.answer <- nil
	s.answer <- nil
	all.Wait()
	_, err := g.ask(ctx, []string{"a"})
	require.ErrorIs(t, err, context.Canceled)
}

// More keys than one statement takes are read by several.
func TestAStatementHasABoundedNumberOfKeys(t *testing.T) {
	g, s := gathering()
	var all sync.WaitGroup
	for i := range 1 + mostGathered/2 + 1 {
		all.Go(func() {
			_, err := g.ask(t.Context(), []string{string(rune(2 * i)), string(rune(2*i + 1))})
			assert.NoError(t, err)
		})
		if i == 0 {
			require.Len(t, <-s.begun, 2)
		}
	}
	g.joined(mostGathered + 2)
	s.answer <- nil
	require.Len(t, <-s.begun, mostGathered)
	s.answer <- nil
	require.Len(t, <-s.begun, 2)
	s.answer <- nil
	all.Wait()
}
