package consent

var (
	NewCursor   = newCursor
	ParseCursor = parseCursor
)

// Queued is how many callers wait for the next group.
func (l *Ledger) Queued() int { return len(l.queue) }
