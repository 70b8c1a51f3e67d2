package pace

import (
	"context"
	"time"
)

// pages are a line's part in a [Book]. The line keeps all that matters below it:
// who is next, and what it knows of all calls; only at a turn of the book does it
// hand out places, each with its moment written there before.
//
// A moment is written a little before it comes, and a call that goes out later than
// its moment is corrected soon. Both together stay far below the second after which
// another call relies on it.
type pages struct {
	line *Line
	book Book
	caps map[string]int // of sites, in any 24 hours

	kick chan struct{} // asks for a turn
	stop context.CancelFunc
	done chan struct{}

	// Guarded by line.mu.
	read      time.Time // when the last turn was; zero if it failed
	failed    error     // of the last turn
	failedAt  time.Time
	turned    chan struct{} // closed at the end of the next turn
	turning   bool
	later     time.Time // before, nobody of those who wait has a share left
	unwritten []Entry   // corrections that the book does not have yet
	since     time.Time // when there came to be any
	pause     bool      // the book does not have l.paused yet
	others    []Other
	served    int64
	announced bool // the others know that somebody waits here
}

const (
	// sharedLead is how long before its moment a place is granted. A turn and a
	// commit take place in it.
	sharedLead = 150 * time.Millisecond

	// slack is how much later than noted a call may be without a correction.
	slack = 2 * time.Millisecond

	// ahead is how much later a call is noted that is still held up, so that it
	// need not be corrected all the time.
	ahead = 200 * time.Millisecond

	// lookEvery is how often calls on their way are looked at.
	lookEvery = 100 * time.Millisecond

	// mostLate is how much later than its moment a call may go out.
	mostLate = 500 * time.Millisecond

	// writeSoon is how long a correction waits for a turn that is due anyway.
	writeSoon = 100 * time.Millisecond

	// stale is how old the last turn may be where somebody comes.
	stale = time.Second

	// afterYou is how much later a relay asks for each one that was served less recently.
	afterYou = 10 * time.Millisecond

	// turnTimeout is longer than the database waits for a relay that stops in its turn.
	turnTimeout = 5 * time.Second
)

func openPages(l *Line, o Options) *pages {
	ctx, stop := context.WithCancel(context.Background())
	p := &pages{
		line: l, book: o.Book, caps: o.PerDay, stop: stop,
		kick: make(chan struct{}, 1), done: make(chan struct{}), turned: make(chan struct{}),
	}
	go func() {
		defer close(p.done)
		for {
			select {
			case <-p.kick:
				p.turn(ctx)
			case <-ctx.Done():
				return
			}
		}
	}()
	return p
}

func (p *pages) close() {
	p.stop()
	<-p.done
	p.line.mu.Lock()
	p.unset()
	owing := len(p.unwritten) > 0 || p.pause
	p.line.mu.Unlock()
	if owing {
		p.turn(context.Background())
	}
}

// fresh sees to it that what the line knows is not stale when v comes.
func (p *pages) fresh(ctx context.Context, v Visitor) error {
	l := p.line
	l.mu.Lock()
	if p.read.IsZero() || l.now().Sub(p.read) > stale {
		turned := p.turned
		p.ask()
		l.mu.Unlock()
		select {
		case <-turned:
		case <-ctx.Done():
			return ctx.Err()
		case <-p.done:
			return ErrBook
		}
		l.mu.Lock()
	}
	defer l.mu.Unlock()
	if p.read.IsZero() {
		return broken(p.failed)
	}
	return p.spent(l.queueOf(v), l.now())
}

// ask has a turn follow, after the one that may be under way.
func (p *pages) ask() {
	select {
	case p.kick <- struct{}{}:
	default: // somebody has asked already
	}
}

// schedule has a turn follow when there is something to do at one. It needs the lock.
func (p *pages) schedule(now time.Time) {
	l := p.line
	p.unset()
	l.look(now)
	if p.turning { // it schedules at its end
		return
	}
	due, any := p.due(now)
	if any && !due.After(now) {
		p.ask()
		return
	}
	if look := now.Add(lookEvery); len(l.way) > 0 && (!any || due.After(look)) {
		due, any = look, true
	}
	if any {
		l.timer = time.AfterFunc(due.Sub(now), func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			p.schedule(l.now()) // once too often does no harm
		})
	}
}

// due is when the next turn is, if there is to be one.
func (p *pages) due(now time.Time) (at time.Time, any bool) {
	l := p.line
	sooner := func(t time.Time) {
		if !any || t.Before(at) {
			at, any = t, true
		}
	}
	if l.waiting > 0 {
		free := l.free(1, now)
		if p.later.After(free) {
			free = p.later
		}
		sooner(free.Add(p.courtesy() - sharedLead))
		sooner(p.read.Add(stale)) // the others see that this relay is alive
		if !p.announced {
			sooner(now)
		}
	}
	if len(p.unwritten) > 0 {
		sooner(p.since.Add(writeSoon))
	}
	if p.pause {
		sooner(now)
	}
	if again := p.failedAt.Add(stale); p.failed != nil && at.Before(again) {
		at = again
	}
	return at, any
}

func (p *pages) unset() {
	if p.line.timer != nil {
		p.line.timer.Stop()
		p.line.timer = nil
	}
}

// courtesy lets relays go first that have waited longer for a moment.
func (p *pages) courtesy() (wait time.Duration) {
	for _, o := range p.others {
		if o.Waiting > 0 && o.Served < p.served {
			wait += afterYou
		}
	}
	return min(wait, sharedLead/3)
}

// before is how many visitors of other relays go before one who has ahead others
// before it in this line: relays take turns.
func (p *pages) before(ahead int) (n int) {
	for _, o := range p.others {
		n += min(o.Waiting, ahead+1)
	}
	return n
}
