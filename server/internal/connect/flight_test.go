package connect

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCallersWithOneKeyShareOneRun(t *testing.T) {
	synctest.Test(t, callersWithOneKeyShareOneRun)
}

func callersWithOneKeyShareOneRun(t *testing.T) {
	var f flights[int]
	var runs atomic.Int32
	started, release := make(chan struct{}), make(chan struct{})
	run := func(context.Context) (int, error) {
		runs.Add(1)
		close(started)
		<-release
		return 7, nil
	}
	results := make([]int, 20)
	var all sync.WaitGroup
	join := func(i int) {
		all.Go(func() {
			var err error
			results[i], err = f.do(t.Context(), "k", run)
			require.NoError(t, err)
		})
	}
	join(0)
	<-started
	for i := 1; i < len(results); i++ {
		join(i)
	}
	synctest.Wait() // all wait for the first
	other, err := f.do(t.Context(), "other", func(context.Context) (int, error) { return 1, nil })
	require.NoError(t, err)
	require.Equal(t, 1, other, "another key waits for nobody")
	close(release)
	all.Wait()
	for _, result := range results {
		require.Equal(t, 7, result)
	}
	require.EqualValues(t, 1, runs.Load())
	require.Empty(t, f.byKey, "nothing is kept")
}

func TestOneThatLeavesDoesNotCancelTheOthers(t *testing.T) {
	synctest.Test(t, oneThatLeavesDoesNotCancelTheOthers)
}

func oneThatLeavesDoesNotCancelTheOthers(t *testing.T) {
	var f flights[int]
	release := make(chan struct{})
	run := func(ctx context.Context) (int, error) {
		select {
		case <-release:
			return 7, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	impatient, leave := context.WithCancel(t.Context())
	left, stayed := make(chan error, 1), make(chan error, 1)
	go func() { _, err := f.do(impatient, "k", run); left <- err }()
	synctest.Wait()
	go func() { _, err := f.do(t.Context(), "k", run); stayed <- err }()
	synctest.Wait()
	leave()
	synctest.Wait()
	close(release)
	require.NoError(t, <-stayed)
	require.ErrorIs(t, <-left, context.Canceled)
}

func TestWhenAllHaveLeftTheRunIsCancelledAndNobodyJoinsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flights[int]
		cancelled, finish := make(chan struct{}), make(chan struct{})
		over := t.Context().Done() // ends the run of a test that fails
		impatient, leave := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			_, err := f.do(impatient, "k", func(ctx context.Context) (int, error) {
				select {
				case <-ctx.Done():
				case <-over:
				}
				close(cancelled)
				select {
				case <-finish: // it takes its time to end
				case <-over:
				}
				return 0, ctx.Err()
			})
			left <- err
		}()
		synctest.Wait()
		leave()
		select {
		case <-cancelled:
		case <-time.After(time.Minute):
			require.Fail(t, "the run goes on though nobody waits for it")
		}
		again, err := f.do(t.Context(), "k", func(context.Context) (int, error) { return 8, nil })
		require.NoError(t, err)
		require.Equal(t, 8, again)
		close(finish)
		require.ErrorIs(t, <-left, context.Canceled)
	})
}

// Else the vendor may have been called before the run is cancelled, and the call of
// somebody who was never there counts as one that the vendor did not answer.
func TestNothingIsBegunForACallerThatHasLeft(t *testing.T) {
	var f flights[int]
	gone, leave := context.WithCancel(t.Context())
	leave()
	_, err := f.do(gone, "k", func(context.Context) (int, error) {
		require.Fail(t, "it ran")
		return 0, nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, f.byKey)
}

func TestAPanicIsAnErrorForAllThatWait(t *testing.T) {
	var f flights[int]
	_, err := f.do(t.Context(), "k", func(context.Context) (int, error) { panic(errors.New("canary")) })
	require.ErrorContains(t, err, "panic of type *errors.errorString")
	require.NotContains(t, err.Error(), "canary")
	require.Empty(t, f.byKey)
}

func TestALockIsHeldByOneAndForgottenAfterAll(t *testing.T) {
	var l locks
	inside, most := 0, 0
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			unlock, err := l.lock(t.Context(), "k")
			require.NoError(t, err)
			inside++
			most = max(most, inside)
			inside--
			unlock()
		})
	}
	all.Wait()
	require.Equal(t, 1, most)
	require.Empty(t, l.held)

	unlock, err := l.lock(t.Context(), "k")
	require.NoError(t, err)
	other, err := l.lock(t.Context(), "other")
	require.NoError(t, err, "another key waits for nobody")
	other()
	gone, leave := context.WithCancel(t.Context())
	leave()
	_, err = l.lock(gone, "k")
	require.ErrorIs(t, err, context.Canceled)
	unlock()
	require.Empty(t, l.held)
}
