package pace

import "time"

// The pause after a 429 that names none.
const (
	firstPause = time.Second
	maxPause   = 30 * time.Second
)

// Refused slows the whole line down after a 429 of the vendor: for after, or
// for 1 s doubling to 30 s if after is 0. It returns the pause. Of several calls
// that were on their way together, the first one counts.
func (l *Line) Refused(after time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if after <= 0 {
		if rest := l.paused.Sub(now); rest > 0 {
			return rest
		}
		l.backoff = min(max(2*l.backoff, firstPause), maxPause)
		after = l.backoff
	}
	after = min(after, maxPause)
	if until := now.Add(after); until.After(l.paused) {
		l.paused, l.pausing = until, true
	}
	l.schedule(now)
	return after
}

// Served ends the doubling: the vendor takes calls again.
func (l *Line) Served() {
	l.mu.Lock()
	l.backoff = 0
	l.mu.Unlock()
}

// refusing is the error while the line pauses for longer than is worth a wait.
func (l *Line) refusing(now time.Time) error {
	if wait := l.paused.Sub(now); wait > firstPause {
		return &Busy{After: wait}
	}
	return nil
}
