package allowance

import (
	"sync"
	"time"
)

// clock follows the database's, by this machine's monotonic one, and may be read while a
// turn sets it. The database's was read at some time between question and answer, so
// what it showed then is the earliest that it can be: a reading is as good as the answer
// was quick.
type clock struct {
	mu      sync.Mutex
	base    time.Time     // when the answer came, by this machine's clock
	zero    time.Time     // what the database's showed before that
	took    time.Duration // the answer
	another bool          // the next reading may be another server's
}

// How old the reading may be that is gone by, where a newer one took longer.
const (
	young = 10 * time.Second
	old   = time.Minute
)

// set takes a reading: at, in µs since the epoch, was answered between two times.
func (c *clock) set(asked, answered time.Time, at int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	took, age := answered.Sub(asked), answered.Sub(c.base)
	if c.zero.IsZero() || c.another || took <= c.took || age > young && took <= 4*c.took || age > old {
		c.base, c.zero, c.took, c.another = answered, time.UnixMicro(at), took, false
	}
}

// forget has the next reading count, whatever it takes.
func (c *clock) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.another = true
}

// now is not later than the database's clock, and earlier by at most behind.
func (c *clock) now() (at time.Time, behind time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.zero.Add(time.Since(c.base)), c.took
}
