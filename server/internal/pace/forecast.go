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

// forecast is how long a visitor who comes now will wait: behind those of its
// own site that go before it, and one of every other site for each of them; and
// relays take turns as well.
func (l *Line) forecast(s *site, r Request, now time.Time) time.Duration {
	before := len(s.ticketed)
	if !r.Ticketed {
		before += len(s.unticketed)
	}
	ahead := before
	for _, other := range l.order {
		if other != s {
			ahead += min(other.len(), before+1)
		}
	}
	here := ahead
	for _, o := range l.others {
		ahead += min(o.Waiting, here+1)
	}
	at := l.free(ahead+1, now)
	if !r.Ticketed {
		at = later(at, l.shareFree(s, len(s.unticketed)+1, now))
	}
	return at.Sub(now)
}
