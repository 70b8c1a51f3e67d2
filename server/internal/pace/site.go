package pace

import "time"

// site is one site's visitors in line, and its calls as far as they are bounded. It is
// guarded by its line's lock. The bounds are for those who begin: who has begun may go
// on.
type site struct {
	name       string
	queues     [classes]queue
	lastTicket time.Time // a site uses tickets for a day after the last one
	shared     *history  // calls for visitors without a ticket; nil until a site uses tickets
	begun      *history  // with a bound on the site's day: its verifications, by their first calls
}

func (l *Line) site(name string) *site {
	s := l.sites[name]
	if s == nil {
		s = &site{name: name}
		l.sites[name] = s
	}
	return s
}

// usesTickets reports whether visitors without a ticket are held to their
// share at this site.
func (s *site) usesTickets(now time.Time) bool {
	return !s.lastTicket.IsZero() && now.Sub(s.lastTicket) < day
}

// count takes in a new call of the site; with the first one, a verification begins.
func (l *Line) count(s *site, e Entry, first bool) {
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
	if most := l.caps[s.name]; most > 0 && first {
		if s.begun == nil {
			s.begun = newHistory(most)
		}
		s.begun.insert(e.At)
	}
}

// SetPerDay replaces [Options.PerDay]. A bound that was not there before counts from now
// on; under another one, everything is known that it counts.
func (l *Line) SetPerDay(caps map[string]int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.caps = caps
	for name, s := range l.sites {
		if s.begun != nil {
			s.begun.size = max(s.begun.size, caps[name])
		}
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
		if !w.ofSecond() {
			w.limit = max(1, int(l.share*float64(w.limit)))
			at = later(at, s.shared.room(w, k, now))
		}
	}
	return at
}

// spent is the error if the site's own day is used up.
func (l *Line) spent(s *site, now time.Time) error {
	most := l.caps[s.name]
	if most <= 0 || s.begun == nil {
		return nil
	}
	if wait := s.begun.room(window{day, most}, 1, now).Sub(now); wait > 0 {
		return &Spent{After: max(time.Second, wait)}
	}
	return nil
}
