package consent

import (
	"time"
)

// MaxAhead bounds for how long the ledger's times may stand still: as long as it takes a
// clock to come up with a time that was given out before, its own or another relay's on
// the same store. A time that is further ahead is of a clock that was wrong, and is in
// nobody's way.
const MaxAhead = 30 * time.Second

const (
	// rememberAhead is how long readiness speaks of a clock that was ahead.
	rememberAhead = 10 * time.Minute
	// logAhead is how often a log line does, at most.
	logAhead = time.Minute
)

// WithClockAhead tells f when the newest record turns out to have a time that is ahead of
// this relay's clock by more than [MaxAhead], and by how much: this clock was ahead and
// is back, or another relay's is ahead, or this one is behind.
func WithClockAhead(f func(by time.Duration)) Option { return func(l *Ledger) { l.clockAhead = f } }

// ahead is what was noticed of a clock.
type ahead struct {
	by     time.Duration
	newest int64     // the record's time, ms
	at     time.Time // with its monotonic reading
}

// now is the clock's time in whole milliseconds. It is not before a time that was given
// out, unless that is further ahead than MaxAhead.
func (l *Ledger) now() time.Time {
	ms := l.clock().UnixMilli()
	for {
		last := l.last.Load()
		if last >= ms && last-ms <= MaxAhead.Milliseconds() {
			return time.UnixMilli(last).UTC()
		}
		if l.last.CompareAndSwap(last, ms) {
			return time.UnixMilli(ms).UTC()
		}
	}
}

// seen makes later times no earlier than that of the newest event, which another relay may
// have recorded, if it is not too far ahead; else it tells.
func (l *Ledger) seen(newest time.Time) {
	if newest.IsZero() {
		return
	}
	ms := newest.UnixMilli()
	l.newest.Store(ms)
	if by := newest.Sub(l.clock()); by > MaxAhead {
		l.tellAhead(ms, by)
		return
	}
	for last := l.last.Load(); ms > last && !l.last.CompareAndSwap(last, ms); last = l.last.Load() {
	}
}

// tellAhead tells once of each record whose time is ahead, and logs once in a while.
func (l *Ledger) tellAhead(newest int64, by time.Duration) {
	before := l.noticed.Load()
	if before != nil && before.newest == newest {
		return
	}
	l.noticed.Store(&ahead{by, newest, time.Now()})
	l.clockAhead(by)
	if before == nil || time.Since(before.at) > logAhead {
		l.log.Warn("the newest record's time is ahead of this machine's clock: a clock was set wrong, here or at another relay; later records have the time of the clock as it is now",
			"ahead", by.String(), "record_time", stamp(time.UnixMilli(newest)))
	}
}

// ClockAhead is by how much the newest record's time is ahead of this relay's clock, or
// was within the last minutes; zero if it is no more than MaxAhead.
func (l *Ledger) ClockAhead() time.Duration {
	if by := time.UnixMilli(l.newest.Load()).Sub(l.clock()); by > MaxAhead {
		return by
	}
	if noticed := l.noticed.Load(); noticed != nil && time.Since(noticed.at) < rememberAhead {
		return noticed.by
	}
	return 0
}

// Newest is the time of the newest event that is known; zero if there is none.
func (l *Ledger) Newest() time.Time {
	ms := l.newest.Load()
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
