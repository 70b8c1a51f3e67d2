package consent

var (
	NewCursor   = newCursor
	ParseCursor = parseCursor
)

// Learnt waits until what is learnt at the start is.
func (l *Ledger) Learnt() { l.learning.Wait() }

// Queued is how many callers wait for the next group.
func (l *Ledger) Queued() int { return len(l.queue) }
