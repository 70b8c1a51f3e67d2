package connect

import (
	"net/netip"

	"ekycconnect/server/internal/limit"
	"ekycconnect/wasm/wire"
)

// Visitor is where a request comes from.
type Visitor struct {
	Origin  string     // of the page
	Address netip.Addr // of the browser
}

// Limits bounds what one address may do in a minute; a nil one does not.
type Limits struct {
	View, Sessions, Declines, Captchas, Answers, WrongSecrets *limit.Limiter
}

// Spare asks l for one action of an address.
func (s *Service) Spare(l *limit.Limiter, from netip.Addr) *Error {
	wait := l.Take(from, s.Clock())
	if wait == 0 {
		return nil
	}
	s.Watch.Limited(s.Limits.name(l))
	return &Error{Code: wire.RateLimited, Detail: "too many requests from this address; wait as long as Retry-After says", RetryAfter: wait}
}
