package connect

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/pace"
	"ekycconnect/wasm/wire"
)

// otpSettings are an account's for the calls that follow a picture; they are set once,
// before the first call.
type otpSettings struct {
	OTPByPartner bool          // the partner's back end makes them itself
	OTPDeadline  time.Duration // for one of them; 0: 20 s
}

// underWay is how long a call of which nothing was heard counts as under way: the line's
// time, the call's own, and what it takes to record it.
func (a *Account) underWay() time.Duration {
	limit := 20 * time.Second
	if a != nil && a.OTPDeadline > 0 {
		limit = a.OTPDeadline
	}
	return limit + pace.MaxWait + 17*time.Second
}

// breakerOf is the breaker that calls of a kind are admitted by.
func (a *Account) breakerOf(kind pace.Kind) *gobreaker.TwoStepCircuitBreaker[struct{}] {
	if kind == pace.GenerateOTP || kind == pace.VerifyOTP {
		return a.otp
	}
	return a.breaker
}

// bringsToTheEnd refuses who would begin while nobody is brought to the end. Half open,
// the breaker lets people begin: nobody else may be there to try.
func (a *Account) bringsToTheEnd(kind pace.Kind) *Error {
	if kind != pace.Connect || a.otp.State() != gobreaker.StateOpen {
		return nil
	}
	return &Error{Code: wire.VendorUnavailable, Detail: vendorDetail[wire.VendorUnavailable], RetryAfter: breakerPause, Cause: gobreaker.ErrOpenState}
}

// OTPBreaker is [Account.Breaker] for the calls that follow a picture.
func (a *Account) OTPBreaker() string { return a.otp.State().String() }

// otpDown is down for the calls that follow a picture. A 500 is the vendor's answer to
// much that a person can type.
func otpDown(err error) bool {
	var v *deepvue.Error
	if !errors.As(err, &v) || v.Class == deepvue.ClassNoRoom || v.Status == http.StatusInternalServerError {
		return false
	}
	return v.Code == wire.VendorUnavailable || v.Code == wire.VendorUnknown && v.Status != http.StatusOK
}

// The last calls of a site, and how many of them may be refused before it is told.
const (
	lastCalls   = 50
	manyRefused = lastCalls / 2
)

// refusals watches over each site's last calls: a stolen secret with which somebody
// guesses OTPs or tries numbers shows in them.
type refusals struct {
	mu     sync.Mutex
	bySite map[string]*lastOf
}

type lastOf struct {
	refused [lastCalls]bool
	next, n int // where the next goes, and how many are refused
	many    bool
}

// add notes one more call, and reports whether half of the last were refused, and
// whether that has changed.
func (r *refusals) add(site string, refused bool) (many, changed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.bySite == nil {
		r.bySite = map[string]*lastOf{}
	}
	l := r.bySite[site]
	if l == nil {
		l = &lastOf{}
		r.bySite[site] = l
	}
	if l.refused[l.next] {
		l.n--
	}
	if l.refused[l.next] = refused; refused {
		l.n++
	}
	l.next = (l.next + 1) % lastCalls
	many = l.n >= manyRefused
	changed, l.many = many != l.many, many
	return many, changed
}

// judged tells the operator when the vendor begins or ends refusing half of a site's calls.
func (s *Service) judged(ctx context.Context, site string, refused bool) {
	many, changed := s.refusals.add(site, refused)
	if !changed {
		return
	}
	s.Watch.Refusals(site, many)
	level, text := slog.LevelInfo, "the vendor refuses fewer than half of a site's OTP calls again"
	if many {
		level, text = slog.LevelWarn, "the vendor refused half of a site's last 50 OTP calls: somebody may be guessing with a stolen secret; ask the partner, and set back_ends"
	}
	s.Log.Log(ctx, level, text, "site", site)
}
