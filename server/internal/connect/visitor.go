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

// Limits bounds what one address may do in a minute; a nil limiter bounds nothing.
type Limits struct {
	View, Sessions, Declines, Captchas, Answers, WrongSecrets *limit.Limiter
}

// NamedLimiter is a limiter with its name in configuration and metrics.
type NamedLimiter struct {
	Name string
	*limit.Limiter
}

// All lists the limits.
func (l Limits) All() []NamedLimiter {
	return []NamedLimiter{{"view", l.View}, {"sessions", l.Sessions}, {"declines", l.Declines}, {"captchas", l.Captchas},
		{"answers", l.Answers}, {"wrong_secrets", l.WrongSecrets}}
}

// name is what a limit is called.
func (l Limits) name(one *limit.Limiter) string {
	for _, named := range l.All() {
		if named.Limiter == one {
			return named.Name
		}
	}
	return ""
}

// WrongSecret counts a wrong secret against an address. It refuses the request once
// there were too many: who guesses must be slow.
func (s *Service) WrongSecret(from netip.Addr) *Error {
	return s.checkLimit(s.Limits.WrongSecrets, from, "")
}

// checkLimit takes one action of an address from l, or refuses it. The site is for the
// metrics, "" if none is known.
func (s *Service) checkLimit(l *limit.Limiter, from netip.Addr, site string) *Error {
	wait := l.Take(from, s.Clock())
	if wait == 0 {
		return nil
	}
	s.Watch.Limited(s.Limits.name(l), site)
	return &Error{Code: wire.RateLimited, Detail: "too many requests from this address; wait as long as Retry-After says", RetryAfter: wait}
}
