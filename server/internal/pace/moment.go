package pace

import (
	"context"
	"time"
)

// send waits for the moment of a place that is held. It needs the lock, which it
// gives away while it waits.
func (p *pages) send(ctx context.Context, place *Place) error {
	l := p.line
	place.stage, place.sent = leaving, place.at
	l.way = append(l.way, place)
	for {
		now := l.now()
		if now.Add(margin).UnixMicro()-place.noted > mostLate.Microseconds() {
			return p.abandon(place, &Busy{After: firstPause})
		}
		if err := l.refusing(now); err != nil {
			return p.abandon(place, err)
		}
		if l.paused.After(place.sent) {
			place.sent = l.paused
		}
		p.note(place, l.latest(place, now))
		if !place.sent.After(now) {
			place.stage, place.sent = left, now
			p.schedule(now)
			return nil
		}
		if err := l.sleep(ctx, place.sent.Sub(now)); err != nil {
			return p.abandon(place, err)
		}
		if now := l.now(); now.After(place.sent) {
			l.late.add(now.Sub(place.sent))
		}
	}
}

// abandon ends the way of a call that is not made.
func (p *pages) abandon(place *Place, why error) error {
	p.giveBack(place)
	p.line.arrived(place)
	return why
}

// note has the others know of a call that arrives later than they think. Of what is
// still on its way it is only known that it has not arrived yet.
func (p *pages) note(place *Place, at time.Time) {
	late := at.UnixMicro() - place.noted
	switch {
	case place.stage == over && (place.pushed || late > slack.Microseconds()):
		p.correct(place, at)
	case place.stage == leaving && late > slack.Microseconds():
		p.correct(place, at)
	case place.stage != over && late > slack.Microseconds():
		place.pushed = true
		p.correct(place, at.Add(ahead))
	}
}

func (p *pages) correct(place *Place, to time.Time) {
	e := Entry{Was: place.noted, At: p.unique(to.UnixMicro()), Site: place.visitor.Site}
	place.noted = e.At
	p.tell(e)
}

// giveBack notes that a moment is not used. It needs the lock.
func (p *pages) giveBack(place *Place) { p.tell(Entry{Was: place.noted, Site: place.visitor.Site}) }

func (p *pages) tell(e Entry) {
	if len(p.unwritten) == 0 {
		p.since = p.line.now()
	}
	p.apply(e)
	p.unwritten = append(p.unwritten, e)
}
