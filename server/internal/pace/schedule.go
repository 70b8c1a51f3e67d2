package pace

import (
	"context"
	"time"
)

// failedPause is how long after a turn that failed the next one is.
const failedPause = time.Second

// fresh sees to it that what the line knows is not stale when somebody comes.
func (l *Line) fresh(ctx context.Context, r Request) error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return ErrStore
	}
	l.rewind(l.now())
	if l.read.IsZero() || l.terms.Stale > 0 && l.now().Sub(l.read) > l.terms.Stale {
		turned := l.turned
		l.ask()
		l.mu.Unlock()
		select {
		case <-turned:
		case <-ctx.Done():
			return ctx.Err()
		}
		l.mu.Lock()
	}
	defer l.mu.Unlock()
	if l.read.IsZero() {
		return broken(l.failed)
	}
	if l.newcomer(r) {
		return l.spent(l.site(r.Site), l.now())
	}
	return nil
}

// ask begins a turn, unless one is under way. It needs the lock.
func (l *Line) ask() {
	if l.turning {
		return
	}
	l.turning = true
	go l.turn(l.ctx)
}

// schedule has a turn follow when there is something to do at one. It needs the lock.
func (l *Line) schedule(now time.Time) {
	l.unset()
	if l.turning || l.closed { // a turn looks, and schedules at its end
		return
	}
	if l.waiting() > 0 || l.terms.Soon > 0 { // else nobody asks when calls arrive before somebody comes
		l.look(now)
	}
	due, any := l.due(now)
	if any && !due.After(now) {
		l.ask()
		return
	}
	if look := now.Add(l.terms.Soon); l.terms.Soon > 0 && len(l.way) > 0 && (!any || due.After(look)) {
		due, any = look, true
	}
	if any {
		l.timer = time.AfterFunc(due.Sub(now), func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.schedule(l.now()) // once too often does no harm
		})
	}
}

func (l *Line) unset() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
}

// due is when the next turn is, if there is to be one.
func (l *Line) due(now time.Time) (at time.Time, any bool) {
	sooner := func(t time.Time) {
		if !any || t.Before(at) {
			at, any = t, true
		}
	}
	if l.waiting() > 0 {
		_, when := l.next(now)
		sooner(when.Add(l.courtesy()))
		if l.terms.Stale > 0 {
			sooner(l.read.Add(l.terms.Stale)) // the others see that this relay is alive
		}
		if l.untold() {
			sooner(now)
		}
	}
	if len(l.unwritten) > 0 {
		sooner(l.since.Add(l.terms.Soon))
	}
	if l.pausing {
		sooner(now)
	}
	if l.failed != nil {
		at = later(at, l.failedAt.Add(failedPause))
	}
	return at, any
}

// untold reports whether more wait than the others know of, as far as that matters to
// them: of those who go before somebody, each one counts.
func (l *Line) untold() bool {
	for c, lane := range l.lanes {
		if lane.waiting > l.announced[c] && (l.announced[c] == 0 || class(c) < others) {
			return l.terms.Soon > 0
		}
	}
	return false
}

// courtesy lets relays go first that have waited longer for a slot.
func (l *Line) courtesy() (wait time.Duration) {
	for _, o := range l.others {
		if o.Waiting.First() < len(o.Waiting) && o.Served < l.served {
			wait += l.terms.Courtesy
		}
	}
	return min(wait, l.terms.Lead/3)
}
