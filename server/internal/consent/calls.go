package consent

import (
	"context"
	"slices"
	"time"
)

// callsChunk is how many events CallsSince reads at a time.
const callsChunk = 1000

// SpentCall is a vendor call that was made under a consent.
type SpentCall struct {
	At       time.Time // when it was recorded
	Site     string
	Consent  string // its id
	Endpoint string // "" once the consent was erased, as Result
	Result   string
}

// CallsSince lists the vendor calls that were recorded since a time, oldest first:
// what the vendor's day has been spent on. It is called once, at the start, and blocks
// no writer. A call whose time is still to come was recorded by a clock that was ahead,
// and counts as made now.
func (l *Ledger) CallsSince(ctx context.Context, since time.Time) (calls []SpentCall, err error) {
	head, err := l.store.Head(ctx)
	if err != nil {
		return nil, err
	}
	now := l.clock()
	// Clocks differ, and may have been wrong for a moment, so an event that is older does
	// not end the search; a whole chunk of them does.
	for to, newer := head.Size, true; newer && to > 0; {
		from := max(0, to-callsChunk)
		entries, err := l.store.Range(ctx, from, int(to-from))
		if err != nil {
			return nil, err
		}
		newer = false
		for _, e := range slices.Backward(entries) {
			if e.At.Before(since) {
				continue
			}
			if newer = true; e.Kind != Used {
				continue
			}
			if e.At.After(now) {
				e.At = now
			}
			event, err := newEvent(e)
			if err != nil {
				return nil, err
			}
			calls = append(calls, SpentCall{At: e.At, Site: e.Site, Consent: e.Consent.String(), Endpoint: event.Endpoint, Result: event.Result})
		}
		to = from
	}
	slices.Reverse(calls)
	slices.SortStableFunc(calls, func(a, b SpentCall) int { return a.At.Compare(b.At) })
	return calls, nil
}
