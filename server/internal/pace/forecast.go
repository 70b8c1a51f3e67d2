package pace

import "time"

// free is when the k-th call from now may go out, as far as the plan and a
// pause are concerned.
func (l *Line) free(k int, now time.Time) time.Time {
	at := later(now, l.paused)
	for _, w := range l.windows {
		at = later(at, l.calls.room(w, k, now))
	}
	return at
}

// forecast is how long somebody who comes now will wait: behind all better classes, and
// in their own behind those of their site that go before them, and one of every other
// site for each of them; and relays take turns as well. most is the longest wait that is
// worth standing in line for: those who have begun may need less than is expected, so
// that a newcomer is let in sooner.
func (l *Line) forecast(r Request, now time.Time) (wait, most time.Duration) {
	c, s := l.classOf(r), l.site(r.Site)
	before := len(s.queues[c].ticketed)
	if !r.Ticketed {
		before += len(s.queues[c].unticketed)
	}
	same := before
	for _, other := range l.lanes[c].order {
		if other != s {
			same += min(other.queues[c].len(), before+1)
		}
	}
	better, elsewhere := 0, 0
	for b := range c {
		better += l.lanes[b].waiting
		for _, o := range l.others {
			better += o.Waiting[b]
		}
	}
	for _, o := range l.others {
		elsewhere += min(o.Waiting[c], same+1)
	}
	same += elsewhere
	at := l.free(better+same+1, now)
	if !l.newcomer(r) {
		return at.Sub(now), MaxWait
	}
	// Of those before, no more are let in than calls can go out while they wait: the
	// others will have left.
	second := l.windows[0]
	same = min(same, second.limit*int(MaxWait/second.length))
	at = later(at, l.begins(same+1, now))
	if !r.Ticketed {
		at = later(at, l.shareFree(s, len(s.queues[c].unticketed)+1, now))
	}
	return at.Sub(now), 2 * MaxWait
}
