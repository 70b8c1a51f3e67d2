package pace

import (
	"slices"
	"time"
)

// queue is one site's visitors in line. It is guarded by its line's lock.
type queue struct {
	site        string
	ticketed    []*Place
	unticketed  []*Place
	lastTicket  time.Time // a site uses tickets for a day after the last one
	minute, day *history  // calls for visitors without a ticket; nil until a site uses tickets
	flying      int       // places that visitors without a ticket have, and have not sent yet
	all         *history  // with a bound on the site's day: its calls
}

func (q *queue) len() int { return len(q.ticketed) + len(q.unticketed) }

func (l *Line) queueOf(v Visitor) *queue {
	q := l.sites[v.Site]
	if q == nil {
		q = &queue{site: v.Site}
		l.sites[v.Site] = q
	}
	return q
}

func (l *Line) join(q *queue, p *Place) {
	if q.len() == 0 {
		l.turns = append(l.turns, q)
	}
	if p.visitor.Ticketed {
		q.lastTicket = l.now()
		q.ticketed = append(q.ticketed, p)
	} else {
		q.unticketed = append(q.unticketed, p)
	}
	l.waiting++
	if l.pages != nil {
		l.pages.later = time.Time{} // who comes may have a share
	}
}

// remove takes out somebody who will not wait any longer.
func (l *Line) remove(p *Place) {
	q := l.queueOf(p.visitor)
	before := q.len()
	gone := func(other *Place) bool { return other == p }
	q.ticketed = slices.DeleteFunc(q.ticketed, gone)
	q.unticketed = slices.DeleteFunc(q.unticketed, gone)
	l.waiting -= before - q.len()
	if before > 0 && q.len() == 0 {
		l.turns = slices.DeleteFunc(l.turns, func(other *queue) bool { return other == q })
	}
}

// usesTickets reports whether visitors without a ticket are held to their
// share at this site.
func (q *queue) usesTickets(now time.Time) bool {
	return !q.lastTicket.IsZero() && now.Sub(q.lastTicket) < 24*time.Hour
}

// count notes a call of a visitor without a ticket.
func (q *queue) count(v Visitor, now time.Time, plan Plan) {
	if v.Ticketed || !q.usesTickets(now) {
		return
	}
	if q.day == nil {
		q.minute, q.day = newHistory(plan.PerMinute), newHistory(plan.PerDay)
	}
	q.minute.insert(now.UnixMicro())
	q.day.insert(now.UnixMicro())
}

// shareFree is when the k-th visitor without a ticket from now has room in the
// share of minute and day.
func (l *Line) shareFree(q *queue, k int, now time.Time) time.Time {
	if !q.usesTickets(now) || q.day == nil {
		return now
	}
	part := func(n int) int { return max(1, int(l.share*float64(n))) }
	k += q.flying
	at := q.minute.room(window{time.Minute, part(l.plan.PerMinute)}, k, now)
	if day := q.day.room(window{24 * time.Hour, part(l.plan.PerDay)}, k, now); day.After(at) {
		at = day
	}
	return at
}
