package connect

import (
	"context"
	"time"

	"ekycconnect/server/internal/pace"
)

// connection waits until one is free. There are so many that only a vendor who has
// slowed down, under an allowance beyond all its plans, keeps all of them busy.
func (a *Account) connection(ctx context.Context, until time.Time) error {
	select {
	case a.calls <- struct{}{}:
		return nil
	default:
	}
	a.waiting.Add(1)
	defer a.waiting.Add(-1)
	patience := time.NewTimer(time.Until(until))
	defer patience.Stop()
	select {
	case a.calls <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-patience.C:
		return &pace.Busy{After: pace.MaxWait} // those who have one now are as slow as those before
	}
}

// hangUp gives the connection to somebody else.
func (p *admission) hangUp() {
	if p.connected {
		p.connected = false
		<-p.account.calls
	}
}
