package connect

import (
	"sync"
	"time"

	"ekycconnect/wasm/wire"
)

// DayCap bounds the vendor calls of one site in any 24 hours, so that a flood at
// one page does not spend what the account has for all. A nil one bounds nothing.
// It is safe for concurrent use. Where relays share an account, its line bounds the
// site instead.
type DayCap struct {
	most int
	mu   sync.Mutex
	at   []time.Time // of the calls of the last day, oldest first; at most most
}

const day = 24 * time.Hour

// NewDayCap makes a cap, with the calls of the last day from before a restart,
// oldest first; nil, which bounds nothing, for most 0.
func NewDayCap(most int, calls []time.Time) *DayCap {
	if most <= 0 {
		return nil
	}
	return &DayCap{most: most, at: append([]time.Time(nil), calls[max(0, len(calls)-most):]...)}
}

// take asks for one call. It returns 0 if it is granted, else how long to wait.
func (c *DayCap) take(now time.Time) (wait time.Duration) {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	gone := 0
	for gone < len(c.at) && now.Sub(c.at[gone]) >= day {
		gone++
	}
	c.at = c.at[:copy(c.at, c.at[gone:])]
	if len(c.at) >= c.most {
		return max(time.Second, c.at[0].Add(day).Sub(now))
	}
	c.at = append(c.at, now)
	return 0
}

// giveBack takes back a call that was not made.
func (c *DayCap) giveBack() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.at) > 0 {
		c.at = c.at[:len(c.at)-1] // it is about as old as the newest
	}
}

// withinDay takes one call of a site's day.
func (s *Service) withinDay(sitekey string) (*DayCap, *Error) {
	site := s.Sites.byKey[sitekey]
	if site == nil {
		return nil, nil
	}
	wait := site.Day.take(s.Clock())
	if wait == 0 {
		return site.Day, nil
	}
	s.Watch.Limited("site_day")
	return nil, siteSpent(wait)
}

func siteSpent(wait time.Duration) *Error {
	return &Error{Code: wire.RateLimited, Detail: "the site has used what it may in a day; its operator sets cap_per_day", RetryAfter: wait}
}
