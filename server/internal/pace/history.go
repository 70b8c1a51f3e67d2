package pace

import (
	"slices"
	"time"
)

// history is when the last calls reached the vendor at the latest, in µs since the
// epoch, oldest first.
type history struct {
	at   []int64
	size int // the most that a limit counts: what is older may be forgotten
}

func newHistory(size int) *history { return &history{size: size} }

// insert adds a call where its time belongs.
func (h *history) insert(at int64) {
	if len(h.at) >= 2*h.size+64 {
		h.at = append(h.at[:0], h.at[len(h.at)-h.size:]...)
	}
	i, _ := slices.BinarySearch(h.at, at)
	h.at = slices.Insert(h.at, i, at)
}

// remove forgets a call of this time and reports whether there was one.
func (h *history) remove(at int64) bool {
	i, found := slices.BinarySearch(h.at, at)
	if found {
		h.at = slices.Delete(h.at, i, i+1)
	}
	return found
}

// correct gives a call of the time was another one; 0: it was not made.
func (h *history) correct(was, at int64) {
	if h.remove(was) && at != 0 {
		h.insert(at)
	}
}

// unused is the first time from at on of which there is no call.
func (h *history) unused(at int64) int64 {
	i, _ := slices.BinarySearch(h.at, at)
	for ; i < len(h.at) && h.at[i] <= at; i++ {
		at = h.at[i] + 1
	}
	return at
}

// room says when the k-th call from now (1 is the next one) has room in a
// window, if calls before it are sent as soon as they can be and limit is at
// least 1.
func (h *history) room(w window, k int, now time.Time) time.Time {
	// Of every limit calls in a row the first must leave the window before the
	// next may be sent. Call k follows k-1 others that are still to come.
	rounds, i := 0, len(h.at)+k-1-w.limit
	for i >= len(h.at) { // that call is itself still to come
		i -= w.limit
		rounds++
	}
	at := now
	if i >= 0 {
		at = later(at, time.UnixMicro(h.at[i]).Add(w.length+tick))
	}
	return at.Add(time.Duration(rounds) * (w.length + tick))
}

// within counts the calls of the last d.
func (h *history) within(d time.Duration, now time.Time) int {
	i, _ := slices.BinarySearch(h.at, now.Add(-d).UnixMicro())
	return len(h.at) - i
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
