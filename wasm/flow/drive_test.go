package flow_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/flow"
	"ekycconnect/wasm/wire"
)

// driver plays the browser and the relay for one flow, and keeps what the flow
// asked for last.
type driver struct {
	t    *testing.T
	flow *flow.Flow
	out  []flow.Effect
	wait flow.Effect // the newest Wake for Quiet
}

func drive(t *testing.T, sitekey string) *driver {
	d := &driver{t: t, flow: flow.New(sitekey)}
	d.event(flow.Event{Kind: flow.Bound, Lang: "en"})
	require.Equal(t, flow.Notice, d.flow.State())
	return d
}

func (d *driver) event(e flow.Event) {
	d.out = d.flow.Handle(&e)
	for _, e := range d.out {
		if e.Do == flow.Wake && e.Timer == flow.Quiet {
			d.wait = e
		}
	}
}

// calm lets the time pass in which no button acts.
func (d *driver) calm() {
	if d.flow.Quiet() {
		d.elapse(d.wait)
	}
}

// wake finds the one Wake for this timer among the newest effects.
func (d *driver) wake(timer flow.Timer) flow.Effect {
	d.t.Helper()
	var found []flow.Effect
	for _, e := range d.out {
		if e.Do == flow.Wake && e.Timer == timer {
			found = append(found, e)
		}
	}
	require.Len(d.t, found, 1, "effects %v", d.out)
	return found[0]
}

// has finds the one effect of this sort among the newest.
func (d *driver) has(do flow.Do) flow.Effect {
	d.t.Helper()
	var found []flow.Effect
	for _, e := range d.out {
		if e.Do == do {
			found = append(found, e)
		}
	}
	require.Len(d.t, found, 1, "effects %v", d.out)
	return found[0]
}

func (d *driver) hasNot(do flow.Do) {
	d.t.Helper()
	for _, e := range d.out {
		require.NotEqual(d.t, do, e.Do, "effects %v", d.out)
	}
}

// emitted finds the event of this name among the newest effects.
func (d *driver) emitted(name string) flow.Effect {
	d.t.Helper()
	for _, e := range d.out {
		if e.Do == flow.Emit && e.Event == name {
			return e
		}
	}
	require.Fail(d.t, "not emitted", "%s in %v", name, d.out)
	return flow.Effect{}
}

func (d *driver) emittedNot(name string) {
	d.t.Helper()
	for _, e := range d.out {
		require.False(d.t, e.Do == flow.Emit && e.Event == name, "emitted %s", name)
	}
}

func (d *driver) state(want flow.State) {
	d.t.Helper()
	require.Equal(d.t, want, d.flow.State())
}

func decision(key string) wire.Decision {
	return wire.Decision{
		Sitekey: "pk_live_a", Purpose: "account-opening", Presentation: "sealed",
		NoticeSHA256: strings.Repeat("0", 64), IdempotencyKey: key,
	}
}

const key1, key2 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

// press presses as a person does who looks at what the last press brought.
func (d *driver) press(part flow.Part, key string) {
	d.calm()
	d.pressAtOnce(part, key)
}

func (d *driver) pressAtOnce(part flow.Part, key string) {
	d.event(flow.Event{Kind: flow.Press, Part: part, Trusted: true, Decision: decision(key)})
}

func (d *driver) submit(typed string) {
	d.calm()
	d.event(flow.Event{Kind: flow.Press, Part: flow.Submit, Trusted: true, Typed: typed})
}

func (d *driver) fail(seq int, p wire.Problem) {
	d.event(flow.Event{Kind: flow.Failed, Seq: seq, Problem: p})
}

func (d *driver) reply(seq int, r wire.Reply) {
	d.event(flow.Event{Kind: flow.Replied, Seq: seq, Reply: r})
}

func (d *driver) elapse(wake flow.Effect) {
	d.event(flow.Event{Kind: flow.Elapsed, Timer: wake.Timer, Seq: wake.Seq})
}

var jpeg = wire.Captcha{MediaType: "image/jpeg", Data: "/9g="}

func opened(session, consent string) wire.Reply {
	return wire.Reply{Session: session, Consent: wire.Consent{ID: consent}, Captcha: jpeg, ExpiresIn: 600}
}

func token(t string) wire.Reply { return wire.Reply{Token: t, ExpiresIn: 300} }

// toCaptcha goes the straight way to the picture and gives the session's Wake.
func (d *driver) toCaptcha() flow.Effect {
	d.t.Helper()
	d.press(flow.Agree, key1)
	post := d.has(flow.Post)
	d.reply(post.Seq, opened("session-1", "consent-1"))
	wake := d.wake(flow.SessionEnds)
	d.event(flow.Event{Kind: flow.Drawn, Seq: d.has(flow.Draw).Seq})
	d.state(flow.Captcha)
	return wake
}

func (d *driver) toDone() (wake flow.Effect) {
	d.t.Helper()
	d.submit("abc12")
	d.reply(d.has(flow.Post).Seq, token("token-1"))
	d.state(flow.Done)
	return d.wake(flow.TokenEnds)
}

func problem(code wire.Code, retryAfter int) wire.Problem {
	p := wire.ProblemOf(code)
	p.RetryAfter = retryAfter
	return p
}
