package sandbox

import (
	"net/http"
	"sync"
	"time"

	"ekycconnect/server/internal/pace"
)

// limiter refuses what is above a plan, as the vendor does: per API key, each
// window on its own, by the time at which a call arrives. What it refuses does
// not count: the vendor does not say whether it does.
//
// It is written apart from the relay's own line and remembers in another way,
// so that a mistake of one is not the other's as well.
//
// https://docs.deepvue.ai/rate-limits
type limiter struct {
	limits []allowed
	mu     sync.Mutex
	taken  map[string][]time.Time // arrivals that were let in, oldest first, by client id
}

type allowed struct {
	most   int
	within time.Duration
}

// newLimiter is nil, which lets all in, for no plan.
func newLimiter(p pace.Plan) *limiter {
	if p == (pace.Plan{}) {
		return nil
	}
	return &limiter{
		limits: []allowed{{p.PerSecond, time.Second}, {p.PerMinute, time.Minute}, {p.PerDay, 24 * time.Hour}},
		taken:  map[string][]time.Time{},
	}
}

// take lets a call in that arrives now, or refuses it.
func (l *limiter) take(client string, now time.Time) bool {
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.taken[client]
	for len(taken) > 0 && now.Sub(taken[0]) >= 24*time.Hour {
		taken = taken[1:]
	}
	l.taken[client] = taken
	for _, limit := range l.limits {
		// The one that has to have left the window before this one comes in.
		if i := len(taken) - limit.most; i >= 0 && now.Sub(taken[i]) < limit.within {
			return false
		}
	}
	l.taken[client] = append(taken, now)
	return true
}

// tooMany answers what is above the plan, with the documented body; no header
// is documented.
func (s *Server) tooMany(w http.ResponseWriter) {
	s.mu.Lock()
	s.stats.RateLimited++
	s.mu.Unlock()
	refuse(w, http.StatusTooManyRequests, "Rate limit exceeded. Please retry after some time.")
}
