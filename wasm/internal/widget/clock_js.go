//go:build js && wasm

package widget

import (
	"ekycconnect/wasm/flow"
	"ekycconnect/wasm/internal/jsx"
)

// maxSleep is how long a timer runs at most before its deadline is looked at again:
// setTimeout does not count the time that a device was asleep.
const maxSleep = 30_000 // ms

// clock keeps one deadline for each of the flow's timers, measured as the
// larger elapsed time of two clocks: one of them may have been set back, the
// other may have stopped.
type clock struct {
	env     Env
	elapsed func(*flow.Event)
	set     [flow.Timers]*deadline
}

type deadline struct {
	wake       *flow.Effect
	wall, mono int
	timer      *jsx.Timer
}

func newClock(env Env, elapsed func(*flow.Event)) *clock {
	return &clock{env: env, elapsed: elapsed}
}

// wake sets the timer anew.
func (c *clock) wake(w *flow.Effect) {
	if old := c.set[w.Timer]; old != nil {
		old.timer.Stop()
	}
	d := &deadline{wake: w, wall: c.env.Wall(), mono: c.env.Mono()}
	c.set[w.Timer] = d
	c.sleep(d)
}

func (c *clock) left(d *deadline) int {
	return d.wake.Seconds*1000 - max(c.env.Wall()-d.wall, c.env.Mono()-d.mono)
}

func (c *clock) sleep(d *deadline) {
	d.timer = jsx.After(max(min(c.left(d), maxSleep), 0), func() { c.look(d) })
}

func (c *clock) look(d *deadline) {
	if c.set[d.wake.Timer] != d {
		return
	}
	if c.left(d) > 0 {
		c.sleep(d)
		return
	}
	c.set[d.wake.Timer] = nil
	c.elapsed(&flow.Event{Kind: flow.Elapsed, Timer: d.wake.Timer, Seq: d.wake.Seq})
}

// check looks at every deadline at once, for the moments when time may have
// passed unseen.
func (c *clock) check() {
	for _, d := range c.set {
		if d != nil {
			d.timer.Stop()
			c.look(d)
		}
	}
}

func (c *clock) close() {
	for i, d := range c.set {
		if d != nil {
			d.timer.Stop()
			c.set[i] = nil
		}
	}
}
