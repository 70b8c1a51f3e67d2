package pace

import "time"

// history is when the last calls were sent, oldest first, as many as the day's
// limit counts: a ring, since the oldest is dropped with each new one.
type history struct {
	ring  []int64 // ms since the epoch
	start int
	n     int
}

func newHistory(size int) *history { return &history{ring: make([]int64, size)} }

// add notes a call. Calls are sent one after the other, but their clock may
// have been set back in between: then the newest time counts.
func (h *history) add(at time.Time) {
	ms := at.UnixMilli()
	if h.n > 0 {
		ms = max(ms, h.at(h.n-1))
	}
	if h.n == len(h.ring) {
		h.ring[h.start] = ms
		h.start = (h.start + 1) % len(h.ring)
		return
	}
	h.ring[(h.start+h.n)%len(h.ring)] = ms
	h.n++
}

// at is the time of call i, 0 being the oldest.
func (h *history) at(i int) int64 { return h.ring[(h.start+i)%len(h.ring)] }

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
		at = time.UnixMilli(h.at(i)).Add(w.length + margin)
		if at.Before(now) {
			at = now
		}
	}
	return at.Add(time.Duration(rounds) * (w.length + margin))
}
