package consent_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/sqlite"
	"ekycconnect/server/internal/consent/storetest"
)

func newFaulty(t testing.TB, options ...consent.Option) (*consent.Ledger, *storetest.Faulty, *storetest.Clock) {
	store, err := sqlite.Open(t.TempDir())
	require.NoError(t, err)
	faulty, clock := &storetest.Faulty{Store: store}, storetest.NewClock()
	l := storetest.NewLedger(t, faulty, clock, options...)
	faulty.Reset() // beginning the log took one
	return l, faulty, clock
}

func key(i int) string { return fmt.Sprintf("idempotency-key-%04d", i) }

// queued waits until n callers wait for the next group.
func queued(l *consent.Ledger, n int) {
	for l.Queued() < n {
		runtime.Gosched()
	}
}

func TestWritersShareTheCommitThatFollowsTheRunningOne(t *testing.T) {
	l, faulty, _ := newFaulty(t)
	held, release := faulty.Hold()
	var all sync.WaitGroup
	give := func(i int, want error) {
		all.Go(func() {
			d := storetest.Decision(key(i))
			d.Digest[31] = byte(i)
			d.TicketID = fmt.Sprint("ticket-", i%100)
			_, err := l.Give(t.Context(), d)
			if want == nil {
				assert.NoError(t, err)
			} else {
				assert.ErrorIs(t, err, want)
			}
		})
	}
	give(0, nil)
	<-held
	for i := 1; i < 100; i++ {
		give(i, nil)
	}
	queued(l, 99)
	// A member's conflict is its own: the others of its group are committed.
	give(100, consent.ErrTicketUsed)
	queued(l, 100)
	all.Go(func() {
		d := storetest.Decision(key(99))
		d.Digest[30] = 1
		_, err := l.Give(t.Context(), d)
		assert.ErrorIs(t, err, consent.ErrConflict)
	})
	queued(l, 101)
	release()
	all.Wait()
	require.Equal(t, 2, faulty.Transactions(), "one for the first, one for all that came meanwhile")
	for i := range 100 {
		d := storetest.Decision(key(i))
		d.Digest[31] = byte(i)
		_, known, err := l.Repeat(t.Context(), consent.Given, d)
		require.NoError(t, err)
		require.True(t, known)
	}
}

func TestOneConsentGoesItsWholeWayInsideAGroup(t *testing.T) {
	l, faulty, _ := newFaulty(t)
	given, err := l.Give(t.Context(), storetest.Decision(key(1)))
	require.NoError(t, err)
	before := faulty.Transactions()
	held, release := faulty.Hold()
	var all sync.WaitGroup
	all.Go(func() { _, _ = l.Give(t.Context(), storetest.Decision(key(2))) })
	<-held
	var totals sync.Map
	for range 5 {
		all.Go(func() {
			total, err := l.Used(t.Context(), given.Committed, []consent.Call{{Endpoint: "connect", Result: "ok"}})
			assert.NoError(t, err)
			totals.Store(total, true)
		})
	}
	all.Go(func() {
		_, err := l.Redeem(t.Context(), consent.Redemption{ConsentID: given.ID(), JTI: "j", Token: "t", Reply: "r"})
		assert.NoError(t, err)
	})
	queued(l, 6)
	release()
	all.Wait()
	require.Equal(t, before+2, faulty.Transactions())
	for total := 1; total <= 5; total++ {
		_, counted := totals.Load(total)
		require.True(t, counted, "each caller got a total of its own")
	}
	record, err := l.Consent(t.Context(), given.Site, given.ID())
	require.NoError(t, err)
	require.Len(t, record.Events, 7)
	for i, event := range record.Events[1:] {
		require.Contains(t, string(event.Body), fmt.Sprintf(`"prev_event":%d`, record.Events[i].Index))
	}
}

func TestAHoldStopsAnErasureThatFollowsInItsGroup(t *testing.T) {
	l, faulty, _ := newFaulty(t)
	given, err := l.Give(t.Context(), storetest.Decision(key(1)))
	require.NoError(t, err)
	held, release := faulty.Hold()
	var all sync.WaitGroup
	all.Go(func() { _, _ = l.Give(t.Context(), storetest.Decision(key(2))) })
	<-held
	all.Go(func() { assert.NoError(t, l.Hold(t.Context(), given.ID(), "court")) })
	queued(l, 1)
	all.Go(func() {
		_, err := l.Erase(t.Context(), consent.Erasure{IDs: []string{given.ID()}, Via: consent.ViaOperator, Reason: "case"})
		assert.ErrorIs(t, err, consent.ErrHeld)
	})
	queued(l, 2)
	before := faulty.Transactions()
	release()
	all.Wait()
	require.Equal(t, before+2, faulty.Transactions(), "one for the first, one for both")
	_, err = l.State(t.Context(), given.ID())
	require.NoError(t, err)
}

func TestOneKeyAndOneTokenInOneGroupAreOneEventEach(t *testing.T) {
	l, faulty, _ := newFaulty(t)
	given, err := l.Give(t.Context(), storetest.Decision(key(1)))
	require.NoError(t, err)
	held, release := faulty.Hold()
	var all sync.WaitGroup
	all.Go(func() { _, _ = l.Give(t.Context(), storetest.Decision(key(2))) })
	<-held
	var ids sync.Map
	var redeemed, repeated, seen atomic.Int32
	for i := range 50 {
		all.Go(func() {
			state, err := l.Give(t.Context(), storetest.Decision(key(3)))
			assert.NoError(t, err)
			assert.False(t, state.IsZero())
			ids.Store(state.ID(), true)
		})
		all.Go(func() {
			r := consent.Redemption{ConsentID: given.ID(), JTI: "j", Token: "t", IdempotencyKey: "the-key-of-all", Reply: key(i)}
			if i%2 == 0 {
				r.IdempotencyKey = key(i)
			}
			got, err := l.Redeem(t.Context(), r)
			switch {
			case err != nil:
				assert.ErrorIs(t, err, consent.ErrSeen)
				seen.Add(1)
			case got.Repeat:
				repeated.Add(1)
			default:
				redeemed.Add(1)
			}
		})
	}
	queued(l, 100)
	before := faulty.Transactions()
	release()
	all.Wait()
	require.Equal(t, before+2, faulty.Transactions())
	ids.Delete(given.ID())
	count := 0
	ids.Range(func(_, _ any) bool { count++; return true })
	require.Equal(t, 1, count)
	require.EqualValues(t, 1, redeemed.Load())
	require.EqualValues(t, 49, repeated.Load()+seen.Load())
	state, err := l.Give(t.Context(), storetest.Decision(key(4)))
	require.NoError(t, err)
	record, err := l.Consent(t.Context(), state.Site, state.ID())
	require.NoError(t, err)
	require.EqualValues(t, 4, record.Events[0].Index, "two decisions and one redemption were written between")
}

func TestACallerThatLeavesLosesNothing(t *testing.T) {
	l, faulty, _ := newFaulty(t)
	held, release := faulty.Hold()
	running, leave := context.WithCancel(t.Context())
	waiting, giveUp := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		_, err := l.Give(running, storetest.Decision(key(1)))
		assert.ErrorIs(t, err, context.Canceled)
	})
	<-held
	all.Go(func() {
		_, err := l.Give(waiting, storetest.Decision(key(2)))
		assert.ErrorIs(t, err, context.Canceled)
	})
	queued(l, 1)
	leave()
	giveUp()
	all.Wait()
	release()
	// One more goes through the queue behind both.
	_, err := l.Give(t.Context(), storetest.Decision(key(3)))
	require.NoError(t, err)
	_, known, err := l.Repeat(t.Context(), consent.Given, storetest.Decision(key(1)))
	require.NoError(t, err)
	require.True(t, known, "what was begun is committed")
	_, known, err = l.Repeat(t.Context(), consent.Given, storetest.Decision(key(2)))
	require.NoError(t, err)
	require.False(t, known, "what was not begun leaves no record")
}

func TestVendorCallsAreRecordedForACallerThatLeft(t *testing.T) {
	l, _, _ := newFaulty(t)
	given, err := l.Give(t.Context(), storetest.Decision(key(1)))
	require.NoError(t, err)
	gone, leave := context.WithCancel(t.Context())
	leave()
	total, err := l.Used(gone, given.Committed, []consent.Call{{Endpoint: "connect", Result: "ok"}})
	require.NoError(t, err)
	require.Equal(t, 1, total)
}

func TestCloseCommitsWhatWasHandedOver(t *testing.T) {
	l, faulty, _ := newFaulty(t)
	held, release := faulty.Hold()
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			_, err := l.Give(t.Context(), storetest.Decision(key(i)))
			assert.NoError(t, err)
		})
		if i == 0 {
			<-held
		}
	}
	queued(l, 19)
	all.Go(func() { assert.NoError(t, l.Close()) })
	release()
	all.Wait()
	_, err := l.Give(t.Context(), storetest.Decision(key(99)))
	require.ErrorIs(t, err, consent.ErrUnavailable)
	require.ErrorIs(t, l.Ready(t.Context()), consent.ErrUnavailable)
}

var quiet = slog.New(slog.DiscardHandler)
