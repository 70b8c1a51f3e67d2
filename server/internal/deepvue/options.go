package deepvue

import (
	"crypto/x509"
	"net/http"
	"net/url"
	"time"
)

// Option changes a default of [New].
type Option func(*settings)

type settings struct {
	deadline    time.Duration
	otpDeadline time.Duration
	backoff     time.Duration
	trace       string
	proxy       func(*http.Request) (*url.URL, error)
	roots       *x509.CertPool
	room        *room
}

func defaults() settings {
	return settings{deadline: 10 * time.Second, otpDeadline: 20 * time.Second, backoff: 250 * time.Millisecond, room: allAnswers}
}

// Deadline is the time that one Connect or ReloadCaptcha may take, all tries
// and pauses together; 10 s unless set. Zero or less leaves it.
func Deadline(d time.Duration) Option {
	return func(s *settings) {
		if d > 0 {
			s.deadline = d
		}
	}
}

// OTPDeadline is the time that one GenerateOTP or VerifyOTP may take after its turn
// has come; 20 s unless set. Zero or less leaves it.
func OTPDeadline(d time.Duration) Option {
	return func(s *settings) {
		if d > 0 {
			s.otpDeadline = d
		}
	}
}

// Backoff is the longest pause before the first repeat, 250 ms unless set; it
// doubles for the second. The pause taken is between half of it and all.
func Backoff(d time.Duration) Option {
	return func(s *settings) {
		if d > 0 {
			s.backoff = d
		}
	}
}

// Trace sends the consent's record id in the header of this name, so that the
// emulator can tell consents apart. It is never set for the real vendor.
func Trace(header string) Option { return func(s *settings) { s.trace = header } }

// Proxy sends all calls through the HTTP proxy at u. Without it there is none:
// what the environment says is not looked at, as the calls carry credentials.
func Proxy(u *url.URL) Option { return func(s *settings) { s.proxy = http.ProxyURL(u) } }

// RootCAs replaces the system's certificate authorities.
func RootCAs(roots *x509.CertPool) Option { return func(s *settings) { s.roots = roots } }
