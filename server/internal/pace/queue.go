package pace

import (
	"slices"
	"time"
)

// MostOnWay is how many calls are on their way at most, which is how many connections
// there are to a vendor: more would wait for one of these, and all that are on their way
// are looked at whenever somebody comes.
const MostOnWay = 256

// queue is who of one site waits in one class. It is guarded by its line's lock.
type queue struct{ ticketed, unticketed []*Slot }

func (q *queue) len() int { return len(q.ticketed) + len(q.unticketed) }

// lane is who waits in one class: sites take turns, and within a site first come is
// first served, visitors with a ticket before those without.
type lane struct {
	order   []*site // with somebody waiting, next one first
	waiting int
}

func (l *Line) join(slot *Slot) {
	r := slot.request
	slot.class, slot.newcomer = l.classOf(r), l.newcomer(r)
	s, lane := l.site(r.Site), &l.lanes[slot.class]
	q := &s.queues[slot.class]
	if q.len() == 0 {
		lane.order = append(lane.order, s)
	}
	if r.Ticketed {
		s.lastTicket = l.now()
		q.ticketed = append(q.ticketed, slot)
	} else {
		q.unticketed = append(q.unticketed, slot)
	}
	lane.waiting++
	if !slot.newcomer {
		l.goingOn[stepOf(r.Kind)]++
	}
	if v := l.begun.byKey[r.Consent]; v != nil {
		v.waiting = slot
		l.begun.silent.renew(v)
	}
}

// remove takes out somebody who does not wait any longer.
func (l *Line) remove(slot *Slot) {
	s, lane := l.site(slot.request.Site), &l.lanes[slot.class]
	q := &s.queues[slot.class]
	before := q.len()
	this := func(other *Slot) bool { return other == slot }
	q.ticketed = slices.DeleteFunc(q.ticketed, this)
	q.unticketed = slices.DeleteFunc(q.unticketed, this)
	if q.len() == before {
		return
	}
	lane.waiting--
	if !slot.newcomer {
		l.goingOn[stepOf(slot.request.Kind)]--
	}
	if q.len() == 0 {
		lane.order = slices.DeleteFunc(lane.order, func(other *site) bool { return other == s })
	}
	if v := l.begun.byKey[slot.request.Consent]; v != nil && v.waiting == slot {
		v.waiting = nil
		l.begun.silent.renew(v)
	}
}

// take takes out whose turn it was; the other sites are next.
func (l *Line) take(slot *Slot) {
	l.remove(slot)
	s, lane := l.site(slot.request.Site), &l.lanes[slot.class]
	if i := slices.Index(lane.order, s); i >= 0 {
		lane.order = append(slices.Delete(lane.order, i, i+1), s)
	}
}

// next is the slot that is to be granted next, and when; nil if nobody may have one
// whatever room there is, and when to look again.
func (l *Line) next(now time.Time) (slot *Slot, when time.Time) {
	if len(l.way) >= MostOnWay { // one that ends looks again
		return nil, now.Add(lookAgain)
	}
	ahead := 0 // those whom other relays are to serve first
	for c := range l.lanes {
		if l.lanes[c].waiting > 0 {
			room := l.free(1+ahead, now)
			if room.Sub(now) > l.terms.Lead {
				return nil, room.Add(-l.terms.Lead)
			}
			if slot = l.first(class(c), now); slot != nil {
				return slot, room.Add(-l.terms.Lead)
			}
		}
		for _, o := range l.others {
			ahead += o.Waiting[c]
		}
	}
	return nil, now.Add(lookAgain)
}

// first is whose turn it is in a class.
func (l *Line) first(c class, now time.Time) *Slot {
	asked, in := false, false
	for _, s := range l.lanes[c].order {
		free := l.shareFree(s, 1, now).Sub(now) <= l.terms.Lead
		for _, waiting := range [][]*Slot{s.queues[c].ticketed, s.queues[c].unticketed} {
			for _, slot := range waiting {
				if !slot.newcomer {
					return slot
				}
				if !asked {
					asked, in = true, l.letsIn(now)
				}
				if in && (slot.request.Ticketed || free) {
					return slot
				}
			}
		}
	}
	return nil
}

// inLine is how many wait.
func (l *Line) inLine() (w Waiting) {
	for c, lane := range l.lanes {
		w[c] = lane.waiting
	}
	return w
}

func (l *Line) waiting() (n int) {
	for _, lane := range l.lanes {
		n += lane.waiting
	}
	return n
}
