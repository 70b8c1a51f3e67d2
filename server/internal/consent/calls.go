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
// no writer.
func (l *Ledger) CallsSince(ctx context.Context, since time.Time) (calls []SpentCall, err error) {
	head, err := l.store.Head(ctx)
	if err != nil {
		return nil, err
	}
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
			if e.Kind != Used || e.At.Before(since) {
				continue
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
