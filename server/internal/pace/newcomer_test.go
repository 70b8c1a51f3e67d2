package pace

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// called has a call made for a consent, which a connect is told only when it is sent.
func called(t *testing.T, l *Line, kind Kind, consent string) {
	t.Helper()
	require.NoError(t, call(t, l, Request{Site: "a", Kind: kind}, consent))
}

func call(t *testing.T, l *Line, r Request, consent string) error {
	if r.Kind != Connect {
		r.Consent = consent
	}
	slot, err := l.Enter(t.Context(), r)
	if err != nil {
		return err
	}
	defer slot.Done()
	require.NoError(t, slot.Send(t.Context(), consent))
	slot.Sent()
	slot.Answered()
	return nil
}

func (l *Line) expectedNow() need {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.expected(l.now())
}

func TestCallsForOTPsGoFirstThenFirstReloadsThenAllElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, r := newLine(t, Plan{PerSecond: 1, PerMinute: 60, PerDay: 1000}), &record{}
		for _, kind := range []Kind{Connect, Reload, Reload} {
			called(t, l, kind, "worn")
		}
		var all sync.WaitGroup
		for n, request := range []Request{
			{Kind: Connect}, {Kind: Reload, Consent: "worn"}, {Kind: Reload, Consent: "new"},
			{Kind: VerifyOTP, Consent: "other"}, {Kind: GenerateOTP, Consent: "third"},
		} {
			request.Site = "a"
			all.Go(func() { require.NoError(t, visit(l, r, request, n)) })
			synctest.Wait()
		}
		all.Wait()
		require.Equal(t, []int{3, 4, 2, 0, 1}, numbers(r))
	})
}

func TestWhoMayGoOnDoesNotWaitForNewcomersWhoMayNotBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, r := newLine(t, Plan{PerSecond: 100, PerMinute: 10, PerDay: 1000}), &record{}
		for _, kind := range []Kind{Connect, Reload, Reload, Reload, Reload, Reload, VerifyOTP} {
			called(t, l, kind, "worn")
		}
		l.End("worn")
		time.Sleep(50 * time.Second)
		called(t, l, Connect, "d")
		let := make(chan error, 1)
		go func() { let <- visit(l, r, Request{Site: "a", Kind: Connect}, 0) }()
		synctest.Wait()
		require.Equal(t, 1, l.Waiting(), "for the first minute to be over")
		require.NoError(t, visit(l, r, Request{Site: "a", Kind: Reload, Consent: "worn"}, 1))
		require.Equal(t, []int{1}, numbers(r))
		<-let
	})
}

// Of nine calls in a minute two verifications need 6.6; three would need 9.9.
func TestANewcomerIsLetInOnlyIfAllWhoHaveBegunFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Plan{PerSecond: 100, PerMinute: 9, PerDay: 1000})
		called(t, l, Connect, "c1")
		called(t, l, Connect, "c2")
		var busy *Busy
		require.ErrorAs(t, call(t, l, Request{Site: "a", Kind: Connect}, "c3"), &busy)
		for _, c := range []string{"c1", "c2"} {
			called(t, l, GenerateOTP, c)
			called(t, l, VerifyOTP, c)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Plan{PerSecond: 100, PerMinute: 9, PerDay: 1000})
		called(t, l, Connect, "c1")
		called(t, l, Connect, "c2")
		l.End("c1") // it was withdrawn, say
		called(t, l, Connect, "c3")
	})
}

func TestWhoIsReleasedOrRepeatsBeginsNothingMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Plans["growth"])
		slot, err := l.Enter(t.Context(), Request{Site: "a", Kind: Connect})
		require.NoError(t, err)
		require.Greater(t, l.expectedNow().ever, 2.0)
		slot.Release()
		require.Zero(t, l.expectedNow().ever)
		called(t, l, Connect, "c")
		called(t, l, Connect, "c") // its key was used meanwhile, as is known only when it is sent
		require.InDelta(t, 2.3, l.expectedNow().ever, 0.1)
		require.Len(t, l.begun.byKey, 1)
		time.Sleep(forgetAfter + time.Minute)
		l.expectedNow()
		require.Empty(t, l.begun.byKey)
		require.Empty(t, l.begun.byCall)
	})
}

func TestACallThatWaitsIsExpectedHoweverLongItsPersonWasSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, r := newLine(t, Plan{PerSecond: 1, PerMinute: 60, PerDay: 1000}), &record{}
		called(t, l, Connect, "c")
		time.Sleep(5 * time.Minute)
		called(t, l, Reload, "d")
		l.End("d")
		require.Zero(t, l.expectedNow().ever)
		var all sync.WaitGroup
		all.Go(func() { require.NoError(t, visit(l, r, Request{Site: "a", Kind: VerifyOTP, Consent: "c"}, 0)) })
		synctest.Wait()
		require.Greater(t, l.expectedNow().ever, 1.0)
		all.Wait()

		l.End("c")
		called(t, l, Connect, "e")
		all.Go(func() { require.NoError(t, visit(l, r, Request{Site: "a", Kind: GenerateOTP, Consent: "e"}, 1)) })
		synctest.Wait()
		require.InDelta(t, 2.1, l.expectedNow().ever, 0.2, "it is counted once")
		all.Wait()
	})
}

func TestANewcomerInLineIsNotLetInOnceTheDayIsForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, r := newLine(t, Plan{PerSecond: 1, PerMinute: 60, PerDay: 8}), &record{}
		called(t, l, VerifyOTP, "x")
		l.End("x")
		stands := make(chan error, 1)
		go func() { stands <- visit(l, r, Request{Site: "a", Kind: Connect}, 0) }()
		synctest.Wait()
		require.Equal(t, 1, l.Waiting())
		for _, c := range []string{"c1", "c2", "c3"} {
			called(t, l, VerifyOTP, c)
		}
		var busy *Busy
		require.ErrorAs(t, <-stands, &busy)
		require.Greater(t, busy.After, 23*time.Hour)
	})
}

func TestWhoIsBehindABetterClassIsToldSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, r := newLine(t, Plan{PerSecond: 1, PerMinute: 60, PerDay: 1000}), &record{}
		called(t, l, Reload, "c")
		var all sync.WaitGroup
		for n := range 7 {
			all.Go(func() {
				require.NoError(t, visit(l, r, Request{Site: "a", Kind: GenerateOTP, Consent: fmt.Sprint(n)}, n))
			})
		}
		synctest.Wait()
		var busy *Busy
		require.ErrorAs(t, call(t, l, Request{Site: "a", Kind: Reload}, "c"), &busy)
		require.InDelta(t, 8*time.Second, busy.After, float64(100*ms))
		all.Wait()
	})
}

func TestTheProfileCountsWhatPeopleDoAfterEachCall(t *testing.T) {
	p := newProfile(false)
	for s := range p.steps {
		p.steps[s] = &habit{}
	}
	at := func(d time.Duration) int64 { return d.Microseconds() }
	b := newBegun()
	v, first := b.started(Entry{At: at(stretch), Kind: Connect, Consent: "c"}, p)
	require.True(t, first)
	_, first = b.started(Entry{At: at(6*stretch + stretch/2), Kind: Reload, Consent: "c"}, p)
	require.False(t, first)
	p.silence(v, 7)
	b.started(Entry{At: at(14 * stretch), Kind: GenerateOTP, Consent: "c"}, p)
	p.silence(v, 2)
	p.ended(v)
	h := p.steps[picture]
	require.Equal(t, []float64{2, 2, 2, 2, 2, 2, 1, 1, 0}, h.silent[:9])
	require.Equal(t, []float64{0, 0, 0, 0, 0, 1, 0, 1, 0}, h.called[:9])
	require.Equal(t, [steps]float64{picture: 1, otp: 1}, h.next)
	require.Equal(t, []float64{1, 1, 1, 0}, p.steps[otp].silent[:4])
	require.Equal(t, []float64{0, 0, 1, 0}, p.steps[otp].ended[:4])
	for range 2 * mostPeople {
		p.called(&verification{}, picture, 1)
	}
	require.LessOrEqual(t, p.weigh, float64(mostPeople), "the past counts less and less")
	require.LessOrEqual(t, h.called[0], float64(mostPeople))
}

func TestANewcomerIsLetInOnlyIfTheDayCarriesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Plan{PerSecond: 100, PerMinute: 1000, PerDay: 10})
		called(t, l, Connect, "c1")
		time.Sleep(time.Hour)
		for n := range 6 {
			called(t, l, VerifyOTP, fmt.Sprint("d", n))
			l.End(fmt.Sprint("d", n))
		}
		var busy *Busy
		require.ErrorAs(t, call(t, l, Request{Site: "a", Kind: Connect}, "c2"), &busy)
		require.InDelta(t, 23*time.Hour, busy.After, float64(time.Second))
		called(t, l, GenerateOTP, "c1")
	})
}

// Nothing is measured yet: who leaves first must not be waited for longer than people take.
func TestWhoFallsSilentFadesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Plans["growth"])
		called(t, l, Connect, "c")
		require.InDelta(t, 2.3, l.expectedNow().ever, 0.05, "3.3 calls, of which one is made")
		time.Sleep(20 * time.Second)
		require.InDelta(t, 2.3, l.expectedNow().ever, 0.25, "people take as long")
		time.Sleep(10 * time.Second)
		require.Zero(t, l.expectedNow().ever)
		called(t, l, GenerateOTP, "c")
		require.Greater(t, l.expectedNow().ever, 1.0, "back again")
	})
}

// The deviation is that of what people do: of two who call once more for certain there is
// none, of two of whom one does there is that of a coin each.
func TestTheDeviationIsThatOfTheProfile(t *testing.T) {
	for called, want := range map[float64]float64{0: 0, 5: 0.5, 10: 0} {
		p := newProfile(false)
		for s := range p.steps {
			p.steps[s] = &habit{}
		}
		h := p.steps[otp]
		h.silent[0], h.called[0], h.ended[0], h.next[tried] = 10, called, 10-called, 1
		p.table(1)
		var n need
		n.add(2, h, 0)
		for i, g := range horizons {
			require.InDelta(t, 2*called/10, n.within[g], 1e-9)
			require.InDelta(t, want, n.variance[i], 1e-9)
		}
		require.InDelta(t, want, n.variance[len(horizons)], 1e-9)
	}
}

// A profile's table is what people do who are drawn by it.
func TestTheTableIsWhatPeopleDo(t *testing.T) {
	p := newProfile(false)
	p.table(1)
	const people = 40_000
	for i, g := range horizons {
		sum, squares := 0.0, 0.0
		for range people {
			calls := float64(p.draw(picture, g))
			sum += calls
			squares += calls * calls
		}
		mean := sum / people
		require.InDelta(t, mean, p.steps[picture].within[0][g], 0.03, g)
		require.InDelta(t, squares/people-mean*mean, p.steps[picture].variance[0][i], 0.03, g)
	}
}

// draw has somebody go on for so many stretches, and counts the calls.
func (p *profile) draw(s step, stretches int) (calls int) {
	for b := 0; stretches > 0; stretches-- {
		h := p.steps[s]
		call, end := h.chances(b)
		switch at := rand.Float64(); {
		case at < call:
			onward, to, at := h.onward(), picture, rand.Float64()
			for at > onward[to] && to < tried {
				at -= onward[to]
				to++
			}
			s, b = to, 0
			calls++
			continue
		case at < call+end:
			return calls
		}
		b++
	}
	return calls
}

func TestAProfileIsMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Plans["growth"])
		for n := range 200 { // they reload once, and are not heard of again
			c := fmt.Sprint("c", n)
			called(t, l, Connect, c)
			time.Sleep(10 * time.Second)
			called(t, l, Reload, c)
			time.Sleep(20 * time.Second)
			l.expectedNow()
		}
		time.Sleep(5 * time.Minute)
		called(t, l, Connect, "new")
		require.InDelta(t, 1, l.expectedNow().ever, 0.35, "of two calls after a picture, one had another after it")
		time.Sleep(9 * time.Second)
		require.Greater(t, l.expectedNow().within[2], 0.3, "the moment at which they reload")
		time.Sleep(9 * time.Second)
		require.Less(t, l.expectedNow().within[2], 0.1)
	})
}

func TestARelayThatComesLaterKnowsWhoHasBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDatabase()
		one := b.line(t, Plans["growth"])
		defer one.Close()
		for n := range 5 {
			called(t, one, Connect, fmt.Sprint("c", n))
			time.Sleep(2 * time.Second)
		}
		called(t, one, GenerateOTP, "c1")
		called(t, one, VerifyOTP, "c1")
		one.End("c1")
		called(t, one, Reload, "c2")
		called(t, one, Reload, "c2")
		time.Sleep(time.Second)
		other := b.line(t, Plans["growth"])
		defer other.Close()
		called(t, other, GenerateOTP, "c3")
		restarted, err := New(Plans["growth"], NewMemory(b.entries), Options{})
		require.NoError(t, err)
		defer restarted.Close()
		called(t, restarted, Reload, "c4")
		other.mu.Lock()
		defer other.mu.Unlock()
		for _, l := range []*Line{other, restarted} {
			require.Len(t, l.begun.byKey, 5)
			require.True(t, l.begun.byKey["c1"].over)
			require.Equal(t, others, l.classOf(Request{Kind: Reload, Consent: "c2"}))
			require.False(t, l.newcomer(Request{Kind: Connect, Consent: "c2"}))
			require.Equal(t, otp, l.begun.byKey["c3"].step)
		}
	})
}

func TestANewcomerAtOneRelayLeavesTheSlotThatAnotherRelaysOTPNeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newDatabase(), &record{}
		plan := Plan{PerSecond: 1, PerMinute: 60, PerDay: 1000}
		one := b.line(t, plan)
		defer one.Close()
		other := b.line(t, plan)
		defer other.Close()
		require.NoError(t, visit(one, r, Request{Site: "a", Kind: Connect}, 0))
		var all sync.WaitGroup
		for n := 1; n < 4; n++ {
			all.Go(func() {
				require.NoError(t, visit(other, r, Request{Site: "a", Kind: Reload, Consent: fmt.Sprint(n)}, 10))
			})
		}
		time.Sleep(100 * ms)
		for n := range 3 {
			all.Go(func() {
				require.NoError(t, visit(one, r, Request{Site: "a", Kind: VerifyOTP, Consent: fmt.Sprint(n)}, 1))
			})
		}
		all.Wait()
		require.Equal(t, []int{0, 1, 1, 1, 10, 10, 10}, numbers(r))
	})
}

// However many come one after the other, those that wait at one relay are known at the
// other when it has room for several.
func TestAllOTPsThatWaitAtOneRelayGoBeforeTheReloadsOfAnother(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			b, r := newDatabase(), &record{}
			plan := Plan{PerSecond: 5, PerMinute: 300, PerDay: 1000}
			one := b.line(t, plan)
			defer one.Close()
			other := b.line(t, plan)
			defer other.Close()
			var all sync.WaitGroup
			consents := 0
			come := func(l *Line, kind Kind, n int) {
				consents++
				consent := fmt.Sprint("c", consents)
				all.Go(func() { require.NoError(t, visit(l, r, Request{Site: "a", Kind: kind, Consent: consent}, n)) })
			}
			for range 5 {
				come(other, VerifyOTP, 0)
			}
			time.Sleep(300 * ms)
			for n := range 5 {
				come(other, Reload, 10+n)
			}
			come(one, VerifyOTP, 1)
			time.Sleep(200 * ms)
			for range 4 {
				come(one, VerifyOTP, 1)
			}
			all.Wait()
			require.Equal(t, []int{1, 1, 1, 1, 1}, numbers(r)[5:10])
		})
	}
}

func TestASitesDayCountsVerificationsBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLineWith(t, Plans["growth"], Options{PerDay: map[string]int{"a": 2}})
		called(t, l, Connect, "c1")
		require.NoError(t, call(t, l, Request{Site: "a", Kind: Connect, Consent: "c1"}, "c1"), "a repeat begins nothing")
		called(t, l, GenerateOTP, "c1")
		slot, err := l.Enter(t.Context(), Request{Site: "a", Kind: Connect})
		require.NoError(t, err)
		slot.Release()
		called(t, l, Connect, "c2")
		var spent *Spent
		require.ErrorAs(t, call(t, l, Request{Site: "a", Kind: Connect}, "c3"), &spent)
		called(t, l, VerifyOTP, "c1")
		called(t, l, Reload, "c2")
		l.Refused(20 * time.Second)
		require.ErrorAs(t, call(t, l, Request{Site: "a", Kind: Connect}, "c3"), &spent, "which is longer than the pause")
	})
}

func TestAShareOfAPlanMayBeAFractionOfACallASecond(t *testing.T) {
	for name, want := range map[string]struct {
		gap       time.Duration
		perMinute int
	}{"starter": {3333 * ms, 9}, "growth": {667 * ms, 90}, "enterprise": {200 * ms, 300}} {
		synctest.Test(t, func(t *testing.T) {
			l, r := newLineWith(t, Plans[name], Options{Share: 0.3, WithoutOTP: true}), &record{}
			var all sync.WaitGroup
			for begin := time.Now(); time.Since(begin) < 5*time.Minute; time.Sleep(want.gap / 3) {
				all.Go(func() { _ = visit(l, r, Request{Site: "a", Kind: Connect}, 0) })
			}
			all.Wait()
			require.LessOrEqual(t, r.most(want.gap-10*ms), max(1, Plans[name].PerSecond*3/10))
			require.LessOrEqual(t, r.most(time.Minute), want.perMinute)
			require.Greater(t, len(r.sends), 5*want.perMinute*9/10)
		})
	}
}

// Of a crowd, who comes too late for this time is told when to come again, and is let
// in then, as a rule: at starter, where one person more or less decides, mostly.
func TestWhatACrowdIsToldIsTrue(t *testing.T) {
	const crowds = 20
	for name := range Plans {
		letIn := 0
		for range crowds {
			synctest.Test(t, func(t *testing.T) {
				l := newLine(t, Plans[name])
				v, o := &vendorLimits{plan: Plans[name]}, &outcome{scene: scene{pauses: quick}}
				var all sync.WaitGroup
				for n := range 500 {
					all.Go(func() { o.person(v, func() *Line { return l }, fmt.Sprint("c", n)) })
				}
				synctest.Wait()
				began := time.Now()
				var busy *Busy
				require.ErrorAs(t, call(t, l, Request{Site: "a", Kind: Connect}, "late"), &busy)
				require.Equal(t, began, time.Now(), "at once")
				require.Greater(t, busy.After, MaxWait)
				require.Less(t, busy.After, 30*time.Second)
				time.Sleep(busy.After)
				if call(t, l, Request{Site: "a", Kind: Connect}, "late") == nil {
					letIn++
				}
				all.Wait()
				require.Zero(t, v.refused)
			})
		}
		t.Log(name, letIn, "let in")
		require.Greater(t, letIn, map[bool]int{true: crowds / 2, false: crowds * 3 / 4}[name == "starter"], name)
	}
}
