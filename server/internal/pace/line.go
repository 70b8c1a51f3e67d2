package pace

import (
	"context"
	"errors"
	"sync"
	"time"
)

// MaxWait is how long anybody stands in line. Together with the vendor's 10 s
// it stays below the 25 s that the widget waits.
const MaxWait = 8 * time.Second

// Busy says that there is no place within MaxWait. After is when one may be
// free, as far as can be known now.
type Busy struct{ After time.Duration }

func (*Busy) Error() string { return "pace: the vendor's allowance is used up" }

// Line hands out one account's allowance. It is safe for concurrent use.
//
// Within a site, first come is first served, visitors with a ticket before
// those without; sites take turns, so that a flood at one does not slow
// another.
type Line struct {
	plan  Plan
	share float64 // of minute and day for visitors without a ticket, at sites that use tickets
	pages *pages  // shared with other relays; nil: this one has the account for itself

	mu      sync.Mutex
	sent    *history
	answers answers
	late    recent        // by how much calls went out later than they might
	flying  int           // places that were granted and not sent yet
	way     []*Place      // leaving, left or gone
	leaving int           // of those, the ones that are leaving
	stirred chan struct{} // closed, and made anew, when who is leaving should look again
	paused  time.Time     // nothing goes before
	backoff time.Duration
	sites   map[string]*queue
	turns   []*queue // sites with somebody waiting, next one first
	waiting int
	timer   *time.Timer // wakes the line when the next window has room
}

// spare is how many calls the history holds beyond a window's limit: those that
// are leaving.
const spare = 64

// Options of a [Line].
type Options struct {
	UnticketedShare float64 // 0.5 if zero

	// Book, if it is there, is what this line shares with those of other relays.
	// The calls of the last day are read from it.
	Book Book

	// PerDay bounds the calls of single sites in any 24 hours, in all relays that
	// share the book. It needs one.
	PerDay map[string]int
}

// New makes a line for a plan. sent are the calls of the last day, oldest
// first, from before a restart.
func New(plan Plan, sent []time.Time, o Options) (*Line, error) {
	if plan.PerSecond < 1 || plan.PerMinute < 1 || plan.PerDay < 1 {
		return nil, errors.New("pace: a plan allows at least one call a second, a minute and a day")
	}
	if o.UnticketedShare == 0 {
		o.UnticketedShare = 0.5
	}
	l := &Line{
		plan: plan, share: o.UnticketedShare, sites: map[string]*queue{},
		sent:    newHistory(max(plan.PerDay, plan.PerMinute, plan.PerSecond) + spare),
		stirred: make(chan struct{}),
	}
	for _, at := range sent {
		l.sent.add(at)
	}
	if o.Book != nil {
		l.pages = openPages(l, o)
	}
	return l, nil
}

// Close ends what a line does by itself. Nobody stands in it any more.
func (l *Line) Close() {
	if l.pages != nil {
		l.pages.close()
	}
}

// now is the time by the clock that all who spend this allowance go by.
func (l *Line) now() time.Time {
	if l.pages != nil {
		return l.pages.book.Now()
	}
	return time.Now()
}

// Visitor is who stands in line.
type Visitor struct {
	Site     string
	Ticketed bool
}

// Enter waits for a place: at most MaxWait, or as long as ctx. The error is a
// [*Busy], a [*Spent], [ErrBook] or the context's.
func (l *Line) Enter(ctx context.Context, v Visitor) (*Place, error) {
	if l.pages != nil {
		if err := l.pages.fresh(ctx, v); err != nil {
			return nil, err
		}
	}
	now := l.now()
	p := &Place{line: l, visitor: v, granted: make(chan struct{})}
	l.mu.Lock()
	q := l.queueOf(v)
	l.look(now)
	if wait := l.forecast(q, v, now); wait > MaxWait {
		l.mu.Unlock()
		return nil, &Busy{After: wait}
	}
	l.join(q, p)
	l.grant(now)
	l.mu.Unlock()

	select {
	case <-p.granted: // at once, as a rule
		return p.outcome()
	default:
	}
	patience := time.NewTimer(MaxWait)
	defer patience.Stop()
	select {
	case <-p.granted:
		return p.outcome()
	case <-ctx.Done():
		return nil, l.giveUp(p, ctx.Err())
	case <-patience.C:
		l.mu.Lock()
		busy := &Busy{After: max(time.Second, l.forecast(q, v, l.now()))}
		l.mu.Unlock()
		return nil, l.giveUp(p, busy)
	}
}

// giveUp takes p out of the line; if it was granted meanwhile, the next may go.
func (l *Line) giveUp(p *Place, why error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-p.granted:
		p.leave()
	default:
		p.absent = true
		l.remove(p)
	}
	l.grant(l.now())
	return why
}

// The pause after a 429 that names none.
const (
	firstPause = time.Second
	maxPause   = 30 * time.Second
)

// Refused slows the whole line down after a 429 of the vendor: for after, or
// for 1 s doubling to 30 s if after is 0. It returns the pause. Of several calls
// that were on their way together, the first one counts.
func (l *Line) Refused(after time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if after <= 0 {
		if rest := l.paused.Sub(now); rest > 0 {
			return rest
		}
		l.backoff = min(max(2*l.backoff, firstPause), maxPause)
		after = l.backoff
	}
	after = min(after, maxPause)
	if until := now.Add(after); until.After(l.paused) {
		l.paused = until
		if l.pages != nil {
			l.pages.pause = true
		}
	}
	l.grant(now)
	return after
}

// Served ends the doubling: the vendor takes calls again.
func (l *Line) Served() {
	l.mu.Lock()
	l.backoff = 0
	l.mu.Unlock()
}

// Waiting is how many stand in line.
func (l *Line) Waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiting
}
