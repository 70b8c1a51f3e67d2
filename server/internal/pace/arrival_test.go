package pace

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const ms = time.Millisecond

// After a first call, each row's moments are what is known of it when the second
// one asks.
func TestACallCountsFromWhenItHasArrived(t *testing.T) {
	steady := []time.Duration{20 * ms, 21 * ms, 20 * ms, 22 * ms, 20 * ms, 23 * ms}
	fast := []time.Duration{ms, 2 * ms, ms, ms, 2 * ms, ms}
	varied := []time.Duration{ms, 90 * ms, 300 * ms, 40 * ms, 60 * ms, 500 * ms}
	erratic := []time.Duration{20 * ms, 90 * ms, 300 * ms, 40 * ms, 60 * ms, 500 * ms}
	for name, row := range map[string]struct {
		others         []time.Duration // how long their answers took
		gone, answered time.Duration   // since it might leave; 0: never
		want           time.Duration
		late           time.Duration // of this machine
	}{
		"never written, and over":                     {steady, 0, 0, margin, 0},
		"answered as ever":                            {steady, ms, 21 * ms, ms, 0},
		"answered a bit later":                        {steady, ms, 51 * ms, 31 * ms, 0},
		"answered much later":                         {steady, ms, 301 * ms, 281 * ms, 0},
		"answered by one that hangs":                  {steady, ms, 10_001 * ms, ms + longest, 0},
		"answered in next to no time":                 {fast, ms, 2 * ms, 2 * ms, 0},
		"answered later than in next to no time":      {fast, ms, 61 * ms, 61 * ms, 0},
		"answered by one that always varies":          {erratic, ms, 301 * ms, ms + margin, 0},
		"answered by one that varies from nothing on": {varied, ms, 301 * ms, ms + margin, 0},
		"the same, on a machine that is late":         {varied, ms, 301 * ms, 301 * ms, 6 * ms},
		"the first of all":                            {nil, ms, 301 * ms, ms + start, 0},
		"held up":                                     {steady, 300 * ms, 0, 300*ms + margin, 0},
		"held up, then answered":                      {steady, 300 * ms, 320 * ms, 300 * ms, 0},
		"held up for longer than the window":          {steady, 2500 * ms, 2520 * ms, 2500 * ms, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := newLine(t, Plan{PerSecond: 1, PerMinute: 60, PerDay: 1000})
			for _, took := range row.others {
				l.answers.add(took, row.late)
			}
			l.late.add(row.late)
			p, err := l.Enter(t.Context(), Request{Site: "a"})
			require.NoError(t, err)
			require.NoError(t, p.Send(t.Context(), ""))
			sent := time.Now()
			finished := make(chan struct{})
			go func() {
				defer close(finished)
				defer p.Done()
				time.Sleep(row.gone)
				if row.gone > 0 {
					p.Sent()
				}
				if row.answered > 0 {
					time.Sleep(row.answered - row.gone)
					p.Answered()
				}
			}()
			synctest.Wait()
			next, err := l.Enter(t.Context(), Request{Site: "a"})
			require.NoError(t, err)
			require.NoError(t, next.Send(t.Context(), ""))
			require.Equal(t, row.want+time.Second+tick, time.Since(sent), name)
			next.Done()
			<-finished
		})
	}
}

// road is how long a call takes from where to where, at random.
type road struct {
	held, write, there, answer func() time.Duration
	least                      time.Duration // of the answer
}

func upTo(d time.Duration) func() time.Duration { return func() time.Duration { return rand.N(d) } }

// nowAndThen is short as a rule, and long for one in twenty.
func nowAndThen(short, long time.Duration) func() time.Duration {
	return func() time.Duration {
		if rand.N(20) == 0 {
			return rand.N(long)
		}
		return rand.N(short)
	}
}

// oftenLong is short for one in three.
func oftenLong(long time.Duration) func() time.Duration {
	return func() time.Duration {
		if rand.N(3) == 0 {
			return rand.N(ms)
		}
		return rand.N(long)
	}
}

// drive holds a plan against one and a half times what it allows, for d, with
// calls that travel a road. It returns when they arrived. usual are answers from
// before.
func drive(t *testing.T, plan Plan, r road, d time.Duration, usual ...time.Duration) *record {
	l, arrived := newLine(t, plan), &record{}
	for _, took := range usual {
		l.answers.add(took, 0)
		l.late.add(r.write()) // a machine that is often late was so before
	}
	gap := time.Second * 2 / 3 / time.Duration(min(plan.PerSecond, (plan.PerMinute+59)/60))
	var all sync.WaitGroup
	for begin := time.Now(); time.Since(begin) < d; time.Sleep(gap) {
		all.Go(func() {
			p, err := l.Enter(context.Background(), Request{Site: "a"})
			if err != nil {
				return
			}
			defer p.Done()
			time.Sleep(r.held())
			if p.Send(context.Background(), "") != nil {
				return
			}
			time.Sleep(r.write())
			p.Sent()
			time.Sleep(r.there())
			arrived.note("a", 0)
			time.Sleep(r.answer())
			p.Answered()
		})
	}
	all.Wait()
	require.Empty(t, l.way)
	return arrived
}

// The relay may be held up anywhere for any time, its calls anywhere on their way.
func TestNoDelayAnywhereMakesOneCallTooMany(t *testing.T) {
	for name, r := range map[string]road{
		"the relay is held up":             {nowAndThen(4*ms, 300*ms), nowAndThen(ms, 3*time.Second), upTo(ms), upTo(ms), 0},
		"the relay is always held up":      {upTo(500 * ms), upTo(500 * ms), upTo(ms), upTo(ms), 0},
		"the way there is held up":         {upTo(4 * ms), upTo(ms), nowAndThen(ms, 1500*ms), upTo(ms), 0},
		"all are held up":                  {nowAndThen(4*ms, 300*ms), nowAndThen(ms, 300*ms), nowAndThen(ms, 300*ms), nowAndThen(ms, 300*ms), 0},
		"the whole machine is overloaded":  {upTo(100 * ms), oftenLong(60 * ms), oftenLong(60 * ms), oftenLong(60 * ms), 0},
		"a slow vendor, way there held up": {upTo(4 * ms), upTo(ms), nowAndThen(ms, 300*ms), func() time.Duration { return 800*ms + rand.N(2*ms) }, 800 * ms},
	} {
		for _, planned := range []string{"starter", "business", "growth", "enterprise"} {
			t.Run(fmt.Sprint(name, ", ", planned), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					plan := Plans[planned]
					usual := slices.Repeat([]time.Duration{r.least + ms}, few)
					arrived := drive(t, plan, r, 3*time.Minute, usual...)
					require.LessOrEqual(t, arrived.most(time.Second), plan.PerSecond)
					require.LessOrEqual(t, arrived.most(time.Minute), plan.PerMinute)
				})
			})
		}
	}
}

// Whatever the vendor takes, a relay that is not held up spends what it may.
func TestTheAllowanceIsUsedWhateverTheVendorTakes(t *testing.T) {
	for name, answer := range map[string]func() time.Duration{
		"nothing":          upTo(2 * ms),
		"nothing to 40 ms": upTo(40 * ms),
		"200 ms":           func() time.Duration { return 200*ms + rand.N(4*ms) },
		"50 to 250 ms":     func() time.Duration { return 50*ms + rand.N(200*ms) },
		"2 s":              func() time.Duration { return 2*time.Second + rand.N(4*ms) },
		"half a s to 4 s":  func() time.Duration { return 500*ms + rand.N(3500*ms) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const d = 5 * time.Minute
				plan := Plans["growth"]
				arrived := drive(t, plan, road{upTo(10 * ms), upTo(ms / 2), func() time.Duration { return ms / 4 }, answer, 0}, d)
				require.LessOrEqual(t, arrived.most(time.Second), plan.PerSecond)
				within := 0
				for _, s := range arrived.sends {
					if s.at.Sub(arrived.sends[0].at) < d {
						within++
					}
				}
				use := float64(within) / (d.Seconds() * float64(plan.PerSecond))
				t.Logf("use %.2f %%", 100*use)
				require.GreaterOrEqual(t, use, 0.99)
			})
		})
	}
}
