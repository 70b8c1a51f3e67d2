package deepvue

import (
	"errors"
	"io"
	"sync/atomic"
)

const (
	otpBodyLimit = 4 << 20  // bytes of one answer to an OTP call
	usualAnswer  = 64 << 10 // bytes: a person with a photograph
	allAnswersIn = 64 << 20 // bytes of all answers to OTP calls at a time
)

// allAnswers is the room for what all clients of the process hold.
var allAnswers = newRoom(allAnswersIn)

// errNoRoom says that as many answers are held as may be.
var errNoRoom = errors.New("deepvue: no room for another answer")

// room is how many bytes may still be held.
type room struct{ left atomic.Int64 }

func newRoom(bytes int64) *room {
	r := new(room)
	r.left.Store(bytes)
	return r
}

func (r *room) take(bytes int) bool {
	if r.left.Add(-int64(bytes)) >= 0 {
		return true
	}
	r.give(bytes)
	return false
}

func (r *room) give(bytes int) { r.left.Add(int64(bytes)) }

// held is an answer in memory of its own, which is counted as long as it is held
// and cleared when it is let go of.
type held struct {
	room  *room
	bytes []byte // its capacity is what was taken of the room
}

// hold takes room for an answer of usual size, before anything is sent for it.
func hold(r *room) (*held, error) {
	if !r.take(usualAnswer) {
		return nil, errNoRoom
	}
	return &held{r, make([]byte, 0, usualAnswer)}, nil
}

// read reads an answer's body and closes it.
func (h *held) read(body io.ReadCloser) error {
	defer body.Close()
	for {
		if len(h.bytes) > otpBodyLimit {
			return errTooLarge
		}
		if len(h.bytes) == cap(h.bytes) {
			if err := h.grow(); err != nil {
				return err
			}
		}
		n, err := body.Read(h.bytes[len(h.bytes):cap(h.bytes)])
		h.bytes = h.bytes[:len(h.bytes)+n]
		if err == io.EOF && len(h.bytes) <= otpBodyLimit {
			return nil
		}
		if err != nil && err != io.EOF {
			return err
		}
	}
}

func (h *held) grow() error {
	size := min(2*cap(h.bytes), otpBodyLimit+1)
	if !h.room.take(size) {
		return errNoRoom
	}
	larger := held{h.room, append(make([]byte, 0, size), h.bytes...)}
	h.free()
	*h = larger
	return nil
}

// free clears the bytes and gives their room back. It may be called again.
func (h *held) free() {
	all := h.bytes[:cap(h.bytes)]
	clear(all)
	h.room.give(len(all))
	h.bytes = nil
}
