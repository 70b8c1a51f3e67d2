package pace

import (
	"context"
	"math"
	"slices"
	"time"
)

// turn is one turn at the store. The line keeps all that matters for it: who is next,
// and what it knows of all calls; only at a turn it grants slots, each with its moment
// written before.
func (l *Line) turn(ctx context.Context) {
	var done struct {
		picked  []*Slot
		written int // of unwritten
		paused  bool
	}
	err := l.store.Turn(ctx, func(news News) (d Decision) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.learn(news)
		l.look(l.now())
		done.written, done.paused = len(l.unwritten), l.pausing
		d.Entries = append(d.Entries, l.unwritten...)
		if done.paused {
			d.Paused = l.paused
		}
		done.picked = l.pick(&d)
		d.Waiting = l.inLine()
		l.announced = d.Waiting
		return d
	})

	l.mu.Lock()
	defer l.mu.Unlock()
	l.turning, l.failed = false, err
	if err != nil {
		l.read, l.announced, l.failedAt = time.Time{}, Waiting{}, l.now()
		l.refuseAll(done.picked, broken(err))
	} else {
		l.unwritten = append(l.unwritten[:0], l.unwritten[done.written:]...)
		l.pausing = l.pausing && !done.paused
		l.read = l.now()
		l.grant(done.picked)
	}
	close(l.turned)
	l.turned = make(chan struct{})
	l.schedule(l.now())
}

// learn takes in what others have written. It needs the lock.
func (l *Line) learn(news News) {
	if news.All {
		l.calls, l.begun = newHistory(l.size()), newBegun()
		for _, s := range l.sites {
			s.shared, s.begun = nil, nil
		}
		news.Entries = append(news.Entries, l.unwritten...)
	}
	for _, e := range news.Entries {
		l.apply(e)
	}
	l.paused = later(l.paused, news.Paused)
	l.others, l.served = news.Others, news.Served
	l.rewind(l.now())
}

// apply brings what the line knows up to date with one entry.
func (l *Line) apply(e Entry) {
	if e.Kind == End {
		l.ended(e)
		return
	}
	s := l.site(e.Site)
	switch {
	case e.Was == 0:
		l.calls.insert(e.At)
		first := true // as far as is known of a call that an older relay wrote
		if e.Kind != "" {
			_, first = l.begun.started(e, l.profile)
		}
		l.count(s, e, first)
	default:
		l.begun.corrected(e)
		for _, h := range []*history{l.calls, s.shared, s.begun} {
			if h != nil {
				h.correct(e.Was, e.At)
			}
		}
	}
}

// pick takes those out of the line who get the next slots, and writes them down.
func (l *Line) pick(d *Decision) (picked []*Slot) {
	now := l.now()
	var written int64 // for the one before
	for len(picked) < l.mostNow() {
		slot, _ := l.next(now)
		if slot == nil {
			break
		}
		l.take(slot)
		if err := l.spent(l.site(slot.request.Site), now); err != nil && slot.newcomer {
			slot.refuse(err)
			continue
		}
		at := l.free(1, now)
		l.served = math.MaxInt64 // nobody was served after it
		written = l.calls.unused(max(at.Add(l.behind+margin).UnixMicro(), written+1))
		slot.at, slot.written = at, written
		r := slot.request
		e := Entry{At: written, Site: r.Site, Ticketed: r.Ticketed, Kind: r.Kind, Consent: r.Consent}
		l.apply(e)
		l.way = append(l.way, slot)
		d.Entries = append(d.Entries, e)
		picked = append(picked, slot)
	}
	return picked
}

// mostNow is how many slots this turn grants: few where others wait as well.
func (l *Line) mostNow() int {
	waiting := 0
	for _, o := range l.others {
		if o.Waiting.First() < len(o.Waiting) {
			waiting++
		}
	}
	if waiting == 0 {
		return l.most
	}
	return max(1, l.most/(2*(1+waiting)))
}

func (l *Line) grant(picked []*Slot) {
	for _, slot := range picked {
		if slot.absent {
			slot.release()
			continue
		}
		close(slot.granted)
	}
}

// refuseAll ends the wait of those who were picked and of all who are in line. The
// slots of the first are as if they had not been granted; if they are written all the
// same, they are read at the next turn.
func (l *Line) refuseAll(picked []*Slot, err error) {
	for _, slot := range picked {
		l.apply(Entry{Was: slot.written, Site: slot.request.Site})
	}
	for c := range l.lanes {
		for l.lanes[c].waiting > 0 {
			q := l.lanes[c].order[0].queues[c]
			for _, slot := range slices.Concat(q.ticketed, q.unticketed) {
				l.remove(slot)
				picked = append(picked, slot)
			}
		}
	}
	for _, slot := range picked {
		slot.refuse(err)
	}
}

// refuse ends the wait for a slot that was not granted.
func (s *Slot) refuse(err error) {
	s.err = err
	s.end()
	close(s.granted)
}
