package pace

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// database is a store on a virtual clock, for several lines. Its lock is a channel,
// since waiting for a mutex would stop that clock.
type database struct {
	lock    chan struct{}
	down    atomic.Bool // it cannot be reached
	mute    atomic.Bool // it writes, and its answer is lost
	entries []Entry
	paused  time.Time
	stores  []*shared
}

// shared is one line's part of a database.
type shared struct {
	*database
	read      int
	all       bool
	waiting   Waiting
	served    int64
	skew      atomic.Int64 // of its clock, in ns
	behind    atomic.Int64 // how far it may be behind, in ns
	latency   func() time.Duration
	turns     int
	lastWrite time.Time
}

func newDatabase() *database { return &database{lock: make(chan struct{}, 1)} }

func (b *database) store() *shared {
	s := &shared{database: b, all: true, latency: func() time.Duration { return rand.N(8 * time.Millisecond) }}
	s.behind.Store(int64(time.Millisecond))
	s.skew.Store(-int64(rand.N(time.Millisecond)))
	b.lock <- struct{}{}
	defer func() { <-b.lock }()
	b.stores = append(b.stores, s)
	return s
}

func (s *shared) Now() (at time.Time, behind time.Duration) {
	return time.Now().Add(time.Duration(s.skew.Load())), time.Duration(s.behind.Load())
}

func (s *shared) Terms() Terms { return Database }

func (s *shared) Turn(ctx context.Context, decide func(News) Decision) error {
	s.lock <- struct{}{}
	defer func() { <-s.lock }()
	time.Sleep(s.latency())
	s.turns++
	if s.down.Load() {
		return errors.New("down")
	}
	news := News{All: s.all, Entries: slices.Clone(s.entries[s.read:]), Paused: s.paused, Served: s.served}
	for _, o := range s.stores {
		if o != s && time.Since(o.lastWrite) < 2*time.Second {
			news.Others = append(news.Others, Other{Waiting: o.waiting, Served: o.served})
		}
	}
	d := decide(news)
	s.read, s.all = len(s.entries), false
	time.Sleep(s.latency())
	for _, e := range d.Entries {
		s.entries = append(s.entries, e)
		if e.Was == 0 {
			s.served = int64(len(s.entries))
		}
	}
	s.paused = later(s.paused, d.Paused)
	if s.mute.Load() {
		return errors.New("no answer")
	}
	s.read, s.waiting, s.lastWrite = len(s.entries), d.Waiting, time.Now()
	return nil
}

func (b *database) line(t *testing.T, plan Plan, o ...Options) *Line {
	l, err := New(plan, b.store(), append(o, Options{})[0])
	require.NoError(t, err)
	return l
}

// Three relays are held against the same overload as one: visitors come twice as
// fast as the plan allows, to any of them.
func TestThreeRelaysSpendOneAllowance(t *testing.T) {
	for name, plan := range Plans {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, r := newDatabase(), &record{}
				var lines []*Line
				for range 3 {
					l := b.line(t, plan)
					defer l.Close()
					lines = append(lines, l)
				}
				perMinute := min(plan.PerMinute, 60*plan.PerSecond)
				gap := time.Minute / time.Duration(2*perMinute)
				begin := time.Now()
				var all sync.WaitGroup
				var served [3]int
				var mu sync.Mutex
				for n := range 5_000 {
					to := rand.N(3)
					all.Go(func() {
						if err := visit(lines[to], r, Request{Site: fmt.Sprint("site-", n%2)}, n); err != nil {
							var busy *Busy
							require.ErrorAs(t, err, &busy)
							return
						}
						mu.Lock()
						served[to]++
						mu.Unlock()
					})
					time.Sleep(gap)
				}
				all.Wait()
				took := time.Since(begin)
				slices.SortFunc(r.sends, func(a, b send) int { return a.at.Compare(b.at) })
				require.LessOrEqual(t, r.most(time.Second), plan.PerSecond)
				require.LessOrEqual(t, r.most(time.Minute), plan.PerMinute)
				require.LessOrEqual(t, r.most(24*time.Hour), plan.PerDay)
				allowed := min(int(took.Minutes()*float64(perMinute)), plan.PerDay)
				use := float64(len(r.sends)) / float64(allowed)
				turns := 0
				for _, store := range b.stores {
					turns += store.turns
				}
				t.Logf("%d calls of %d allowed (%.2f %%) in %v, by relay %v, %d turns", len(r.sends), allowed, 100*use, took.Round(time.Second), served, turns)
				require.GreaterOrEqual(t, use, 0.99)
				for _, n := range served {
					require.Greater(t, n, len(r.sends)/4, "relays take turns") // of a thousand calls chance moves 13, and now and then 40
				}
			})
		})
	}
}

func TestAFloodAtOneRelayDoesNotSlowAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newDatabase(), &record{}
		loud := b.line(t, Plans["growth"])
		defer loud.Close()
		quiet := b.line(t, Plans["growth"])
		defer quiet.Close()
		var all sync.WaitGroup
		stop := time.Now().Add(20 * time.Second)
		for n := 0; time.Now().Before(stop); n++ {
			all.Go(func() { _ = visit(loud, r, Request{Site: "a"}, n) })
			if n%100 == 0 {
				all.Go(func() {
					came := time.Now()
					require.NoError(t, visit(quiet, r, Request{Site: "a"}, n))
					require.LessOrEqual(t, time.Since(came), 1200*time.Millisecond)
				})
			}
			time.Sleep(5 * time.Millisecond)
		}
		all.Wait()
		require.LessOrEqual(t, r.most(time.Second), 5)
	})
}

func TestWhatOneRelayLearnsOfThePauseHoldsForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newDatabase(), &record{}
		one := b.line(t, Plans["growth"])
		defer one.Close()
		other := b.line(t, Plans["growth"])
		defer other.Close()
		require.NoError(t, visit(other, r, Request{Site: "a"}, 1))
		one.Refused(20 * time.Second)
		synctest.Wait()
		time.Sleep(2 * time.Second)
		_, err := other.Enter(t.Context(), Request{Site: "a"})
		var busy *Busy
		require.ErrorAs(t, err, &busy)
		require.InDelta(t, 18*time.Second, busy.After, float64(100*time.Millisecond))
		time.Sleep(busy.After)
		require.NoError(t, visit(other, r, Request{Site: "a"}, 2))
	})
}

func TestWithoutTheStoreNobodySends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newDatabase(), &record{}
		l := b.line(t, Plan{PerSecond: 1, PerMinute: 30, PerDay: 1000})
		defer l.Close()
		for n := range 2 {
			require.NoError(t, visit(l, r, Request{Site: "a"}, n))
		}
		waiting := make(chan error, 1)
		go func() { waiting <- visit(l, r, Request{Site: "a"}, 2) }()
		time.Sleep(100 * time.Millisecond)
		require.Equal(t, 1, l.Waiting())
		b.down.Store(true)
		require.ErrorIs(t, <-waiting, ErrStore, "who waits is told at the next turn")
		_, err := l.Enter(t.Context(), Request{Site: "a"})
		require.ErrorIs(t, err, ErrStore)
		b.down.Store(false)
		time.Sleep(time.Second)
		require.NoError(t, visit(l, r, Request{Site: "a"}, 3))
		require.LessOrEqual(t, r.most(time.Second), 1, "what was read before counts still")
	})
}

// Whoever was to have the slot is refused, since nobody knows whether the others
// know of it. If they do, it is spent; no more than once, and nothing else is.
func TestASlotThatMayBeWrittenCountsIfItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newDatabase(), &record{}
		plan := Plan{PerSecond: 10, PerMinute: 10, PerDay: 1000}
		l := b.line(t, plan)
		defer l.Close()
		require.NoError(t, visit(l, r, Request{Site: "a"}, 0))
		b.mute.Store(true)
		for range 3 {
			require.ErrorIs(t, visit(l, r, Request{Site: "a"}, 1), ErrStore)
			time.Sleep(2 * Database.Stale)
		}
		b.mute.Store(false)
		b.down.Store(true)
		require.ErrorIs(t, visit(l, r, Request{Site: "a"}, 1), ErrStore)
		b.down.Store(false)
		written := 0
		for _, e := range b.entries {
			if e.Was == 0 {
				written++
			}
		}
		require.Greater(t, written, 1)
		for n := range plan.PerMinute - written {
			require.NoError(t, visit(l, r, Request{Site: "a"}, n))
		}
		var busy *Busy
		require.ErrorAs(t, visit(l, r, Request{Site: "a"}, 2), &busy)
		require.Equal(t, plan.PerMinute, len(l.calls.at))
	})
}

func TestALineThatComesLaterKnowsTheDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newDatabase(), &record{}
		plan := Plan{PerSecond: 10, PerMinute: 10, PerDay: 12}
		first := b.line(t, plan)
		for n := range 10 {
			require.NoError(t, visit(first, r, Request{Site: "a"}, n))
		}
		first.Close()
		second := b.line(t, plan)
		defer second.Close()
		time.Sleep(time.Minute)
		for n := range 2 {
			require.NoError(t, visit(second, r, Request{Site: "a"}, n))
		}
		_, err := second.Enter(t.Context(), Request{Site: "a"})
		var busy *Busy
		require.ErrorAs(t, err, &busy)
		require.InDelta(t, 24*time.Hour-time.Minute, busy.After, float64(time.Second))
	})
}

func TestSharesAndCapsOfSitesHoldForAllRelaysTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newDatabase(), &record{}
		plan := Plan{PerSecond: 10, PerMinute: 100, PerDay: 1000}
		options := Options{UnticketedShare: .1, PerDay: map[string]int{"capped": 3}}
		one := b.line(t, plan, options)
		defer one.Close()
		other := b.line(t, plan, options)
		defer other.Close()
		lines := []*Line{one, other}

		require.NoError(t, visit(one, r, Request{Site: "a", Ticketed: true, Kind: Connect}, 0))
		granted := 0
		for n := range 16 {
			if visit(lines[n%2], r, Request{Site: "a", Kind: Connect}, n) == nil {
				granted++
			}
		}
		require.Equal(t, 10, granted, "a tenth of the minute")
		require.NoError(t, visit(one, r, Request{Site: "a", Kind: Reload}, 0), "who has begun may go on")

		time.Sleep(time.Minute)
		for n := range 3 {
			require.NoError(t, visit(lines[n%2], r, Request{Site: "capped", Kind: Connect}, n))
		}
		for _, l := range lines {
			var spent *Spent
			require.ErrorAs(t, visit(l, r, Request{Site: "capped", Kind: Connect}, 9), &spent)
			require.InDelta(t, day, spent.After, float64(2*time.Second))
		}
		require.NoError(t, visit(one, r, Request{Site: "b"}, 10))
		time.Sleep(day)
		slot, err := one.Enter(t.Context(), Request{Site: "capped", Kind: Connect})
		require.NoError(t, err)
		slot.Release()
		for n := range 3 {
			require.NoError(t, visit(lines[n%2], r, Request{Site: "capped", Kind: Connect}, n), "a slot that was released does not count")
		}
	})
}

func TestWhoIsLateIsNotedLateForTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newDatabase(), &record{}
		plan := Plan{PerSecond: 1, PerMinute: 60, PerDay: 1000}
		slow := b.line(t, plan)
		defer slow.Close()
		other := b.line(t, plan)
		defer other.Close()
		for n := range 20 {
			slot, err := slow.Enter(t.Context(), Request{Site: "a"})
			require.NoError(t, err)
			time.Sleep(rand.N(Database.Lead + Database.MostLate/2)) // the commit
			require.NoError(t, slot.Send(t.Context(), ""))
			time.Sleep(rand.N(2 * time.Second)) // a new connection
			slot.Sent()
			r.note("a", n)
			slot.Answered()
			require.NoError(t, visit(other, r, Request{Site: "b"}, n))
		}
		require.LessOrEqual(t, r.most(time.Second), 1)

		slot, err := slow.Enter(t.Context(), Request{Site: "a"})
		require.NoError(t, err)
		time.Sleep(Database.Lead + Database.MostLate + time.Second)
		var busy *Busy
		require.ErrorAs(t, slot.Send(t.Context(), ""), &busy, "too late: others may rely on its moment by now")
	})
}

// The answer with the database's time was long on its way: one relay's clock is behind by
// most of that, another's by next to nothing, and neither can know.
func TestRelaysWhoseClocksAreReadPoorlyKeepToTheAllowanceTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newDatabase(), &record{}
		var lines []*Line
		for _, skew := range []time.Duration{-80 * ms, -ms} {
			l := b.line(t, Plans["growth"])
			defer l.Close()
			b.stores[len(lines)].behind.Store(int64(80 * ms))
			b.stores[len(lines)].skew.Store(int64(skew))
			lines = append(lines, l)
		}
		var all sync.WaitGroup
		for n := range 200 {
			all.Go(func() { _ = visit(lines[rand.N(2)], r, Request{Site: "a"}, n) })
			time.Sleep(100 * ms)
		}
		all.Wait()
		require.Greater(t, len(r.sends), 80)
		require.LessOrEqual(t, r.most(time.Second), 5)
	})
}

func TestACallCountsByTheReadingOfTheClockThatItWentOutBy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newDatabase(), &record{}
		plan := Plan{PerSecond: 1, PerMinute: 60, PerDay: 1000}
		l := b.line(t, plan)
		defer l.Close()
		other := b.line(t, plan)
		defer other.Close()
		reads := func(behind time.Duration) {
			b.stores[0].behind.Store(int64(behind))
			b.stores[0].skew.Store(-int64(behind))
		}
		for n := range 8 { // a vendor of whom the time of an answer says nothing
			reads(80 * ms)
			slot, err := l.Enter(t.Context(), Request{Site: "a"})
			require.NoError(t, err)
			require.NoError(t, slot.Send(t.Context(), ""))
			time.Sleep(50 * ms)
			slot.Sent()
			r.note("a", n)
			reads(ms)
			time.Sleep(time.Duration(1+n%3) * 100 * ms)
			slot.Answered()
			require.NoError(t, visit(other, r, Request{Site: "a"}, n))
		}
		require.LessOrEqual(t, r.most(time.Second), 1)
	})
}

// A turn that waits for others decides by what is known when it comes.
func TestWhatIsHeldUpWhileATurnWaitsHasNotArrived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newDatabase(), &record{}
		l := b.line(t, Plan{PerSecond: 1, PerMinute: 60, PerDay: 1000})
		defer l.Close()
		begin := time.Now()
		b.stores[0].latency = func() time.Duration {
			if after := time.Since(begin); after > 100*ms && after < 5*time.Second {
				return 1500 * ms
			}
			return ms
		}
		slow, err := l.Enter(t.Context(), Request{Site: "a"})
		require.NoError(t, err)
		require.NoError(t, slow.Send(t.Context(), ""))
		waits := make(chan error, 1)
		go func() { waits <- visit(l, r, Request{Site: "a"}, 1) }()
		time.Sleep(5 * time.Second)
		require.Empty(t, r.sends, "both might arrive now")
		slow.Sent()
		slow.Done()
		require.NoError(t, <-waits)
	})
}

func TestTheOthersLearnWhichConsentACallBelongsTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDatabase()
		l := b.line(t, Plans["growth"])
		slot, err := l.Enter(t.Context(), Request{Site: "a", Kind: Connect})
		require.NoError(t, err)
		require.NoError(t, slot.Send(t.Context(), "c"))
		slot.Sent()
		slot.Done()
		l.Close()
		require.Equal(t, Connect, b.entries[0].Kind)
		require.True(t, slices.ContainsFunc(b.entries[1:], func(e Entry) bool { return e.Was == e.At && e.Consent == "c" }))
	})
}

func TestALineEndsWithItsVisitorsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDatabase()
		l := b.line(t, Plans["starter"])
		slot, err := l.Enter(t.Context(), Request{Site: "a"})
		require.NoError(t, err)
		slot.Release()
		l.Close()
		require.Zero(t, b.entries[len(b.entries)-1].At, "the others learn that its last moment was not used")
		time.Sleep(2 * Database.Stale)
		_, err = l.Enter(t.Context(), Request{Site: "a"})
		require.ErrorIs(t, err, ErrStore)
	})
}

// The database's clock is an hour ahead while one call is made and one is refused, and
// right again.
func TestADatabasesClockThatWasAheadFreezesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDatabase()
		store := b.store()
		line, err := New(Plans["starter"], store, Options{UnticketedShare: 0.5, PerDay: map[string]int{"a": 100}})
		require.NoError(t, err)
		defer line.Close()
		other := b.line(t, Plans["starter"])
		defer other.Close()
		call := func(l *Line) {
			t.Helper()
			begin := time.Now()
			require.NoError(t, visit(l, &record{}, Request{Site: "a", Ticketed: true}, 1))
			require.Less(t, time.Since(begin), 3*time.Second)
		}
		call(line)
		store.skew.Add(int64(time.Hour))
		call(line)
		line.Refused(20 * time.Second)
		time.Sleep(time.Second)
		store.skew.Add(-int64(time.Hour))
		time.Sleep(5 * time.Second)
		call(line)
		call(other)
		call(line)
	})
}
