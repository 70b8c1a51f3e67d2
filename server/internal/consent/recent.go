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
// read once, at the start, and holds nobody up.
func (l *Ledger) CallsSince(ctx context.Context, since time.Time) (bySite map[string][]time.Time, err error) {
	head, err := l.store.Head(ctx)
	if err != nil {
		return nil, err
	}
	bySite = map[string][]time.Time{}
	// Clocks of several relays are not quite the same, so the first event that is
	// older does not end the search; one that is much older does.
	for to, newer := head.Size, true; newer && to > 0; {
		from := max(0, to-chunk)
		entries, err := l.store.Range(ctx, from, int(to-from))
		if err != nil {
			return nil, err
		}
		for _, e := range slices.Backward(entries) {
			if newer = !e.At.Before(since.Add(-maxAhead)); !newer {
				break
			}
			if e.Kind == Used && !e.At.Before(since) {
				bySite[e.Site] = append(bySite[e.Site], e.At)
			}
		}
		to = from
	}
	for _, times := range bySite {
		slices.SortFunc(times, time.Time.Compare)
	}
	return bySite, nil
}
