package pace

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"
)

// MaxWait is how long anybody stands in line. Together with the vendor's 10 s
// it stays below the 25 s that the widget waits.
const MaxWait = 8 * time.Second

// Busy says that there is no slot within MaxWait. After is when one may be
// free, as far as can be known now.
type Busy struct{ After time.Duration }

func (*Busy) Error() string { return "pace: the vendor's allowance is used up" }

// Spent says that a site has used up its own day. After is when it may call
// again.
type Spent struct{ After time.Duration }

func (*Spent) Error() string { return "pace: the site's day is used up" }

// Line hands out one account's allowance. It is safe for concurrent use.
//
// It spends the allowance for verifications: calls for OTPs go first, then a
// verification's first reloads, then all else; and who would begin is let in only if
// all who have begun, and they, can be carried to the end. Within a class and a site,
// first come is first served, visitors with a ticket before those without; sites take
// turns, so that a flood at one does not slow another.
type Line struct {
	windows []window
	most    int     // slots that one turn grants
	share   float64 // of minute and day for visitors without a ticket, at sites that use tickets
	caps    map[string]int
	store   Store
	terms   Terms
	ctx     context.Context // of turns
	stop    context.CancelFunc

	mu      sync.Mutex
	behind  time.Duration // how much later it may be than now said last
	calls   *history
	answers answers
	late    recent    // by how much calls went out later than they might
	way     []*Slot   // granted, and not answered yet
	paused  time.Time // nothing goes before
	backoff time.Duration
	sites   map[string]*site
	lanes   [classes]lane
	goingOn [steps]int // who waits and has begun, by where the call leads to
	begun   begun
	profile *profile

	// What the store has of it.
	turning   bool
	turned    chan struct{} // closed at the end of the next turn
	closed    bool
	read      time.Time // when the last turn was; zero if it failed
	failed    error     // of the last turn
	failedAt  time.Time
	unwritten []Entry   // corrections that the store does not have yet
	since     time.Time // when there came to be any
	pausing   bool      // the store does not have paused yet
	announced Waiting   // how many wait here, as the others know
	others    []Other
	served    int64
	timer     *time.Timer // for the next turn
}

// Options of a [Line].
type Options struct {
	UnticketedShare float64 // 0.5 if zero

	// PerDay bounds the verifications that single sites begin in any 24 hours, in all
	// relays that share the store.
	PerDay map[string]int

	// Share is how much of each window is this line's: 1 if zero.
	Share float64

	// WithoutOTP says that somebody else makes the calls for OTPs.
	WithoutOTP bool
}

// New makes a line for a plan, over what store knows of its calls.
func New(plan Plan, store Store, o Options) (*Line, error) {
	if plan.PerSecond < 1 || plan.PerMinute < 1 || plan.PerDay < 1 {
		return nil, errors.New("pace: a plan allows at least one call a second, a minute and a day")
	}
	if o.UnticketedShare == 0 {
		o.UnticketedShare = 0.5
	}
	l := &Line{
		windows: plan.windows(cmp.Or(o.Share, 1)), most: plan.PerSecond, share: o.UnticketedShare, caps: o.PerDay,
		store: store, terms: store.Terms(), sites: map[string]*site{}, turned: make(chan struct{}),
		begun: newBegun(), profile: newProfile(o.WithoutOTP),
	}
	l.calls = newHistory(l.size())
	l.ctx, l.stop = context.WithCancel(context.Background())
	return l, nil
}

// size is the most that any of the line's windows counts.
func (l *Line) size() (size int) {
	for _, w := range l.windows {
		size = max(size, w.limit)
	}
	return size
}

// Close writes what others must know still. Nobody stands in line any more.
func (l *Line) Close() {
	l.stop()
	l.mu.Lock()
	l.closed = true
	l.unset()
	turned, turning := l.turned, l.turning
	l.mu.Unlock()
	if turning {
		<-turned
	}
	l.mu.Lock()
	owing := len(l.unwritten) > 0 || l.pausing
	l.mu.Unlock()
	if owing {
		l.turn(context.Background())
	}
}

// now is the time by the clock that all who spend this allowance go by. It needs the lock.
func (l *Line) now() (at time.Time) {
	at, l.behind = l.store.Now()
	return at
}

// Request is what somebody stands in line for.
type Request struct {
	Site     string
	Ticketed bool
	Kind     Kind
	Consent  string // which the call belongs to, by a name that says nothing; "" of one that is still to be given
}

// Enter waits for a slot: at most MaxWait, or as long as ctx. The error is a
// [*Busy], a [*Spent], [ErrStore] or the context's.
func (l *Line) Enter(ctx context.Context, r Request) (*Slot, error) {
	if err := l.fresh(ctx, r); err != nil {
		return nil, err
	}
	s := &Slot{line: l, request: r, granted: make(chan struct{})}
	l.mu.Lock()
	now := l.now()
	l.look(now)
	if wait, most := l.forecast(r, now); wait > most {
		l.mu.Unlock()
		return nil, &Busy{After: wait}
	}
	l.join(s)
	l.schedule(now)
	l.mu.Unlock()

	select {
	case <-s.granted: // at once, as a rule
		return s.outcome()
	default:
	}
	patience := time.NewTimer(MaxWait)
	defer patience.Stop()
	select {
	case <-s.granted:
		return s.outcome()
	case <-ctx.Done():
		return nil, l.giveUp(s, ctx.Err())
	case <-patience.C:
		l.mu.Lock()
		wait, _ := l.forecast(r, l.now())
		l.mu.Unlock()
		return nil, l.giveUp(s, &Busy{After: max(time.Second, wait)})
	}
}

// giveUp takes s out of the line; if it was granted meanwhile, the next may go.
func (l *Line) giveUp(s *Slot, why error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-s.granted:
		s.release()
	default:
		s.absent = true
		l.remove(s)
	}
	l.schedule(l.now())
	return why
}

// Waiting is how many stand in line.
func (l *Line) Waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiting()
}

// Use is how much of a window of the allowance is spent.
type Use struct {
	Window       string // second, minute or day
	Calls, Limit int
}

// Uses says how much of each window is spent now, as far as this line knows: what other
// relays have spent it learns at its turns.
func (l *Line) Uses() []Use {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.read.IsZero() && !l.closed {
		l.ask() // what was spent before a restart is known at the next question
	}
	now := l.now()
	uses := make([]Use, len(l.windows))
	for i, w := range l.windows {
		uses[i] = Use{windowNames[i], l.calls.within(w.length, now), w.limit}
	}
	return uses
}
