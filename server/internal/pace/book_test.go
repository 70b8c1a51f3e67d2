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

// library is a book on a virtual clock. Its lock is a channel, since waiting for a
// mutex would stop that clock.
type library struct {
	lock    chan struct{}
	down    atomic.Bool // it cannot be reached
	mute    atomic.Bool // it writes, and its answer is lost
	entries []Entry
	paused  time.Time
	readers []*reader
}

// reader is one line's part of a library.
type reader struct {
	*library
	read      int
	all       bool
	waiting   int
	served    int64
	skew      time.Duration
	latency   func() time.Duration
	turns     int
	lastWrite time.Time
}

func newLibrary() *library { return &library{lock: make(chan struct{}, 1)} }

func (b *library) reader() *reader {
	r := &reader{library: b, all: true, latency: func() time.Duration { return rand.N(8 * time.Millisecond) },
		skew: rand.N(time.Millisecond) - time.Millisecond/2}
	b.readers = append(b.readers, r)
	return r
}

func (r *reader) Now() time.Time { return time.Now().Add(r.skew) }

func (r *reader) Turn(ctx context.Context, f func(Page) Note) error {
	r.lock <- struct{}{}
	defer func() { <-r.lock }()
	time.Sleep(r.latency())
	r.turns++
	if r.down.Load() {
		return errors.New("down")
	}
	page := Page{All: r.all, Entries: slices.Clone(r.entries[r.read:]), Paused: r.paused, Served: r.served}
	for _, o := range r.readers {
		if o != r && time.Since(o.lastWrite) < 2*time.Second {
			page.Others = append(page.Others, Other{Waiting: o.waiting, Served: o.served})
		}
	}
	note := f(page)
	r.read, r.all = len(r.entries), false
	time.Sleep(r.latency())
	for _, e := range note.Entries {
		r.entries = append(r.entries, e)
		if e.Was == 0 {
			r.served = int64(len(r.entries))
		}
	}
	if note.Paused.After(r.paused) {
		r.paused = note.Paused
	}
	if r.mute.Load() {
		return errors.New("no answer")
	}
	r.read, r.waiting, r.lastWrite = len(r.entries), note.Waiting, time.Now()
	return nil
}

func (b *library) line(t *testing.T, plan Plan, caps map[string]int) (*Line, *reader) {
	r := b.reader()
	l, err := New(plan, nil, Options{Book: r, PerDay: caps})
	require.NoError(t, err)
	return l, r
}

// Three relays are held against the same overload as one: visitors come twice as
// fast as the plan allows, to any of them.
func TestThreeRelaysSpendOneAllowance(t *testing.T) {
	for name, plan := range Plans {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, r := newLibrary(), &record{}
				var lines []*Line
				for range 3 {
					l, _ := b.line(t, plan, nil)
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
						if err := visit(lines[to], r, Visitor{Site: fmt.Sprint("site-", n%2)}, n); err != nil {
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
				for _, reader := range b.readers {
					turns += reader.turns
				}
				t.Logf("%d calls of %d allowed (%.2f %%) in %v, by relay %v, %d turns", len(r.sends), allowed, 100*use, took.Round(time.Second), served, turns)
				require.GreaterOrEqual(t, use, 0.99)
				for _, n := range served {
					require.Greater(t, n, len(r.sends)*29/100, "relays take turns")
				}
			})
		})
	}
}

func TestAFloodAtOneRelayDoesNotSlowAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newLibrary(), &record{}
		loud, _ := b.line(t, Plans["growth"], nil)
		defer loud.Close()
		quiet, _ := b.line(t, Plans["growth"], nil)
		defer quiet.Close()
		var all sync.WaitGroup
		stop := time.Now().Add(20 * time.Second)
		for n := 0; time.Now().Before(stop); n++ {
			all.Go(func() { _ = visit(loud, r, Visitor{Site: "a"}, n) })
			if n%100 == 0 {
				all.Go(func() {
					came := time.Now()
					require.NoError(t, visit(quiet, r, Visitor{Site: "a"}, n))
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
		b, r := newLibrary(), &record{}
		one, _ := b.line(t, Plans["growth"], nil)
		defer one.Close()
		other, _ := b.line(t, Plans["growth"], nil)
		defer other.Close()
		require.NoError(t, visit(other, r, Visitor{Site: "a"}, 1))
		one.Refused(20 * time.Second)
		synctest.Wait()
		time.Sleep(2 * time.Second)
		_, err := other.Enter(t.Context(), Visitor{Site: "a"})
		var busy *Busy
		require.ErrorAs(t, err, &busy)
		require.InDelta(t, 18*time.Second, busy.After, float64(100*time.Millisecond))
		time.Sleep(busy.After)
		require.NoError(t, visit(other, r, Visitor{Site: "a"}, 2))
	})
}

func TestWithoutTheBookNobodySends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newLibrary(), &record{}
		l, _ := b.line(t, Plan{PerSecond: 1, PerMinute: 30, PerDay: 1000}, nil)
		defer l.Close()
		for n := range 2 {
			require.NoError(t, visit(l, r, Visitor{Site: "a"}, n))
		}
		waiting := make(chan error, 1)
		go func() { waiting <- visit(l, r, Visitor{Site: "a"}, 2) }()
		time.Sleep(100 * time.Millisecond)
		require.Equal(t, 1, l.Waiting())
		b.down.Store(true)
		require.ErrorIs(t, <-waiting, ErrBook, "who waits is told at the next turn")
		_, err := l.Enter(t.Context(), Visitor{Site: "a"})
		require.ErrorIs(t, err, ErrBook)
		b.down.Store(false)
		time.Sleep(time.Second)
		require.NoError(t, visit(l, r, Visitor{Site: "a"}, 3))
		require.LessOrEqual(t, r.most(time.Second), 1, "what was read before counts still")
	})
}

// Whoever was to have the moment is refused, since nobody knows whether the others
// know of it. If they do, it is spent; no more than once, and nothing else is.
func TestAMomentThatMayBeWrittenCountsIfItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newLibrary(), &record{}
		plan := Plan{PerSecond: 10, PerMinute: 10, PerDay: 1000}
		l, _ := b.line(t, plan, nil)
		defer l.Close()
		require.NoError(t, visit(l, r, Visitor{Site: "a"}, 0))
		b.mute.Store(true)
		for range 3 {
			require.ErrorIs(t, visit(l, r, Visitor{Site: "a"}, 1), ErrBook)
			time.Sleep(2 * stale)
		}
		b.mute.Store(false)
		b.down.Store(true)
		require.ErrorIs(t, visit(l, r, Visitor{Site: "a"}, 1), ErrBook)
		b.down.Store(false)
		written := 0
		for _, e := range b.entries {
			if e.Was == 0 {
				written++
			}
		}
		require.Greater(t, written, 1)
		for n := range plan.PerMinute - written {
			require.NoError(t, visit(l, r, Visitor{Site: "a"}, n))
		}
		var busy *Busy
		require.ErrorAs(t, visit(l, r, Visitor{Site: "a"}, 2), &busy)
		require.Equal(t, plan.PerMinute, l.sent.n)
	})
}

func TestALineThatComesLaterKnowsTheDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newLibrary(), &record{}
		plan := Plan{PerSecond: 10, PerMinute: 10, PerDay: 12}
		first, _ := b.line(t, plan, nil)
		for n := range 10 {
			require.NoError(t, visit(first, r, Visitor{Site: "a"}, n))
		}
		first.Close()
		second, _ := b.line(t, plan, nil)
		defer second.Close()
		time.Sleep(time.Minute)
		for n := range 2 {
			require.NoError(t, visit(second, r, Visitor{Site: "a"}, n))
		}
		_, err := second.Enter(t.Context(), Visitor{Site: "a"})
		var busy *Busy
		require.ErrorAs(t, err, &busy)
		require.InDelta(t, 24*time.Hour-time.Minute, busy.After, float64(time.Second))
	})
}

func TestSharesAndCapsOfSitesHoldForAllRelaysTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newLibrary(), &record{}
		plan := Plan{PerSecond: 10, PerMinute: 20, PerDay: 1000}
		one, _ := b.line(t, plan, map[string]int{"capped": 3})
		defer one.Close()
		other, _ := b.line(t, plan, map[string]int{"capped": 3})
		defer other.Close()
		lines := []*Line{one, other}

		require.NoError(t, visit(one, r, Visitor{Site: "a", Ticketed: true}, 0))
		granted := 0
		for n := range 16 {
			if visit(lines[n%2], r, Visitor{Site: "a"}, n) == nil {
				granted++
			}
		}
		require.Equal(t, 10, granted, "half of the minute")

		time.Sleep(time.Minute)
		for n := range 3 {
			require.NoError(t, visit(lines[n%2], r, Visitor{Site: "capped"}, n))
		}
		for _, l := range lines {
			var spent *Spent
			require.ErrorAs(t, visit(l, r, Visitor{Site: "capped"}, 9), &spent)
			require.InDelta(t, day, spent.After, float64(2*time.Second))
		}
		require.NoError(t, visit(one, r, Visitor{Site: "b"}, 10))
		time.Sleep(day)
		place, err := one.Enter(t.Context(), Visitor{Site: "capped"})
		require.NoError(t, err)
		place.Leave()
		for n := range 3 {
			require.NoError(t, visit(lines[n%2], r, Visitor{Site: "capped"}, n), "a place that was left does not count")
		}
	})
}

func TestWhoIsLateIsNotedLateForTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newLibrary(), &record{}
		plan := Plan{PerSecond: 1, PerMinute: 60, PerDay: 1000}
		slow, _ := b.line(t, plan, nil)
		defer slow.Close()
		other, _ := b.line(t, plan, nil)
		defer other.Close()
		for n := range 20 {
			place, err := slow.Enter(t.Context(), Visitor{Site: "a"})
			require.NoError(t, err)
			time.Sleep(rand.N(sharedLead + mostLate/2)) // the commit
			require.NoError(t, place.Send(t.Context()))
			time.Sleep(rand.N(2 * time.Second)) // a new connection
			place.Gone()
			r.note("a", n)
			place.Answered()
			require.NoError(t, visit(other, r, Visitor{Site: "b"}, n))
		}
		require.LessOrEqual(t, r.most(time.Second), 1)

		place, err := slow.Enter(t.Context(), Visitor{Site: "a"})
		require.NoError(t, err)
		time.Sleep(sharedLead + mostLate + time.Second)
		var busy *Busy
		require.ErrorAs(t, place.Send(t.Context()), &busy, "too late: others may rely on its moment by now")
	})
}

func TestALineEndsWithItsVisitorsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newLibrary()
		l, _ := b.line(t, Plans["starter"], nil)
		place, err := l.Enter(t.Context(), Visitor{Site: "a"})
		require.NoError(t, err)
		place.Leave()
		l.Close()
		require.Zero(t, b.entries[len(b.entries)-1].At, "the others learn that its last moment was not used")
		time.Sleep(2 * stale)
		_, err = l.Enter(t.Context(), Visitor{Site: "a"})
		require.ErrorIs(t, err, ErrBook)
	})
}

const day = 24 * time.Hour
