// Package sandbox is an HTTP double of the vendor's Aadhaar eKYC API, version
// 1: the four endpoints, every documented error body, real JPEG captchas, and
// an account for each way in which the vendor can behave. It sends no message, and
// its people do not exist.
//
// Where the vendor documents no body (a wrong captcha, an unknown session, a
// wrong OTP) the double answers in the manner of the documented ones; the comment
// beside each says so.
//
// API: https://docs.deepvue.ai/reference/digilocker-kyc/v1/introduction,
// errors: https://docs.deepvue.ai/errors.
package sandbox

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"ekycconnect/server/internal/pace"
)

// TraceHeader carries the consent's record id from a relay in sandbox mode, so
// that calls can be told apart by consent. The real vendor has no such header.
const TraceHeader = "X-Sandbox-Consent"

// Options of [New]. The zero value is the double as contracts and demos expect
// it.
type Options struct {
	Latency time.Duration // added to every call of every account
	Slow    time.Duration // taken by the slow account; 3 s if zero
	Trace   string        // header that tells consents apart; TraceHeader if empty
	Plan    pace.Plan     // what is above it is refused, per client id; zero: nothing is
}

// Server is the double, an http.Handler. It is safe for concurrent use.
type Server struct {
	trace     string
	slow      time.Duration
	latency   atomic.Int64 // time.Duration
	intercept atomic.Pointer[func(http.ResponseWriter, *http.Request) bool]
	accounts  map[string]account // by client id
	pictures  []picture
	limiter   *limiter

	mu       sync.Mutex // guards what follows; nothing waits under it
	sessions fifo[session]
	connects fifo[int] // connect calls by consent
	refusals fifo[int] // 429s given by the busy account, by account and consent
	stats    Stats
}

// New makes a double. The first one in a process draws the pictures, which
// takes a fraction of a second.
func New(o Options) *Server {
	if o.Slow == 0 {
		o.Slow = 3 * time.Second
	}
	if o.Trace == "" {
		o.Trace = TraceHeader
	}
	s := &Server{trace: o.Trace, slow: o.Slow, accounts: map[string]account{}, pictures: pool(), limiter: newLimiter(o.Plan)}
	for _, a := range accounts {
		s.accounts[a.ClientID] = a
	}
	s.SetLatency(o.Latency)
	return s
}

// SetLatency changes how long every call takes at least.
func (s *Server) SetLatency(d time.Duration) { s.latency.Store(int64(d)) }

// SetIntercept sets a hook that sees every call after it was counted, and
// answers it if it returns true. Nil takes the hook away.
func (s *Server) SetIntercept(f func(http.ResponseWriter, *http.Request) bool) {
	if f == nil {
		s.intercept.Store(nil)
		return
	}
	s.intercept.Store(&f)
}

const basePath = "/v1/ekyc/aadhaar/"

type endpoint struct {
	method string
	needs  []string // members of the query that must be there
	serve  func(*Server, http.ResponseWriter, *http.Request, account)
}

var endpoints = map[string]endpoint{
	"connect":        {http.MethodGet, []string{"consent", "purpose"}, (*Server).connect},
	"reload-captcha": {http.MethodGet, []string{"session_id", "consent", "purpose"}, (*Server).reload},
	"generate-otp":   {http.MethodPost, []string{"aadhaar_number", "captcha", "session_id", "consent", "purpose"}, (*Server).generateOTP},
	"verify-otp":     {http.MethodPost, []string{"otp", "session_id", "consent", "purpose"}, (*Server).verifyOTP},
}

// ServeHTTP answers one call: counted first, then the account, the plan, the
// query and what the account is for.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == StatsPath {
		s.serveStats(w, r)
		return
	}
	arrived := time.Now()
	name, found := strings.CutPrefix(r.URL.Path, basePath)
	e, known := endpoints[name]
	if !found || !known {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	if r.Method != e.method {
		w.Header().Set("Allow", e.method)
		refuse(w, http.StatusMethodNotAllowed, "Method Not Allowed")
		return
	}
	s.count(name, r.Header.Get(s.trace))
	if hook := s.intercept.Load(); hook != nil && (*hook)(w, r) {
		return
	}
	a, problem := s.authenticate(r)
	if problem != "" {
		refuse(w, http.StatusUnauthorized, problem)
		return
	}
	if !s.limiter.take(a.ClientID, arrived) {
		s.tooMany(w)
		return
	}
	wait := time.Duration(s.latency.Load())
	if a.manner == slow {
		wait += s.slow
	}
	if !sleep(r.Context(), wait) {
		return
	}
	if s.fault(w, r, a, name) || !accepted(w, r, e.needs) {
		return
	}
	e.serve(s, w, r, a)
}

// sleep reports false if the caller went away meanwhile.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
