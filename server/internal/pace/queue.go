package pace

import (
	"slices"
	"time"
)

// site is one site's visitors in line, and its calls as far as they are bounded. It is
// guarded by its line's lock.
type site struct {
	name       string
	ticketed   []*Slot
	unticketed []*Slot
	lastTicket time.Time // a site uses tickets for a day after the last one
	shared     *history  // calls for visitors without a ticket; nil until a site uses tickets
	calls      *history  // with a bound on the site's day: all of them
}

func (s *site) len() int { return len(s.ticketed) + len(s.unticketed) }

func (l *Line) site(name string) *site {
	s := l.sites[name]
	if s == nil {
		s = &site{name: name}
		l.sites[name] = s
	}
	return s
}

func (l *Line) join(s *site, slot *Slot) {
	if s.len() == 0 {
		l.order = append(l.order, s)
	}
	if slot.request.Ticketed {
		s.lastTicket = l.now()
		s.ticketed = append(s.ticketed, slot)
	} else {
		s.unticketed = append(s.unticketed, slot)
	}
	l.waiting++
	l.nobody = time.Time{} // who comes may have a share
}

// remove takes out somebody who will not wait any longer.
func (l *Line) remove(slot *Slot) {
	s := l.site(slot.request.Site)
	before := s.len()
	gone := func(other *Slot) bool { return other == slot }
	s.ticketed = slices.DeleteFunc(s.ticketed, gone)
	s.unticketed = slices.DeleteFunc(s.unticketed, gone)
	l.waiting -= before - s.len()
	if before > 0 && s.len() == 0 {
		l.order = slices.DeleteFunc(l.order, func(other *site) bool { return other == s })
	}
}

// next takes the slot whose turn it is out of the line. Where nobody may go,
// because all who wait have no ticket and their share is used, it says when.
func (l *Line) next(now time.Time) (slot *Slot, when time.Time) {
	for i, s := range l.order {
		switch {
		case len(s.ticketed) > 0:
			slot, s.ticketed = s.ticketed[0], s.ticketed[1:]
		default:
			if at := l.shareFree(s, 1, now); at.Sub(now) > l.terms.Lead {
				if when.IsZero() || at.Before(when) {
					when = at
				}
				continue
			}
			slot, s.unticketed = s.unticketed[0], s.unticketed[1:]
		}
		l.order = append(l.order[:i:i], l.order[i+1:]...)
		if s.len() > 0 {
			l.order = append(l.order, s)
		}
		l.waiting--
		return slot, when
	}
	return nil, when
}

// usesTickets reports whether visitors without a ticket are held to their
// share at this site.
func (s *site) usesTickets(now time.Time) bool {
	return !s.lastTicket.IsZero() && now.Sub(s.lastTicket) < day
}

// count takes in a new call of the site.
func (l *Line) count(s *site, e Entry) {
	at := time.UnixMicro(e.At)
	if e.Ticketed && at.After(s.lastTicket) {
		s.lastTicket = at
	}
	if !e.Ticketed && s.usesTickets(at) {
		if s.shared == nil {
			s.shared = newHistory(l.size())
		}
		s.shared.insert(e.At)
	}
	if most := l.caps[s.name]; most > 0 {
		if s.calls == nil {
			s.calls = newHistory(most)
		}
		s.calls.insert(e.At)
	}
}

// shareFree is when the k-th visitor without a ticket from now has room in the
// share of minute and day.
func (l *Line) shareFree(s *site, k int, now time.Time) time.Time {
	if !s.usesTickets(now) || s.shared == nil {
		return now
	}
	at := now
	for _, w := range l.windows {
		if w.length > time.Second {
			w.limit = max(1, int(l.share*float64(w.limit)))
			at = later(at, s.shared.room(w, k, now))
		}
	}
	return at
}

// spent is the error if the site's own day is used up.
func (l *Line) spent(s *site, now time.Time) error {
	most := l.caps[s.name]
	if most <= 0 || s.calls == nil {
		return nil
	}
	if wait := s.calls.room(window{day, most}, 1, now).Sub(now); wait > 0 {
		return &Spent{After: max(time.Second, wait)}
	}
	return nil
}
