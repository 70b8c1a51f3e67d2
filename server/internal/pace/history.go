package pace

import (
	"sort"
	"time"
)

// history is when the last calls reached the vendor at the latest, oldest first, as many as the day's
// limit counts: a ring, since the oldest is dropped with each new one.
type history struct {
	ring  []int64 // µs since the epoch
	size  int     // the most that ring holds; it grows as calls are noted
	start int
	n     int
}

func newHistory(size int) *history { return &history{size: size} }

// add notes a call and returns the time that it is noted with. Calls are noted
// one after the other, but their clock may have been set back in between: then
// the newest time counts.
func (h *history) add(at time.Time) (noted int64) {
	noted = at.UnixMicro()
	if h.n > 0 {
		noted = max(noted, h.at(h.n-1))
	}
	if h.n == h.size {
		h.ring[h.start] = noted
		h.start = (h.start + 1) % len(h.ring)
		return noted
	}
	if h.n == len(h.ring) {
		h.ring = append(h.ring, 0)
	}
	h.n++
	h.set(h.n-1, noted)
	return noted
}

// move gives a call that was noted with one time another, and returns it. Calls
// of the same time are all alike.
func (h *history) move(noted int64, at time.Time) int64 {
	to, i := at.UnixMicro(), h.find(noted)
	if i < 0 {
		return noted // it has left the history
	}
	for ; i+1 < h.n && h.at(i+1) < to; i++ {
		h.set(i, h.at(i+1))
	}
	for ; i > 0 && h.at(i-1) > to; i-- {
		h.set(i, h.at(i-1))
	}
	h.set(i, to)
	return to
}

// insert notes a call where its time belongs.
func (h *history) insert(at int64) {
	h.add(time.UnixMicro(at))
	if last := h.at(h.n - 1); last != at {
		h.move(last, time.UnixMicro(at))
	}
}

// remove forgets a call that was noted with this time.
func (h *history) remove(noted int64) {
	i := h.find(noted)
	if i < 0 {
		return // it has left the history
	}
	for ; i+1 < h.n; i++ {
		h.set(i, h.at(i+1))
	}
	h.n--
}

// has reports whether a call is noted with this time.
func (h *history) has(noted int64) bool { return h.find(noted) >= 0 }

// find is the last call that was noted with this time, or -1. Who asks means one
// of the newest.
func (h *history) find(noted int64) int {
	i := h.n - 1
	for i >= 0 && h.at(i) > noted {
		i--
	}
	if i < 0 || h.at(i) != noted {
		return -1
	}
	return i
}

func (h *history) set(i int, us int64) { h.ring[(h.start+i)%len(h.ring)] = us }

// at is the time of call i, 0 being the oldest.
func (h *history) at(i int) int64 { return h.ring[(h.start+i)%len(h.ring)] }

// after is the oldest call that is noted later than at.
func (h *history) after(at time.Time) int {
	us := at.UnixMicro()
	return sort.Search(h.n, func(i int) bool { return h.at(i) > us })
}

// room says when the k-th call from now (1 is the next one) has room in a
// window, if calls before it are sent as soon as they can be and limit is at
// least 1. The zero time means now.
func (h *history) room(w window, k int, now time.Time) time.Time {
	// Of every limit calls in a row the first must leave the window before the
	// next may be sent. Call k follows n+k-1 others.
	rounds, i := 0, h.n+k-1-w.limit
	for i >= h.n { // that call is itself still to come
		i -= w.limit
		rounds++
	}
	at := now
	if i >= 0 {
		at = time.UnixMicro(h.at(i)).Add(w.length + tick)
		if at.Before(now) {
			at = now
		}
	}
	return at.Add(time.Duration(rounds) * (w.length + tick))
}
