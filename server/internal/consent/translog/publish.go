package consent

import (
	"context"
	"time"
)

// publishRegularly publishes the newest checkpoint every so often, if there is
// a new one, until the ledger is closed.
func (l *Ledger) publishRegularly() {
	if l.tree.every <= 0 {
		return // each transaction publishes its own
	}
	ticker := time.NewTicker(l.tree.every)
	defer ticker.Stop()
	for {
		select {
		case <-l.drained:
			return
		case <-ticker.C:
			if l.tree.size.Load() > l.tree.shown.Load() {
				// Failing is logged where it happens; the next tick tries again.
				_ = l.commit(context.Background(), &op{judge: func(s *sheet) error {
					s.publish = true
					return nil
				}})
			}
		}
	}
}

// publish puts the publication of the newest checkpoint on the sheet if it is
// time for it.
func (t *tree) publish(ctx context.Context, tx Tx, s *sheet, g *growth) error {
	if t.every > 0 && !s.publish {
		return nil
	}
	newest, err := tx.Published(ctx)
	if err != nil {
		return err
	}
	// Another relay on this store published since: once in a while is enough.
	late := t.every > 0 && newest.Size > t.published
	g.published = newest.Size
	if late || newest.Note != nil && newest.Size >= g.head.Size {
		return nil
	}
	s.batch.Head, s.batch.Publish = &g.head, true
	g.published = g.head.Size
	return nil
}
