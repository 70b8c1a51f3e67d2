package consent

import (
	"context"
	"slices"
	"time"
)

// callsChunk is how many events CallsSince reads at a time.
const callsChunk = 1000

// CallsSince lists the times of the vendor calls since a time by site, oldest first:
// what the vendor's day has been spent on. It is called once, at the start, and blocks
// no writer.
func (l *Ledger) CallsSince(ctx context.Context, since time.Time) (bySite map[string][]time.Time, err error) {
	head, err := l.store.Head(ctx)
	if err != nil {
		return nil, err
	}
	bySite = map[string][]time.Time{}
	// The clocks of several relays differ a little, so an event that is just older does
	// not end the search; one that is older by more than maxAhead does.
	for to, newer := head.Size, true; newer && to > 0; {
		from := max(0, to-callsChunk)
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
