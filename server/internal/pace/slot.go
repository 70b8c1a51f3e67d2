package pace

import (
	"context"
	"slices"
	"time"
)

// Slot is the right to make one call, now or in a moment. Exactly one of Send
// and Release must follow, soon: the slot counts against the allowance until then.
// After a Send, [Slot.Sent] and [Slot.Answered] should follow, and [Slot.Done]
// must.
type Slot struct {
	line    *Line
	request Request
	granted chan struct{}

	class    class // since it stands in line
	newcomer bool

	// Guarded by line.mu.
	stage   stage
	at      time.Time     // when the call goes out, or was written to its connection
	behind  time.Duration // how much later that was by the store's clock, at most
	written int64         // the time in the store that stands for it
	pushed  bool          // written is later than the call can be, for the time being
	absent  bool          // nobody waits for it any more
	err     error         // why it was not granted
}

// stage is how far the call of a slot has come.
type stage uint8

const (
	held    stage = iota // granted
	leaving              // waits for its moment
	left                 // may go out at any time
	sent                 // was written to its connection
	over                 // answered, ended or released
)

// outcome is what came of the wait for a slot, which is over.
func (s *Slot) outcome() (*Slot, error) {
	if s.err != nil {
		return nil, s.err
	}
	return s, nil
}

// Send waits for the moment at which the call may go out, a twentieth of a second
// from now as a rule. consent is which the call belongs to, where that was not known
// when the slot was asked for. If the vendor has refused others since the slot was
// granted, the pause counts: it is waited for if it is short, else the error is a
// [*Busy]. The error may also be the context's; the call must then not go out.
func (s *Slot) Send(ctx context.Context, consent string) error {
	l := s.line
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.stage != held {
		return nil
	}
	s.stage = leaving
	if s.request.Consent == "" && consent != "" {
		s.request.Consent = consent
		l.tell(Entry{Was: s.written, At: s.written, Site: s.request.Site, Consent: consent})
	}
	for {
		now := l.now()
		if most := l.terms.MostLate; most > 0 && now.Sub(s.at) > most {
			return s.abandon(&Busy{After: firstPause})
		}
		if err := l.refusing(now); err != nil {
			return s.abandon(err)
		}
		s.at = later(s.at, l.paused)
		wait := s.at.Sub(now)
		if wait <= 0 {
			s.stage, s.at, s.behind = left, now, l.behind
			l.note(s, now)
			l.schedule(now)
			return nil
		}
		if err := l.sleep(ctx, wait); err != nil {
			return s.abandon(err)
		}
		if now := l.now(); now.After(s.at) {
			l.late.add(now.Sub(s.at))
		}
	}
}

// sleep gives the line's lock away for d.
func (l *Line) sleep(ctx context.Context, d time.Duration) error {
	l.mu.Unlock()
	defer l.mu.Lock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// abandon ends the way of a call that is not made.
func (s *Slot) abandon(why error) error {
	s.giveBack()
	return why
}

// Release gives the slot back unused. After Send it does nothing.
func (s *Slot) Release() {
	s.line.mu.Lock()
	defer s.line.mu.Unlock()
	s.release()
}

// release needs the line's lock.
func (s *Slot) release() {
	if s.stage == held {
		s.giveBack()
	}
}

// giveBack has the slot's moment be somebody else's.
func (s *Slot) giveBack() {
	s.line.tell(Entry{Was: s.written, Site: s.request.Site})
	s.end()
	s.line.schedule(s.line.now())
}

// Sent says that the call was written to its connection only now.
func (s *Slot) Sent() {
	l := s.line
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.stage == left {
		now := l.now()
		l.late.add(now.Sub(s.at))
		s.stage, s.at, s.behind = sent, now, l.behind
		l.note(s, now)
	}
}

// Answered says that the vendor answers.
func (s *Slot) Answered() {
	l := s.line
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.stage != left && s.stage != sent {
		return
	}
	now := l.now()
	took := now.Sub(s.at)
	l.answers.add(took, l.late.most())
	s.end()
	l.correct(s, s.at.Add(s.behind+l.answers.excess(took)))
	l.schedule(now)
}

// Done says that the call is over, whatever came of it. It must follow Send.
func (s *Slot) Done() {
	l := s.line
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.stage == left || s.stage == sent {
		now := l.now()
		l.note(s, now)
		s.end()
		l.schedule(now)
	}
}

// end says that nothing moves the call any more.
func (s *Slot) end() {
	s.stage = over
	s.line.way = slices.DeleteFunc(s.line.way, func(other *Slot) bool { return other == s })
}
