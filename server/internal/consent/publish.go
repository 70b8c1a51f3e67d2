package consent

import (
	"context"
	"time"
)

// publishRegularly publishes the newest checkpoint every so often, if there is
// a new one, until the ledger is closed.
func (l *Ledger) publishRegularly() {
	every := l.translog.PublishEvery()
	if every <= 0 {
		return // each transaction publishes its own
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-l.drained:
			return
		case <-ticker.C:
			if l.translog.Unpublished() {
				// A failure is logged where it happens; the next tick tries again.
				_ = l.commit(context.Background(), &op{judge: func(u *unitOfWork) error {
					u.publish = true
					return nil
				}})
			}
		}
	}
}
