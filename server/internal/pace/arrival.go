package pace

import (
	"slices"
	"time"
)

// The vendor counts arrivals, the relay knows when it has sent: a call may be
// longer on its way than the one after it, and the relay itself may be held up
// between the moment at which a call may go and the moment at which it goes. So a
// call counts from when it must have arrived, as far as can be known:
//
//   - while it is not written to its connection, it has not arrived now;
//   - once it is written, margin later;
//   - the longer its answer takes than it must, the later: what makes one answer
//     late may have been the way there. That is so as long as half of them take
//     hardly longer than the shortest; and of a vendor that can answer at once, also
//     while this machine is late with its own things, which may be what holds a
//     vendor beside it up. Of other vendors the time of an answer says nothing.
//
// What this costs where the second binds is 0.1 % of the allowance, for the
// coarseness of clocks and timers, and what answers vary by, on average; at a vendor
// that varies much, or takes longer than a second, 0.6 %. It costs nothing where
// minute or day bind.
const (
	margin = 5 * time.Millisecond
	tick   = time.Millisecond
	// longest is by how much a late answer may move its call: after that it is
	// the vendor that hangs.
	longest = 2 * time.Second
	// Fewer answers than few say nothing about how long they take: until then
	// each call counts up to start later.
	few   = 4
	start = 250 * time.Millisecond
)

// stage is how far the call of a place has come.
type stage uint8

const (
	held    stage = iota // granted
	leaving              // waits for its moment; noted, as if it left then
	left                 // may go out at any time
	gone                 // was written to its connection
	over                 // answered, ended or given back
)

// recent are the last few of many times.
type recent struct {
	ring [128]time.Duration
	n    int
}

// add returns the one whose place d takes, if all places were taken.
func (r *recent) add(d time.Duration) (gone time.Duration, full bool) {
	place := &r.ring[r.n%len(r.ring)]
	gone, full = *place, r.n >= len(r.ring)
	*place = d
	r.n++
	return gone, full
}

func (r *recent) last() []time.Duration { return r.ring[:min(r.n, len(r.ring))] }

func (r *recent) most() (most time.Duration) {
	for _, d := range r.last() {
		most = max(most, d)
	}
	return most
}

// answers are how long the last ones took.
type answers struct {
	took     recent
	sorted   []time.Duration // the same ones
	shortest time.Duration
	telling  bool // what one takes longer says something of its way
}

// add notes an answer. late is by how much this machine was late with something
// of its own lately.
func (a *answers) add(took, late time.Duration) {
	if gone, full := a.took.add(took); full {
		i, _ := slices.BinarySearch(a.sorted, gone)
		a.sorted = slices.Delete(a.sorted, i, i+1)
	}
	i, _ := slices.BinarySearch(a.sorted, took)
	a.sorted = slices.Insert(a.sorted, i, took)
	a.shortest = a.sorted[0]
	if a.shortest <= margin { // next to nothing: all that others took may have been the way there
		a.shortest = 0
	}
	a.telling = a.sorted[len(a.sorted)/2]-a.shortest <= margin || a.shortest == 0 && late > margin
}

// excess is by how much an answer takes longer than it must, if it takes so long.
func (a *answers) excess(took time.Duration) time.Duration {
	excess := max(took-a.shortest, 0)
	switch {
	case a.took.n < few:
		return min(max(took, margin), start)
	case a.telling:
		return min(excess, longest)
	}
	return min(excess, margin)
}

// latest is when the call of a place reaches the vendor at the latest.
func (l *Line) latest(p *Place, now time.Time) time.Time {
	switch p.stage {
	case leaving:
		if now.Before(p.sent) {
			return p.sent.Add(margin)
		}
		return now.Add(margin)
	case left:
		return now.Add(margin)
	default:
		return p.sent.Add(max(margin, l.answers.excess(now.Sub(p.sent))))
	}
}

// look notes anew the calls whose way is not over, unless there is so much room
// that it does not matter when they arrive. It needs the lock.
func (l *Line) look(now time.Time) {
	if l.ample(now) {
		return
	}
	for _, p := range l.way {
		l.note(p, l.latest(p, now))
	}
}

// ample reports whether no window would be full even if every call that is on its
// way, was granted or is waited for counted now.
func (l *Line) ample(now time.Time) bool {
	if l.pages != nil {
		return false
	}
	soon := len(l.way) + l.flying + l.leaving + l.waiting + 1
	for _, w := range l.plan.windows() {
		if l.sent.n-l.sent.after(now.Add(-w.length-tick))+soon >= w.limit {
			return false
		}
	}
	return true
}

// note has the history say when the call of a place arrives at the latest.
func (l *Line) note(p *Place, at time.Time) {
	if l.pages != nil {
		l.pages.note(p, at)
		return
	}
	p.noted = l.sent.move(p.noted, at)
}

// Gone says that the call was written to its connection only now.
func (p *Place) Gone() {
	l := p.line
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.stage == left {
		now := l.now()
		l.late.add(now.Sub(p.sent))
		p.stage, p.sent = gone, now
		l.note(p, l.latest(p, now))
	}
}

// Answered says that the vendor answers.
func (p *Place) Answered() {
	l := p.line
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.stage != left && p.stage != gone {
		return
	}
	took := l.now().Sub(p.sent)
	l.answers.add(took, l.late.most())
	p.stage = over
	l.note(p, p.sent.Add(l.answers.excess(took)))
	l.arrived(p)
}

// Done says that the call is over, whatever came of it. It must follow Send.
func (p *Place) Done() {
	p.line.mu.Lock()
	defer p.line.mu.Unlock()
	if p.stage == left || p.stage == gone {
		p.line.arrived(p)
	}
}

// arrived ends the way of a call: nothing moves it any more, and there may be
// room for others.
func (l *Line) arrived(p *Place) {
	p.stage = over
	l.way = slices.DeleteFunc(l.way, func(other *Place) bool { return other == p })
	l.stir()
	l.grant(l.now())
}

// stir lets those that wait for their moment look again.
func (l *Line) stir() {
	if l.leaving > 0 {
		close(l.stirred)
		l.stirred = make(chan struct{})
	}
}
