package sandbox

import "net/http"

// StatsPath answers GET with [Stats] as JSON: counts only.
const StatsPath = "/_sandbox/stats"

// remembered bounds what the double keeps of sessions and of consents.
const remembered = 1 << 16

// Stats counts what has arrived, also what was then refused.
type Stats struct {
	Connect       int `json:"connect"` // HTTP calls
	ReloadCaptcha int `json:"reload_captcha"`
	GenerateOTP   int `json:"generate_otp"`
	VerifyOTP     int `json:"verify_otp"`
	Untraced      int `json:"untraced"`     // connect calls that named no consent
	Consents      int `json:"consents"`     // consents named by connect calls, at most 65,536
	Sessions      int `json:"sessions"`     // started
	Verified      int `json:"verified"`     // sessions that ended with a person
	RateLimited   int `json:"rate_limited"` // refused as above the plan
}

func (s *Server) count(endpoint, consent string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch endpoint {
	case "connect":
		s.stats.Connect++
		if consent == "" {
			s.stats.Untraced++
		} else {
			*s.connects.at(consent)++
		}
	case "reload-captcha":
		s.stats.ReloadCaptcha++
	case "generate-otp":
		s.stats.GenerateOTP++
	case "verify-otp":
		s.stats.VerifyOTP++
	}
}

// Stats counts so far.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Consents = len(s.connects.keys)
	return stats
}

// Consents lists the consents that connect calls named: the last 65,536.
func (s *Server) Consents() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.connects.keys...)
}

// Connects is how many connect calls named a consent.
func (s *Server) Connects(consentID string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.connects.get(consentID); n != nil {
		return *n
	}
	return 0
}

// SessionIDs lists the sessions started: the last 65,536.
func (s *Server) SessionIDs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.sessions.keys...)
}

func (s *Server) serveStats(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		refuse(w, http.StatusMethodNotAllowed, "Method Not Allowed")
		return
	}
	write(w, http.StatusOK, s.Stats())
}

// fifo is a map that forgets its oldest key when it is full. The zero value is
// empty and ready.
type fifo[V any] struct {
	values map[string]*V
	keys   []string // a ring once it is full; next is the oldest
	next   int
}

// get is nil for a key that is not there.
func (f *fifo[V]) get(key string) *V { return f.values[key] }

// at makes the key if it is not there.
func (f *fifo[V]) at(key string) *V {
	if v, ok := f.values[key]; ok {
		return v
	}
	if f.values == nil {
		f.values = map[string]*V{}
	}
	if len(f.keys) < remembered {
		f.keys = append(f.keys, key)
	} else {
		delete(f.values, f.keys[f.next])
		f.keys[f.next] = key
		f.next = (f.next + 1) % remembered
	}
	v := new(V)
	f.values[key] = v
	return v
}
