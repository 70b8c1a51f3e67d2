package demo

import (
	"crypto/rand"
	"sync"
	"time"

	"ekycconnect/server/internal/secret"
)

// A visit is kept for as long as a consent lasts, and no longer than there is room.
const (
	visitLife  = 30 * time.Minute
	mostVisits = 1000
)

// visit is what the bank's server keeps of an applicant between two presses: in
// memory, never in a page. Number and OTP are not among it.
type visit struct {
	id          string
	application string // the consent's subject
	consent     string // its id
	key         secret.String
	begun       time.Time

	mu           sync.Mutex // one press at a time; guards what follows
	frame        frame
	verification secret.String // siteverify's at first, then the newest of generate-otp
	now          page          // what the applicant looks at
}

// visits are those of all applicants.
type visits struct {
	mu  sync.Mutex
	all []*visit // in the order in which they began
}

// begin keeps a new visit.
func (s *visits) begin(v *visit) {
	v.id, v.begun = rand.Text(), time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.all) > 0 && (len(s.all) >= mostVisits || time.Since(s.all[0].begun) > visitLife) {
		s.all = s.all[1:]
	}
	s.all = append(s.all, v)
}

// of finds a visit; nil if there is none any more.
func (s *visits) of(id string) *visit {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.all {
		if v.id == id && time.Since(v.begun) <= visitLife {
			return v
		}
	}
	return nil
}
