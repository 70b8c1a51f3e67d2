package pace

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// record is what a vendor would have seen.
type record struct {
	mu    sync.Mutex
	sends []send
}

type send struct {
	at   time.Time
	site string
	n    int // the visitor's number at its site
}

func (r *record) note(site string, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sends = append(r.sends, send{time.Now(), site, n})
}

// most is the most calls that any window of a length has seen.
func (r *record) most(length time.Duration) int {
	most, first := 0, 0
	for i, s := range r.sends {
		for s.at.Sub(r.sends[first].at) >= length {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// visit stands in line and calls, as the core does: the commit takes a moment
// between the slot and the call.
func visit(l *Line, r *record, v Request, n int) error {
	p, err := l.Enter(context.Background(), v)
	if err != nil {
		return err
	}
	time.Sleep(rand.N(4 * time.Millisecond))
	defer p.Done()
	if err := p.Send(context.Background(), ""); err != nil {
		return err
	}
	p.Sent()
	r.note(v.Site, n)
	p.Answered()
	return nil
}

func newLine(t *testing.T, plan Plan, sent ...time.Time) *Line {
	t.Helper()
	return newLineWith(t, plan, Options{}, sent...)
}

func newLineWith(t *testing.T, plan Plan, o Options, sent ...time.Time) *Line {
	t.Helper()
	var day []Entry
	for _, at := range sent {
		day = append(day, Entry{At: at.UnixMicro(), Site: "a"})
	}
	l, err := New(plan, NewMemory(day), o)
	require.NoError(t, err)
	t.Cleanup(l.Close)
	return l
}

// TestTenThousandArrivals holds each plan against an overload on a virtual
// clock: visitors come twice as fast as the plan allows.
func TestTenThousandArrivals(t *testing.T) {
	for name, plan := range Plans {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, r := newLine(t, plan), &record{}
				// What a minute allows, by whichever window binds.
				perMinute := min(plan.PerMinute, 60*plan.PerSecond)
				gap := time.Minute / time.Duration(2*perMinute)
				begin := time.Now()
				var all sync.WaitGroup
				var refused sync.Map
				const arrivals = 10_000
				for n := range arrivals {
					all.Go(func() {
						if err := visit(l, r, Request{Site: fmt.Sprint("site-", n%3)}, n); err != nil {
							refused.Store(n, err)
						}
					})
					time.Sleep(gap)
				}
				all.Wait()
				took := time.Since(begin)

				require.LessOrEqual(t, r.most(time.Second), plan.PerSecond)
				require.LessOrEqual(t, r.most(time.Minute), plan.PerMinute)
				require.LessOrEqual(t, r.most(24*time.Hour), plan.PerDay)
				allowed := min(int(took.Minutes()*float64(perMinute)), plan.PerDay)
				t.Logf("%d calls of %d allowed in %v", len(r.sends), allowed, took.Round(time.Second))
				require.GreaterOrEqual(t, float64(len(r.sends)), 0.99*float64(allowed))
				refused.Range(func(_, err any) bool {
					var busy *Busy
					require.ErrorAs(t, err.(error), &busy)
					return true
				})
				for _, site := range []string{"site-0", "site-1", "site-2"} {
					var order []int
					for _, s := range r.sends {
						if s.site == site {
							order = append(order, s.n)
						}
					}
					inversions := 0
					for i := 1; i < len(order); i++ {
						if order[i] < order[i-1] && i >= plan.PerSecond && order[i] < slices.Min(order[max(0, i-plan.PerSecond):i]) {
							inversions++ // beyond what the commits' own time explains
						}
					}
					require.Zero(t, inversions, "first come is first served")
				}
			})
		})
	}
}

func TestAFloodAtOneSiteDoesNotSlowAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, r := newLine(t, Plans["growth"]), &record{}
		var all sync.WaitGroup
		stop := time.Now().Add(20 * time.Second)
		for n := 0; time.Now().Before(stop); n++ {
			all.Go(func() { _ = visit(l, r, Request{Site: "flood"}, n) })
			if n%100 == 0 {
				all.Go(func() {
					came := time.Now()
					require.NoError(t, visit(l, r, Request{Site: "quiet"}, n))
					require.LessOrEqual(t, time.Since(came), time.Second+l.terms.Lead+margin, "the next second is shared")
				})
			}
			time.Sleep(5 * time.Millisecond)
		}
		all.Wait()
	})
}

func TestVisitorsWithATicketGoFirstAndTheOthersKeepToTheirShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, r := newLineWith(t, Plan{PerSecond: 10, PerMinute: 100, PerDay: 1000}, Options{UnticketedShare: .1}), &record{}
		require.NoError(t, visit(l, r, Request{Site: "a", Ticketed: true, Kind: Connect}, 0))
		var granted int
		for range 15 {
			if visit(l, r, Request{Site: "a", Kind: Connect}, 1) == nil {
				granted++
			}
		}
		require.Equal(t, 10, granted, "a tenth of the minute")
		came := time.Now()
		var busy *Busy
		require.ErrorAs(t, visit(l, r, Request{Site: "a", Kind: Connect}, 1), &busy)
		require.Equal(t, came, time.Now(), "told at once")
		require.InDelta(t, time.Minute, busy.After, float64(time.Second))
		require.NoError(t, visit(l, r, Request{Site: "a", Ticketed: true, Kind: Connect}, 2))
		require.NoError(t, visit(l, r, Request{Site: "b", Kind: Connect}, 3), "a site without tickets is not held to a share")
		require.NoError(t, visit(l, r, Request{Site: "a", Kind: GenerateOTP}, 4), "who has begun may go on")
	})
	synctest.Test(t, func(t *testing.T) {
		l, r := newLine(t, Plan{PerSecond: 1, PerMinute: 30, PerDay: 1000}), &record{}
		var all sync.WaitGroup
		for n, ticketed := range []bool{false, false, false, true} {
			all.Go(func() { require.NoError(t, visit(l, r, Request{Site: "a", Ticketed: ticketed}, n)) })
			synctest.Wait()
		}
		all.Wait()
		require.Equal(t, []int{0, 3, 1, 2}, numbers(r))
	})
}

func TestWhoHasAShareDoesNotWaitForThoseWhoHaveNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, r := newLineWith(t, Plan{PerSecond: 10, PerMinute: 100, PerDay: 1000}, Options{UnticketedShare: .1}), &record{}
		require.NoError(t, visit(l, r, Request{Site: "a", Ticketed: true, Kind: Connect}, 0))
		for range 10 {
			require.NoError(t, visit(l, r, Request{Site: "a", Kind: Connect}, 1))
		}
		time.Sleep(55 * time.Second)
		var all sync.WaitGroup
		all.Go(func() { require.NoError(t, visit(l, r, Request{Site: "a", Kind: Connect}, 2)) })
		synctest.Wait()
		came := time.Now()
		require.NoError(t, visit(l, r, Request{Site: "b", Kind: Connect}, 3))
		require.Less(t, time.Since(came), 10*ms)
		all.Wait()
		require.Greater(t, time.Since(came), 4*time.Second)
	})
}

func TestSitesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, r := newLine(t, Plan{PerSecond: 1, PerMinute: 30, PerDay: 1000}), &record{}
		var all sync.WaitGroup
		for n, site := range []string{"a", "a", "a", "b", "b", "c"} {
			all.Go(func() { require.NoError(t, visit(l, r, Request{Site: site}, n)) })
			synctest.Wait()
		}
		all.Wait()
		require.Equal(t, []int{0, 1, 3, 5, 2, 4}, numbers(r))
	})
}

func numbers(r *record) (all []int) {
	for _, s := range r.sends {
		all = append(all, s.n)
	}
	return all
}

func TestNobodyWaitsInVainAndRetryAfterIsTrue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, r := newLine(t, Plan{PerSecond: 10, PerMinute: 10, PerDay: 1000}), &record{}
		for n := range 10 {
			require.NoError(t, visit(l, r, Request{Site: "a"}, n))
		}
		came := time.Now()
		_, err := l.Enter(t.Context(), Request{Site: "a"})
		var busy *Busy
		require.ErrorAs(t, err, &busy)
		require.Equal(t, came, time.Now(), "told at once")
		require.InDelta(t, time.Minute, busy.After, float64(time.Second))
		time.Sleep(busy.After)
		require.NoError(t, visit(l, r, Request{Site: "a"}, 11))
	})
}

func TestTheDaySurvivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent []time.Time
		for i := range 1000 {
			sent = append(sent, time.Now().Add(-23*time.Hour).Add(time.Duration(i)*time.Second))
		}
		l := newLine(t, Plans["starter"], sent...)
		_, err := l.Enter(t.Context(), Request{Site: "a"})
		var busy *Busy
		require.ErrorAs(t, err, &busy)
		require.InDelta(t, time.Hour, busy.After, float64(time.Second))
	})
}

func TestWhoLeavesMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, r := newLine(t, Plan{PerSecond: 1, PerMinute: 30, PerDay: 1000}), &record{}
		held, err := l.Enter(t.Context(), Request{Site: "a"})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() { _, err := l.Enter(ctx, Request{Site: "a"}); left <- err }()
		synctest.Wait()
		require.Equal(t, 1, l.Waiting())
		cancel()
		require.ErrorIs(t, <-left, context.Canceled)
		require.Zero(t, l.Waiting())
		held.Release()
		held.Release()
		came := time.Now()
		require.NoError(t, visit(l, r, Request{Site: "b"}, 1))
		require.Less(t, time.Since(came), 10*time.Millisecond, "a slot that was given back is free at once")
		require.Empty(t, l.way)
	})
}

func TestA429PausesTheWholeLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, r := newLine(t, Plans["enterprise"]), &record{}
		for _, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
			require.Equal(t, want*time.Second, l.Refused(0))
			require.Equal(t, want*time.Second, l.Refused(0), "a call that was on its way as well")
			time.Sleep(want * time.Second)
		}
		l.Served()
		require.Equal(t, time.Second, l.Refused(0))
		require.Equal(t, 30*time.Second, l.Refused(time.Hour), "no vendor pauses us for longer than that")
		came := time.Now()
		_, err := l.Enter(t.Context(), Request{Site: "a"})
		var busy *Busy
		require.True(t, errors.As(err, &busy))
		time.Sleep(busy.After)
		require.NoError(t, visit(l, r, Request{Site: "a"}, 1))
		require.GreaterOrEqual(t, time.Since(came), 30*time.Second)
	})
}

func TestWhoHasASlotStillWaitsForAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Plans["growth"])
		short, err := l.Enter(t.Context(), Request{Site: "a"})
		require.NoError(t, err)
		long, err := l.Enter(t.Context(), Request{Site: "a"})
		require.NoError(t, err)
		came := time.Now()
		l.Refused(0)
		require.NoError(t, short.Send(t.Context(), ""))
		require.Equal(t, time.Second, time.Since(came))
		short.Done()
		l.Refused(7 * time.Second)
		var busy *Busy
		require.ErrorAs(t, long.Send(t.Context(), ""), &busy)
		require.Equal(t, 7*time.Second, busy.After)
		require.Empty(t, l.way)
	})
}

// The time that a commit takes is no time of the allowance: the next slot is
// granted before there is room, and sent when there is.
func TestASlotIsGrantedAMomentBeforeItMayBeSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Plan{PerSecond: 1, PerMinute: 60, PerDay: 1000})
		begin := time.Now()
		for n := range 50 {
			p, err := l.Enter(t.Context(), Request{Site: "a"})
			require.NoError(t, err)
			time.Sleep(l.terms.Lead / 2) // the commit
			require.NoError(t, p.Send(t.Context(), ""))
			p.Sent()
			p.Done()
			if n == 0 {
				begin = time.Now()
			}
			require.Equal(t, time.Duration(n)*(time.Second+margin+tick), time.Since(begin))
		}
	})
}

func TestAHistoryKnowsTheNewestWhateverIsCorrected(t *testing.T) {
	h := newHistory(8)
	for i := range int64(200) {
		h.insert(100 * i)
	}
	require.LessOrEqual(t, len(h.at), 80, "what no limit counts is forgotten")
	for _, c := range [][2]int64{{19_900, 19_250}, {19_300, 19_850}, {19_600, 19_600}, {100, 50_000}, {19_201, 19_300}} {
		h.correct(c[0], c[1])
		require.True(t, slices.IsSorted(h.at))
	}
	h.correct(19_400, 0)
	require.Equal(t, []int64{19_200, 19_250, 19_500, 19_600, 19_700, 19_800, 19_850}, h.at[len(h.at)-7:])
}

func TestBadPlansAreRefused(t *testing.T) {
	_, err := PlanNamed("platinum")
	require.ErrorContains(t, err, "business, enterprise, growth, starter")
	for _, plan := range []Plan{{}, {1, 0, 1}, {1, 1, -1}} {
		_, err := New(plan, NewMemory(nil), Options{})
		require.Error(t, err)
	}
}

// However much the plan allows: who waits for a connection would be granted too soon.
func TestNoMoreCallsAreOnTheirWayThanThereAreConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Plan{PerSecond: 10_000, PerMinute: 100_000, PerDay: 1_000_000})
		enter := func() *Slot {
			slot, err := l.Enter(t.Context(), Request{Site: "a"})
			require.NoError(t, err)
			return slot
		}
		slot := enter()
		for range MostOnWay - 1 {
			enter()
		}
		one := make(chan *Slot)
		go func() { one <- enter() }()
		time.Sleep(time.Second)
		require.Equal(t, 1, l.Waiting())
		slot.Release()
		(<-one).Release()
		require.Zero(t, l.Waiting())
	})
}

func TestCallsOfOneTimeAreWrittenOneAfterTheOther(t *testing.T) {
	h := newHistory(8)
	for _, at := range []int64{10, 11, 11, 12, 14} {
		h.insert(at)
	}
	for at, want := range map[int64]int64{9: 9, 10: 13, 11: 13, 13: 13, 14: 15, 15: 15} {
		require.Equal(t, want, h.unused(at), at)
	}
}
