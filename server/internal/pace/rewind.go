package pace

import (
	"slices"
	"time"
)

// mostAhead is further ahead than a call is ever noted, and clocks are ever apart.
const mostAhead = time.Minute

// rewind takes back what was noted by a clock that was ahead: several relays go by their
// database's, which somebody may set. A call of the future counts as made now, and all
// waits begin anew. It needs the lock.
func (l *Line) rewind(now time.Time) {
	if l.paused.Sub(now) > maxPause {
		l.paused = time.Time{}
	}
	if !l.calls.ahead(now) && l.read.Sub(now) <= mostAhead {
		return
	}
	for _, t := range []*time.Time{&l.read, &l.since, &l.failedAt} {
		if t.After(now) {
			*t = now
		}
	}
	l.calls.rewind(now)
	for _, s := range l.sites {
		for _, h := range []*history{s.shared, s.begun} {
			if h != nil {
				h.rewind(now)
			}
		}
		if s.lastTicket.After(now) {
			s.lastTicket = now
		}
	}
	us := now.UnixMicro()
	l.begun.swept = min(l.begun.swept, us)
	for _, v := range l.begun.byKey {
		v.last = min(v.last, us)
	}
	l.begun.silent.renewAll()
}

// ahead reports whether the newest call is of the future.
func (h *history) ahead(now time.Time) bool {
	return len(h.at) > 0 && h.at[len(h.at)-1] > now.Add(mostAhead).UnixMicro()
}

// rewind has calls of the future be made now.
func (h *history) rewind(now time.Time) {
	us := now.UnixMicro()
	for i, at := range slices.Backward(h.at) {
		if at <= us {
			break
		}
		h.at[i] = us
	}
}
