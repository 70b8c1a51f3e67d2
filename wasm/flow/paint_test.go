package flow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/flow"
	"ekycconnect/wasm/wire"
)

func TestAnotherLanguageKeepsTheState(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.toCaptcha()
	before := d.flow.Screen()
	d.event(flow.Event{Kind: flow.Language, Lang: "hi", Call: 5})
	paint := d.has(flow.Paint)
	require.Equal(t, "hi", paint.Lang)
	d.event(flow.Event{Kind: flow.Painted, Seq: paint.Seq})
	d.state(flow.Captcha)
	require.Equal(t, 5, d.has(flow.Settle).Call)
	d.hasNot(flow.Focus)
	require.Equal(t, before, d.flow.Screen())
	require.Equal(t, "session-1", d.flow.Session())
}

func TestNoDecisionIsTakenOnAViewThatIsBeingReplaced(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.event(flow.Event{Kind: flow.Language, Lang: "hi"})
	paint := d.has(flow.Paint)
	require.True(t, d.flow.Screen().Locked)
	for _, part := range []flow.Part{flow.Agree, flow.Decline} {
		d.press(part, key1)
		require.Empty(t, d.out)
	}
	d.event(flow.Event{Kind: flow.Painted, Seq: paint.Seq})
	d.press(flow.Agree, key1)
	d.has(flow.Post)
}

func TestALanguageThatCannotBeHadLeavesTheOldOne(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.event(flow.Event{Kind: flow.Language, Lang: "hi", Call: 5})
	d.event(flow.Event{Kind: flow.Unpainted, Seq: d.has(flow.Paint).Seq, Problem: problem(wire.Network, 0)})
	d.state(flow.Notice)
	require.Equal(t, wire.Network, d.has(flow.Settle).Code)
	require.Equal(t, "network", d.flow.Screen().Alert)
	d.emitted(flow.EventError)
	d.press(flow.Agree, key1)
	d.fail(d.has(flow.Post).Seq, problem(wire.NoticeChanged, 0))
	require.Equal(t, "en", d.has(flow.Paint).Lang, "painted anew in the language that is shown")
}

func TestTheNewestLanguageWins(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.event(flow.Event{Kind: flow.Language, Lang: "hi", Call: 1})
	first := d.has(flow.Paint)
	d.event(flow.Event{Kind: flow.Language, Lang: "ta", Call: 2})
	second := d.has(flow.Paint)
	d.event(flow.Event{Kind: flow.Painted, Seq: first.Seq})
	require.Empty(t, d.out)
	d.event(flow.Event{Kind: flow.Painted, Seq: second.Seq})
	var calls []int
	for _, e := range d.out {
		if e.Do == flow.Settle {
			calls = append(calls, e.Call)
		}
	}
	require.Equal(t, []int{1, 2}, calls)
}

func TestTheScreenOfEachStateIsTheContracts(t *testing.T) {
	d := drive(t, "pk_live_a")
	expect := func(panel string, locked bool) {
		t.Helper()
		s := d.flow.Screen()
		require.Equal(t, panel, s.Panel, d.flow.State())
		require.Equal(t, locked, s.Locked, d.flow.State())
	}
	expect("notice", false)
	d.press(flow.Agree, key1)
	expect("notice", true) // starting
	require.Equal(t, flow.Agree, d.flow.Screen().Busy)
	d.fail(d.has(flow.Post).Seq, problem(wire.VendorBusy, 1))
	expect("notice", true) // waiting
	d.elapse(d.wake(flow.Repeat))
	d.reply(d.has(flow.Post).Seq, opened("session-1", "consent-1"))
	d.event(flow.Event{Kind: flow.Drawn, Seq: d.has(flow.Draw).Seq})
	expect("captcha", false)
	d.submit("abc")
	expect("captcha", true) // answering
	d.reply(d.has(flow.Post).Seq, token("token-1"))
	expect("done", false)
	d.elapse(d.wake(flow.TokenEnds))
	expect("error", false) // expired
	d.press(flow.Alternative, key2)
	expect("declined", false)
}
