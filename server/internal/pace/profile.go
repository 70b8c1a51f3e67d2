package pace

import (
	"slices"
	"time"
)

// The profile is how people go on, as measured by the account's own calls: after a call
// of each step, how many call again, end, or stay silent in each stretch of time. From
// that follows how many calls somebody will make within some time who has been silent
// for some time, since who has been silent for longer than anybody who came back is
// gone.
//
// To begin with it is that of a few people who all come to the end, with 3.3 calls.
type profile struct {
	steps [steps]*habit
	dirty bool
	made  int64 // when the table was made, µs
	weigh float64
}

const (
	// stretch is how finely time is divided.
	stretch = 2 * time.Second
	// stretches is for how long a silence is followed.
	stretches = 120
	// ahead is how far the table looks, but for the calls that are made ever.
	ahead = 60
)

// habit is what people do after a call of one step.
type habit struct {
	silent, called, ended [stretches]float64 // people who came to a stretch, and what they did in it
	next                  [steps]float64     // where their calls led to

	// within is how many calls follow within so many stretches, after so many of
	// silence; ever is how many follow at all. variance is that of within, at horizons.
	within   [stretches + 1][ahead + 1]float64
	variance [stretches + 1]variances
	ever     [stretches + 1]float64
}

// variances are how far a number of calls may be from what is expected, squared, at each
// horizon and as far as the table looks.
type variances [len(horizons) + 1]float64

// The first people are few enough for the measured ones to outweigh them soon. They call
// again within longestPause, at any moment of it: one who is silent for longer is gone, as
// long as nobody has come back later.
const (
	firstPeople  = 10
	longestPause = 14 // stretches
	// mostPeople bounds how much the past counts.
	mostPeople = 3000
)

// newProfile is the profile before any call; without OTPs it is that of pictures alone.
func newProfile(withoutOTP bool) *profile {
	p := &profile{dirty: true}
	next := [steps][steps]float64{picture: {.08, .92, 0}, otp: {.06, 0, .94}, tried: {0, 0, .07}}
	if withoutOTP {
		next[picture][otp] = 0
	}
	for s := range p.steps {
		h := &habit{}
		p.steps[s] = h
		again := next[s][0] + next[s][1] + next[s][2]
		people := float64(firstPeople)
		if s == int(tried) { // whose OTP was right ends at once
			h.ended[0] = people * (1 - again)
		}
		come := people * again
		for b := range h.silent {
			calls := come / float64(max(longestPause-b, 1))
			h.silent[b] = people
			h.called[b] = calls
			come -= calls
			people -= calls + h.ended[b]
		}
		for k := range h.next {
			h.next[k] = firstPeople * next[s][k]
		}
	}
	return p
}

func stretchOf(us int64) int { return min(max(int(us/stretch.Microseconds()), 0), stretches) }

// silence takes in that v has been silent up to a stretch, which is not over.
func (p *profile) silence(v *verification, upTo int) {
	h := p.steps[v.step]
	for ; v.exposed < min(upTo, stretches); v.exposed++ {
		h.silent[v.exposed]++
	}
	p.dirty = true
}

// called takes in a call after v's newest.
func (p *profile) called(v *verification, to step, at int64) {
	b := stretchOf(at - v.last)
	p.silence(v, b)
	if b < stretches && v.exposed <= b && !v.over {
		h := p.steps[v.step]
		h.silent[b]++
		h.called[b]++
		h.next[to]++
		p.weigh++
	}
	if p.weigh > mostPeople {
		p.fade()
	}
}

// ended takes in that v needs no more calls. Nobody knows when that was but at once.
func (p *profile) ended(v *verification) {
	h := p.steps[v.step]
	if v.exposed < stretches {
		h.silent[v.exposed]++
		h.ended[v.exposed]++
		p.dirty = true
	}
}

// fade halves what the past counts.
func (p *profile) fade() {
	for _, h := range p.steps {
		for b := range h.silent {
			h.silent[b] /= 2
			h.called[b] /= 2
			h.ended[b] /= 2
		}
		for k := range h.next {
			h.next[k] /= 2
		}
	}
	p.weigh /= 2
}

// table sees to it that what is expected is of what is known, at most a second ago,
// and reports whether it was to be made for that.
func (p *profile) table(now int64) (remade bool) {
	if !p.dirty || now-p.made < time.Second.Microseconds() && p.made != 0 {
		return false
	}
	p.dirty, p.made = false, now
	for range 16 { // what follows the next call, ever, is itself what is asked for
		for _, h := range p.steps {
			after := 0.0
			for k, share := range h.onward() {
				after += share * p.steps[k].ever[0]
			}
			for b := stretches - 1; b >= 0; b-- {
				call, end := h.chances(b)
				h.ever[b] = call*(1+min(after, 10)) + (1-call-end)*h.ever[b+1]
			}
		}
	}
	var squared, before [steps][stretches + 1]float64 // the mean of the square of within, at j and at j-1
	for j := 1; j <= ahead; j++ {
		squared, before = before, squared
		at := slices.Index(horizons[:], j)
		if j == ahead {
			at = len(horizons)
		}
		for s, h := range p.steps {
			after, afterSquared := 0.0, 0.0
			for k, share := range h.onward() {
				after += share * p.steps[k].within[0][j-1]
				afterSquared += share * before[k][0]
			}
			for b := range stretches {
				call, end := h.chances(b)
				h.within[b][j] = call*(1+after) + (1-call-end)*h.within[b+1][j-1]
				squared[s][b] = call*(1+2*after+afterSquared) + (1-call-end)*before[s][b+1]
				if at >= 0 {
					h.variance[b][at] = squared[s][b] - h.within[b][j]*h.within[b][j]
				}
			}
		}
	}
	return true
}

// gone reports whether hardly a call is expected of somebody any more who has been silent
// for so long.
func (p *profile) gone(s step, age int) bool {
	return age == stretches || p.steps[s].ever[age] < 0.005
}

// chances are how likely somebody who has come to a stretch calls in it, or ends.
func (h *habit) chances(b int) (call, end float64) {
	if h.silent[b] < 1e-6 {
		return 0, 0
	}
	return h.called[b] / h.silent[b], h.ended[b] / h.silent[b]
}

// onward is where calls after this step lead to.
func (h *habit) onward() (shares [steps]float64) {
	sum := 0.0
	for _, n := range h.next {
		sum += n
	}
	for k, n := range h.next {
		if sum > 0 {
			shares[k] = n / sum
		}
	}
	return shares
}
