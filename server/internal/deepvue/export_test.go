package deepvue

// Room bounds the answers to OTP calls that a client holds at a time, and tells how
// many bytes are still free.
func Room(bytes int64) (Option, func() int64) {
	r := newRoom(bytes)
	return func(s *settings) { s.room = r }, r.left.Load
}
