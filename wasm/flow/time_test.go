package flow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/flow"
	"ekycconnect/wasm/wire"
)

func TestTheEndOfASessionOrATokenIsToldTwiceBefore(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.press(flow.Agree, key1)
	d.reply(d.has(flow.Post).Seq, opened("session-1", "consent-1")) // 600 s
	warn := d.wake(flow.EndsSoon)
	require.Equal(t, 480, warn.Seconds)
	d.event(flow.Event{Kind: flow.Drawn, Seq: d.has(flow.Draw).Seq})
	told := func(seconds int) {
		t.Helper()
		d.elapse(warn)
		s := d.flow.Screen()
		require.Equal(t, "soon", s.Status)
		require.Equal(t, seconds, s.Seconds)
	}
	told(120)
	require.Equal(t, 120, d.flow.Screen().Left)
	require.False(t, d.flow.Screen().Soon)
	warn = d.wake(flow.EndsSoon)
	require.Equal(t, 90, warn.Seconds)
	told(30)
	require.Empty(t, d.out)

	d.calm()
	d.press(flow.Reload, "")
	d.reply(d.has(flow.Post).Seq, wire.Reply{Session: "session-2", Captcha: jpeg, ExpiresIn: 20})
	for _, e := range d.out {
		require.NotEqual(t, flow.EndsSoon, e.Timer, "too late to tell")
	}
	d.event(flow.Event{Kind: flow.Drawn, Seq: d.has(flow.Draw).Seq})
	d.submit("abc")
	d.reply(d.has(flow.Post).Seq, token("token-1")) // 300 s
	require.Equal(t, "done", d.flow.Screen().Status)
	warn = d.wake(flow.EndsSoon)
	require.Equal(t, 180, warn.Seconds)
	told(120)
	require.Equal(t, 120, d.flow.Screen().Left)
	require.True(t, d.flow.Screen().Soon)
	d.press(flow.Again, "")
	require.Equal(t, flow.Request{Route: flow.Captchas, Session: "session-2"}, d.has(flow.Post).Request)
	require.False(t, d.flow.Screen().Soon)
}

func TestWithoutASessionNoOtherPictureIsOffered(t *testing.T) {
	d := drive(t, "pk_live_a")
	ends := d.toCaptcha()
	d.toDone()
	warn := d.wake(flow.EndsSoon)
	d.press(flow.Again, "")
	require.Empty(t, d.out, "nothing was offered yet")
	d.elapse(ends)
	d.elapse(warn)
	require.Equal(t, "soon", d.flow.Screen().Status)
	require.False(t, d.flow.Screen().Soon)
	d.press(flow.Again, "")
	require.Empty(t, d.out)
}

func TestTheSecondsOfAWaitAreSeenToPassAndSaidOnce(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.press(flow.Agree, key1)
	d.fail(d.has(flow.Post).Seq, problem(wire.VendorBusy, 3))
	repeat, tick := d.wake(flow.Repeat), d.wake(flow.Tick)
	for _, left := range []int{2, 1} {
		d.elapse(tick)
		require.Equal(t, left, d.flow.Screen().Left)
		require.Equal(t, 3, d.flow.Screen().Seconds)
		if left > 1 {
			tick = d.wake(flow.Tick)
		}
	}
	require.Empty(t, d.out)
	d.elapse(repeat)
	d.state(flow.Starting)
	require.Zero(t, d.flow.Screen().Left)
}
