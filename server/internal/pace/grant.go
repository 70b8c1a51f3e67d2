package pace

import "time"

// free is when the k-th call from now may go out, as far as the plan and a
// pause are concerned. Places that were granted and not sent yet come first.
func (l *Line) free(k int, now time.Time) time.Time {
	at := now
	if l.paused.After(at) {
		at = l.paused
	}
	for _, w := range l.plan.windows() {
		if room := l.sent.room(w, l.flying+k, now); room.After(at) {
			at = room
		}
	}
	return at
}

// moment is when a place that was granted may send: the others that were granted
// come after it.
func (l *Line) moment(now time.Time) time.Time {
	granted := l.flying
	l.flying = 0
	at := l.free(1, now)
	l.flying = granted
	return at
}

// clear is when a place that is leaving may go: now, or when there may be room
// again. Others that are leaving do not count, each of them asks for itself.
func (l *Line) clear(now time.Time) time.Time {
	at := now
	if l.paused.After(at) {
		at = l.paused
	}
	for _, w := range l.plan.windows() {
		first := l.sent.after(now.Add(-w.length - tick))
		if l.sent.n-first-l.leaving < w.limit {
			continue
		}
		if room := time.UnixMicro(l.sent.at(first)).Add(w.length + tick); room.After(at) {
			at = room
		}
	}
	return at
}

// forecast is how long a visitor who comes now will wait: behind those of its
// own site that go before it, and one of every other site for each of them.
func (l *Line) forecast(q *queue, v Visitor, now time.Time) time.Duration {
	before := len(q.ticketed)
	if !v.Ticketed {
		before += len(q.unticketed)
	}
	ahead := before
	for _, other := range l.turns {
		if other != q {
			ahead += min(other.len(), before+1)
		}
	}
	if l.pages != nil {
		ahead += l.pages.before(ahead)
	}
	at := l.free(ahead+1, now)
	if !v.Ticketed {
		if share := l.shareFree(q, len(q.unticketed)+1, now); share.After(at) {
			at = share
		}
	}
	return at.Sub(now)
}

// lead is how long before there is room a place is granted: what its holder does
// first, such as to commit a consent, then takes no time of the allowance.
const lead = 50 * time.Millisecond

func (l *Line) lead() time.Duration {
	if l.pages != nil {
		return sharedLead
	}
	return lead
}

// grant gives places to those in line while there is room, or is about to be,
// and sets the timer for when there is room again. It needs the lock.
func (l *Line) grant(now time.Time) {
	if l.pages != nil {
		l.pages.schedule(now)
		return
	}
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	if l.waiting > 0 {
		l.look(now)
	}
	for l.waiting > 0 {
		if wait := l.free(1, now).Sub(now) - lead; wait > 0 {
			l.wake(wait)
			return
		}
		p, later := l.next(now)
		if p == nil {
			l.wake(later.Sub(now) - lead)
			return
		}
		l.flying++
		if !p.visitor.Ticketed {
			l.queueOf(p.visitor).flying++
		}
		close(p.granted)
	}
}

// next takes the place whose turn it is out of the line. Where nobody may go,
// because all who wait have no ticket and their share is used, it says when.
func (l *Line) next(now time.Time) (p *Place, later time.Time) {
	for i, q := range l.turns {
		switch {
		case len(q.ticketed) > 0:
			p, q.ticketed = q.ticketed[0], q.ticketed[1:]
		default:
			if at := l.shareFree(q, 1, now); at.Sub(now) > l.lead() {
				if later.IsZero() || at.Before(later) {
					later = at
				}
				continue
			}
			p, q.unticketed = q.unticketed[0], q.unticketed[1:]
		}
		l.turns = append(l.turns[:i:i], l.turns[i+1:]...)
		if q.len() > 0 {
			l.turns = append(l.turns, q)
		}
		l.waiting--
		return p, later
	}
	return nil, later
}

// wake looks at the line again after d.
func (l *Line) wake(d time.Duration) {
	l.timer = time.AfterFunc(d, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.grant(l.now()) // once too often does no harm
	})
}
