package flow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/flow"
	"ekycconnect/wasm/wire"
)

var buttons = []flow.Part{flow.Agree, flow.Decline, flow.Alternative, flow.Reload, flow.Submit, flow.CannotRead, flow.Again}

// A finger that taps twice means the first tap alone, whatever is under it then.
func TestForASecondAfterAgreeNoButtonActs(t *testing.T) {
	for name, next := range map[string]struct {
		bring func(d *driver)
		acts  flow.Part // once the second is over
	}{
		"starting":   {func(*driver) {}, flow.Alternative},
		"waiting":    {func(d *driver) { d.fail(d.has(flow.Post).Seq, problem(wire.VendorBusy, 9)) }, flow.Alternative},
		"error":      {func(d *driver) { d.fail(d.has(flow.Post).Seq, problem(wire.Network, 0)) }, flow.Again},
		"form.reset": {func(d *driver) { d.event(flow.Event{Kind: flow.Reset}) }, flow.Decline},
		"captcha": {func(d *driver) {
			d.reply(d.has(flow.Post).Seq, opened("session-1", "consent-1"))
			d.event(flow.Event{Kind: flow.Drawn, Seq: d.has(flow.Draw).Seq})
		}, flow.CannotRead},
	} {
		d := drive(t, "pk_live_a")
		d.press(flow.Agree, key1)
		require.Equal(t, 1, d.wake(flow.Quiet).Seconds)
		next.bring(d)
		state := d.flow.State()
		for _, part := range buttons {
			require.True(t, d.flow.Screen().Quiet, name)
			d.pressAtOnce(part, key2)
			require.Empty(t, d.out, "%s: %s", name, part)
		}
		d.elapse(d.wait)
		require.Empty(t, d.out, "%s: what was pressed is not kept", name)
		require.Equal(t, state, d.flow.State())
		require.False(t, d.flow.Screen().Quiet)
		d.pressAtOnce(next.acts, key2)
		require.NotEmpty(t, d.out, name)
	}
}

func TestAKeyInTheFieldIsNoButton(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.press(flow.Agree, key1)
	d.reply(d.has(flow.Post).Seq, opened("session-1", "consent-1"))
	d.event(flow.Event{Kind: flow.Drawn, Seq: d.has(flow.Draw).Seq})
	d.event(flow.Event{Kind: flow.Press, Part: flow.Submit, Trusted: true, Typed: "abc", Key: true})
	require.Equal(t, "abc", d.has(flow.Post).Request.Answer)
}

// A line that went away at the press would move the buttons under the finger.
func TestWhatAPanelSaysStaysUntilSomethingComesOfThePress(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.toCaptcha()
	d.submit("")
	require.Equal(t, "answer_invalid", d.flow.Screen().Alert)
	d.press(flow.Reload, "")
	require.Equal(t, "answer_invalid", d.flow.Screen().Alert)
	d.reply(d.has(flow.Post).Seq, wire.Reply{Session: "session-2", Captcha: jpeg, ExpiresIn: 500})
	d.event(flow.Event{Kind: flow.Drawn, Seq: d.has(flow.Draw).Seq})
	require.Empty(t, d.flow.Screen().Alert)

	d.submit("")
	alerts := d.flow.Screen().Alerts
	d.submit("abc")
	require.Equal(t, "answer_invalid", d.flow.Screen().Alert)
	require.Equal(t, alerts, d.flow.Screen().Alerts, "it is not said again")
	require.False(t, d.flow.Screen().Wrong)
	d.reply(d.has(flow.Post).Seq, token("token-1"))
	require.Empty(t, d.flow.Screen().Alert)

	for _, part := range []flow.Part{flow.Agree, flow.Decline} {
		d = drive(t, "pk_live_a")
		d.event(flow.Event{Kind: flow.Language, Lang: "hi"})
		d.event(flow.Event{Kind: flow.Unpainted, Seq: d.has(flow.Paint).Seq, Problem: problem(wire.Network, 0)})
		d.press(part, key1)
		require.Equal(t, "network", d.flow.Screen().Alert)
		d.fail(d.has(flow.Post).Seq, problem(wire.VendorUnavailable, 0))
		require.NotEqual(t, "network", d.flow.Screen().Alert)
	}
}
