package pace

import (
	"context"
	"time"
)

// Place is the right to make one call, now or in a moment. Exactly one of Send
// and Leave must follow, soon: the place counts against the allowance until then.
// After a Send, [Place.Gone] and [Place.Answered] should follow, and
// [Place.Done] must.
type Place struct {
	line    *Line
	visitor Visitor
	granted chan struct{}

	// Guarded by line.mu.
	stage  stage
	sent   time.Time // when the call goes out, or was written
	noted  int64     // the time in the line's history that stands for it
	at     time.Time // with a book: the moment that is written there
	pushed bool      // with a book: noted is later than the call can be, for the time being
	absent bool      // nobody waits for it any more
	err    error     // why it was granted nothing
}

// outcome is what came of the wait for a place, which is over.
func (p *Place) outcome() (*Place, error) {
	if p.err != nil {
		return nil, p.err
	}
	return p, nil
}

// Send waits for the moment at which the call may go out, a twentieth of a second
// from now as a rule, and notes it. It waits longer while calls before it are held
// up. If the vendor has refused others since the place was granted, the pause
// counts: it is waited for if it is short, else the error is a [*Busy]. The error
// may also be the context's; the call must then not go out.
func (p *Place) Send(ctx context.Context) error {
	l := p.line
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.stage != held {
		return nil
	}
	if l.pages != nil {
		return l.pages.send(ctx, p)
	}
	now := time.Now()
	l.look(now)
	p.leave()
	if err := l.refusing(now); err != nil {
		l.grant(now)
		return err
	}
	at := l.moment(now)
	p.stage, p.sent, p.noted = leaving, at, l.sent.add(at.Add(margin))
	l.way = append(l.way, p)
	l.leaving++
	l.queueOf(p.visitor).count(p.visitor, at, l.plan)
	l.grant(now)
	for at.After(now) {
		if err := l.sleep(ctx, at.Sub(now)); err != nil {
			l.leaving--
			l.arrived(p)
			return err
		}
		// Meanwhile a call before it may have been held up, or this one.
		now = time.Now()
		if now.After(at) {
			l.late.add(now.Sub(at))
		}
		l.look(now)
		if err := l.refusing(now); err != nil {
			l.leaving--
			l.arrived(p)
			return err
		}
		at = l.clear(now)
		p.sent = at
	}
	l.leaving--
	p.stage, p.sent = left, now
	p.noted = l.sent.move(p.noted, now.Add(margin))
	return nil
}

// sleep gives the line's lock away for d, or until there may be room earlier.
func (l *Line) sleep(ctx context.Context, d time.Duration) error {
	stirred := l.stirred
	l.mu.Unlock()
	defer l.mu.Lock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-stirred:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// refusing is the error while the line pauses for longer than is worth a wait.
func (l *Line) refusing(now time.Time) error {
	if wait := l.paused.Sub(now); wait > firstPause {
		return &Busy{After: wait}
	}
	return nil
}

// Leave gives the place back unused. After Send it does nothing.
func (p *Place) Leave() {
	p.line.mu.Lock()
	defer p.line.mu.Unlock()
	p.leave()
	p.line.grant(p.line.now())
}

// leave needs the line's lock.
func (p *Place) leave() {
	if p.stage != held {
		return
	}
	p.stage = over
	if p.line.pages != nil {
		p.line.pages.giveBack(p)
		return
	}
	p.line.flying--
	if !p.visitor.Ticketed {
		p.line.queueOf(p.visitor).flying--
	}
}
