package pace

import (
	"context"
	"math"
	"slices"
	"time"
)

// turn is one turn of the book.
func (p *pages) turn(ctx context.Context) {
	l := p.line
	l.mu.Lock()
	p.unset()
	p.turning = true
	l.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, turnTimeout)
	defer cancel()
	var picked []*Place
	written, told := 0, false
	err := p.book.Turn(ctx, func(page Page) (note Note) {
		l.mu.Lock()
		defer l.mu.Unlock()
		p.learn(page)
		written, told = len(p.unwritten), p.pause
		note.Entries = append(note.Entries, p.unwritten...)
		if told {
			note.Paused = l.paused
		}
		picked = p.pick(&note)
		note.Waiting, p.announced = l.waiting, l.waiting > 0
		return note
	})

	l.mu.Lock()
	defer l.mu.Unlock()
	p.turning, p.failed = false, err
	if err != nil {
		p.read, p.announced, p.failedAt = time.Time{}, false, l.now()
		p.refuseAll(picked, broken(err))
	} else {
		p.unwritten = append(p.unwritten[:0], p.unwritten[written:]...)
		p.pause = p.pause && !told
		p.read = l.now()
		p.grant(picked)
	}
	close(p.turned)
	p.turned = make(chan struct{})
	p.schedule(l.now())
}

// learn takes in what others have written. It needs the lock.
func (p *pages) learn(page Page) {
	l := p.line
	if page.All {
		l.sent = newHistory(l.sent.size)
		for _, q := range l.sites {
			q.minute, q.day, q.all = nil, nil, nil
		}
		page.Entries = append(page.Entries, p.unwritten...)
	}
	for _, e := range page.Entries {
		p.apply(e)
	}
	if page.Paused.After(l.paused) {
		l.paused = page.Paused
	}
	p.others, p.served, p.later = page.Others, page.Served, time.Time{}
}

// apply brings what the line knows up to date with one entry. Applied twice, it
// changes nothing more.
func (p *pages) apply(e Entry) {
	l := p.line
	q := l.queueOf(Visitor{Site: e.Site})
	if e.Was == 0 {
		l.sent.insert(e.At)
		at := time.UnixMicro(e.At)
		if e.Ticketed && at.After(q.lastTicket) {
			q.lastTicket = at
		}
		q.count(Visitor{Site: e.Site, Ticketed: e.Ticketed}, at, l.plan)
		if most := p.caps[e.Site]; most > 0 {
			if q.all == nil {
				q.all = newHistory(most)
			}
			q.all.insert(e.At)
		}
		return
	}
	for _, h := range []*history{l.sent, q.minute, q.day, q.all} {
		switch {
		case h == nil:
		case e.At == 0:
			h.remove(e.Was)
		default:
			h.move(e.Was, time.UnixMicro(e.At))
		}
	}
}

// pick takes those out of the line who get the next moments, and notes them.
func (p *pages) pick(note *Note) (picked []*Place) {
	l := p.line
	now := l.now()
	var noted int64 // for the one before
	for l.waiting > 0 && len(picked) < p.most() {
		at := l.free(1, now)
		if at.Sub(now) > sharedLead {
			break
		}
		place, later := l.next(now)
		if place == nil {
			p.later = later
			break
		}
		if err := p.spent(l.queueOf(place.visitor), now); err != nil {
			place.refuse(err)
			continue
		}
		p.served = math.MaxInt64 // nobody was served after it
		noted = p.unique(max(at.Add(margin).UnixMicro(), noted+1))
		place.at, place.noted = at, noted
		e := Entry{At: place.noted, Site: place.visitor.Site, Ticketed: place.visitor.Ticketed}
		p.apply(e)
		note.Entries = append(note.Entries, e)
		picked = append(picked, place)
	}
	return picked
}

// most is how many moments one turn takes: few where others wait as well.
func (p *pages) most() int {
	waiting := 0
	for _, o := range p.others {
		if o.Waiting > 0 {
			waiting++
		}
	}
	if waiting == 0 {
		return max(1, p.line.plan.PerSecond)
	}
	return max(1, p.line.plan.PerSecond/(2*(1+waiting)))
}

// unique is a time with which no other call is noted.
func (p *pages) unique(noted int64) int64 {
	for p.line.sent.has(noted) {
		noted++
	}
	return noted
}

// spent is the error if the site's own day is used up.
func (p *pages) spent(q *queue, now time.Time) error {
	most := p.caps[q.site]
	if most <= 0 || q.all == nil {
		return nil
	}
	at := q.all.room(window{24 * time.Hour, most}, 1, now)
	if wait := at.Sub(now); wait > 0 {
		return &Spent{After: max(time.Second, wait)}
	}
	return nil
}

func (p *pages) grant(picked []*Place) {
	for _, place := range picked {
		if place.absent {
			place.leave()
			continue
		}
		close(place.granted)
	}
}

// refuseAll ends the wait of those who were picked and of all who are in line. The
// moments of the first are as if they had not been given; if they are written all the
// same, they are read at the next turn.
func (p *pages) refuseAll(picked []*Place, err error) {
	l := p.line
	for _, place := range picked {
		p.apply(Entry{Was: place.noted, Site: place.visitor.Site})
	}
	for l.waiting > 0 {
		q := l.turns[0]
		for _, place := range slices.Concat(q.ticketed, q.unticketed) {
			l.remove(place)
			picked = append(picked, place)
		}
	}
	for _, place := range picked {
		place.refuse(err)
	}
}

// refuse ends the wait for a place that was not granted.
func (place *Place) refuse(err error) {
	place.err, place.stage = err, over
	close(place.granted)
}
