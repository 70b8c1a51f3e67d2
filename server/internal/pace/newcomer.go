package pace

import (
	"math"
	"slices"
	"time"
)

// Somebody is let in only if the plan carries all whom it has let in before, and them,
// to the end. What those who have begun will need is not known, but expected: within
// each of some times from now on, by their step and silence. One standard deviation of
// it, as follows from the same profile, is kept free on top.

// horizons are how far ahead a newcomer's need is looked at, in stretches.
var horizons = [...]int{2, 5, 10, 15, 22, 30}

const (
	deviations = 1

	// mayWait is how much of a short window's time calls may wait without being too late.
	mayWait = 3 * time.Second

	// lookAgain is how soon it may have changed whether somebody is let in.
	lookAgain = 250 * time.Millisecond
)

// need is how many calls are expected of those who have begun, within so many stretches
// and ever.
type need struct {
	within   [ahead + 1]float64
	variance variances
	ever     float64
}

// expected adds up what those who have begun need.
func (l *Line) expected(now time.Time) (n need) {
	us := now.UnixMicro()
	l.begun.sweep(us)
	remade := l.profile.table(us)
	l.begun.silent.until(us, l.profile, remade)
	for s, h := range l.profile.steps {
		if k := float64(l.goingOn[s]); k > 0 { // the call that is waited for, and what follows it
			n.add(k, h, 0)
			for j := range n.within {
				n.within[j] += k
			}
			n.ever += k
		}
		for age, count := range l.begun.silent.count[s] {
			if count > 0 {
				n.add(float64(count), h, age)
			}
		}
	}
	return n
}

// add takes in k people after so long a silence.
func (n *need) add(k float64, h *habit, age int) {
	for j, e := range h.within[age] {
		n.within[j] += k * e
	}
	for j, v := range h.variance[age] {
		n.variance[j] += k * v
	}
	n.ever += k * h.ever[age]
}

// fits reports whether k newcomers who all come until so many stretches from now fit in
// the windows up to a day, with z deviations kept free, which are those from now on: where
// from is another time, z is 0.
func (l *Line) fits(n *need, k, z float64, from int, now time.Time) bool {
	fresh := l.profile.steps[picture]
	for i, g := range horizons {
		to := min(from+g, ahead)
		own := k * (1 + fresh.within[0][g])
		deviation := z * math.Sqrt(n.variance[i]+k*fresh.variance[0][i])
		until := now.Add(time.Duration(from+g) * stretch)
		for _, w := range l.windows {
			have, e := atLeastOne(w, fresh.within[0][g], fresh.variance[0][i]), n.within[to]
			switch {
			case w.ofDay():
				continue
			case w.ofSecond():
				have = float64(w.limit) * float64(until.Sub(now)+mayWait) / float64(w.length)
			default:
				have -= float64(l.calls.since(until.Add(-w.length)))
				if gone := int((until.Sub(now) - w.length) / stretch); gone > 0 { // calls that will have left it again
					e -= n.within[min(gone, ahead)]
				}
			}
			if e+own+deviation > have+1e-9 {
				return false
			}
		}
	}
	return true
}

// atLeastOne is how many calls a window has, as many at least as one verification needs:
// under a plan for less they go one after the other.
func atLeastOne(w window, more, variance float64) float64 {
	return max(float64(w.limit), 1+more+deviations*math.Sqrt(variance))
}

// dayFits is when the days have room for k newcomers and all who have begun.
func (l *Line) dayFits(n *need, k float64, now time.Time) time.Time {
	fresh, last := l.profile.steps[picture], len(horizons)
	own := k * (1 + fresh.ever[0])
	deviation := deviations * math.Sqrt(n.variance[last]+k*fresh.variance[0][last])
	for _, w := range l.windows {
		if !w.ofDay() {
			continue
		}
		used := l.calls.since(now.Add(-w.length))
		over := float64(used) + n.ever + own + deviation - atLeastOne(w, own/k-1, fresh.variance[0][last])
		if over > 1e-9 { // so many calls must have left the window
			i := len(l.calls.at) - used + min(int(math.Ceil(over)), used) - 1
			if i < 0 || i >= len(l.calls.at) {
				return now.Add(w.length)
			}
			return time.UnixMicro(l.calls.at[i]).Add(w.length + tick)
		}
	}
	return now
}

// letsIn reports whether somebody may begin now.
func (l *Line) letsIn(now time.Time) bool {
	n := l.expected(now)
	return l.fits(&n, 1, deviations, 0, now) && !l.dayFits(&n, 1, now).After(now)
}

// begins is when the k-th newcomer from now may begin.
func (l *Line) begins(k int, now time.Time) time.Time {
	n := l.expected(now)
	at := l.dayFits(&n, float64(k), now)
	for from := range ahead/2 + 1 {
		if l.fits(&n, float64(k), 0, from, now) {
			return later(at, now.Add(time.Duration(from)*stretch))
		}
	}
	verification := 1 + l.profile.steps[picture].ever[0]
	return later(at, now.Add(max(time.Minute, time.Duration(float64(k)*verification*float64(l.pace())))))
}

// pace is the time between two calls where windows below a day are used up.
func (l *Line) pace() (gap time.Duration) {
	for _, w := range l.windows {
		if !w.ofDay() {
			gap = max(gap, w.length/time.Duration(w.limit))
		}
	}
	return gap
}

// since counts the calls after a time.
func (h *history) since(at time.Time) int {
	i, _ := slices.BinarySearch(h.at, at.UnixMicro()+1)
	return len(h.at) - i
}
