package consent

import (
	"context"
	"slices"
	"time"
)

// chunk is how many events are read at a time.
const chunk = 1000

// CallsSince lists when the consents of each site were used to call the vendor
// since a time, oldest first: what the vendor's day has been spent on. It is
// read once, at the start.
func (l *Ledger) CallsSince(ctx context.Context, since time.Time) (bySite map[string][]time.Time, err error) {
	err = l.store.Update(ctx, func(tx Tx) error {
		bySite = map[string][]time.Time{}
		to, err := tx.Size(ctx)
		for newer := true; err == nil && newer && to > 0; {
			var entries []Entry
			from := max(0, to-chunk)
			if entries, err = tx.Range(ctx, from, int(to-from)); err != nil {
				return err
			}
			for _, e := range slices.Backward(entries) {
				if newer = !e.At.Before(since); !newer {
					break // time never goes back in the ledger
				}
				if e.Kind == Used {
					bySite[e.Site] = append(bySite[e.Site], e.At)
				}
			}
			to = from
		}
		return err
	})
	for _, times := range bySite {
		slices.Reverse(times)
	}
	return bySite, err
}
