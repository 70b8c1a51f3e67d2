package pace

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheSilentAreCountedAsIfEachWereLookedAt(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	l := newLine(t, Plan{PerSecond: 5, PerMinute: 500, PerDay: 20_000})
	kinds := []Kind{Connect, Reload, GenerateOTP, VerifyOTP}
	now, seen, dropped := l.now(), 0, 0
	var calls []int64
	for range 5000 {
		now = now.Add(time.Duration(r.Int64N(int64(200 * time.Millisecond))))
		if r.IntN(500) == 0 { // somebody sets the clock
			now = now.Add(-time.Duration(r.Int64N(int64(time.Minute))))
		}
		consent := fmt.Sprint(r.IntN(200))
		switch e := (Entry{At: l.calls.unused(now.UnixMicro()), Site: "a"}); r.IntN(8) {
		case 0, 1, 2: // a call, of which the consent may be known only later
			e.Kind, e.Consent = kinds[r.IntN(len(kinds))], []string{"", consent}[r.IntN(2)]
			l.apply(e)
			calls = append(calls, e.At)
		case 3, 4, 5: // another time, no call, another consent
			if n := len(calls); n > 0 {
				i := max(0, n-1-r.IntN(20))
				e.Was, e.At = calls[i], []int64{0, e.At, l.calls.unused(calls[i] - 3_000_000)}[r.IntN(3)]
				e.Consent = []string{"", consent}[r.IntN(2)]
				calls[i] = e.At
				l.apply(e)
			}
		case 6:
			l.apply(Entry{Kind: End, Consent: consent})
		case 7: // comes into the line, or leaves it
			if v := l.begun.byKey[consent]; v != nil && v.waiting == nil {
				v.waiting = new(Slot)
				l.begun.silent.renew(v)
			} else if v != nil {
				v.waiting = nil
				l.begun.silent.renew(v)
			}
		}
		before := len(l.begun.silent.turns)
		l.expected(now)
		var count [steps][stretches]int
		for _, v := range l.begun.byKey {
			if v.likely && v.waiting == nil {
				age := stretchOf(now.UnixMicro() - v.last)
				require.False(t, l.profile.gone(v.step, age))
				require.GreaterOrEqual(t, v.exposed, age)
				count[v.step][age]++
				seen++
			}
		}
		dropped += before - len(l.begun.silent.turns)
		require.Equal(t, count, l.begun.silent.count)
	}
	require.Greater(t, seen, 100_000)
	require.Greater(t, dropped, 100)
}
