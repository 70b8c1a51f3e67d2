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

// recent are the last few of many times.
type recent struct {
	ring [128]time.Duration
	n    int
}

// add returns the one that d replaces, if there is no more space.
func (r *recent) add(d time.Duration) (gone time.Duration, full bool) {
	oldest := &r.ring[r.n%len(r.ring)]
	gone, full = *oldest, r.n >= len(r.ring)
	*oldest = d
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

// latest is when the call of a slot reaches the vendor at the latest.
func (l *Line) latest(s *Slot, now time.Time) time.Time {
	if s.stage == sent {
		return s.at.Add(s.behind + max(margin, l.answers.excess(now.Sub(s.at))))
	}
	return later(s.at, now).Add(l.behind + margin)
}

// look corrects when the calls arrive whose way is not over. It needs the lock.
func (l *Line) look(now time.Time) {
	l.rewind(now)
	for _, s := range l.way {
		l.note(s, now)
	}
}

// note corrects when a call arrives that is on its way, if it is later than is
// written. Of such a call it is only known that it has not arrived yet.
func (l *Line) note(s *Slot, now time.Time) {
	at := l.latest(s, now)
	if at.UnixMicro()-s.written > l.terms.Slack.Microseconds() {
		l.write(s, at)
		s.pushed = true
	}
}

// correct writes when a call has arrived, unless what is written is as good.
func (l *Line) correct(s *Slot, at time.Time) {
	if s.pushed || at.UnixMicro()-s.written > l.terms.Slack.Microseconds() {
		l.write(s, at)
	}
}

func (l *Line) write(s *Slot, at time.Time) {
	if at.UnixMicro() == s.written {
		return
	}
	e := Entry{Was: s.written, At: l.calls.unused(at.UnixMicro()), Site: s.request.Site}
	s.written = e.At
	l.tell(e)
}

// tell has the others know of a correction, at a turn that is soon.
func (l *Line) tell(e Entry) {
	l.apply(e)
	if l.terms.Soon == 0 {
		return
	}
	if len(l.unwritten) == 0 {
		l.since = l.now()
	}
	l.unwritten = append(l.unwritten, e)
}
