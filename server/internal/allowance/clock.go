package allowance

import "time"

// clock follows the database's, by this machine's monotonic one. A reading is as
// good as the answer was quick: the database's clock was read at some time between
// question and answer.
type clock struct {
	base time.Time // of this machine, with its monotonic reading
	zero time.Time // what the database's clock showed at base
	took time.Duration
}

// How old the reading may be that is gone by, where a newer one took longer.
const (
	young = 10 * time.Second
	old   = time.Minute
)

// set takes a reading: at, in µs since the epoch, was answered between two times.
func (c *clock) set(asked, answered time.Time, at int64) {
	took, age := answered.Sub(asked), answered.Sub(c.base)
	if c.zero.IsZero() || took <= c.took || age > young && took <= 4*c.took || age > old {
		c.base, c.zero, c.took = asked.Add(took/2), time.UnixMicro(at), took
	}
}

// forget has the next reading count, whatever it took: it may be another server's.
func (c *clock) forget() { c.took = time.Hour }

func (c *clock) now() time.Time { return c.zero.Add(time.Since(c.base)) }
