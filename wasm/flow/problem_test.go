package flow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/flow"
	"ekycconnect/wasm/wire"
)

func TestEveryCodeLeadsSomewhereFromEveryRequest(t *testing.T) {
	after := map[wire.Code]flow.State{
		wire.SessionExpired:   flow.Expired,
		wire.ConsentWithdrawn: flow.Expired,
		wire.NoticeChanged:    flow.Loading,
	}
	for _, code := range append(wire.Codes(), "of-a-newer-relay") {
		want, there := after[code]
		if !there {
			want = flow.Error
		}

		d := drive(t, "pk_live_a")
		d.press(flow.Agree, key1)
		d.fail(d.has(flow.Post).Seq, problem(code, 0))
		require.Equal(t, want, d.flow.State(), "sessions, %s", code)

		d = drive(t, "pk_live_a")
		d.toCaptcha()
		d.submit("abc")
		d.fail(d.has(flow.Post).Seq, problem(code, 0))
		switch code {
		case wire.AnswerInvalid, wire.RateLimited, wire.VendorBusy:
			d.state(flow.Captcha)
			require.Equal(t, string(code), d.flow.Screen().Alert)
		default:
			require.Equal(t, want, d.flow.State(), "answers, %s", code)
		}

		d = drive(t, "pk_live_a")
		d.press(flow.Decline, key1)
		d.fail(d.has(flow.Post).Seq, problem(code, 0))
		require.Equal(t, flow.Declined, d.flow.State(), "declines, %s", code)
	}
}

func TestARetryableErrorIsRepeatedUnderTheSameKey(t *testing.T) {
	for _, code := range []wire.Code{
		wire.Network, wire.Internal, wire.VendorUnavailable, wire.VendorTimeout, wire.VendorBadAnswer,
		wire.StoreUnavailable, wire.VendorBusy, wire.RateLimited,
	} {
		d := drive(t, "pk_live_a")
		d.press(flow.Agree, key1)
		first := d.has(flow.Post)
		d.fail(first.Seq, problem(code, 0))
		d.state(flow.Error)
		require.Equal(t, code == wire.Network, d.has(flow.Enter).Unreachable, code)
		require.Equal(t, code, d.emitted(flow.EventError).Problem.Code)
		require.Equal(t, string(code), d.flow.Screen().Alert)

		d.press(flow.Again, key2)
		d.state(flow.Starting)
		require.Equal(t, first.Request, d.has(flow.Post).Request, code)
	}
}

func TestAnErrorThatNoRepeatMendsBeginsAnew(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.press(flow.Agree, key1)
	d.fail(d.has(flow.Post).Seq, problem(wire.VendorRejected, 0))
	d.press(flow.Again, key2)
	d.hasNot(flow.Post)
	d.event(flow.Event{Kind: flow.Painted, Seq: d.has(flow.Paint).Seq})
	d.state(flow.Notice)
	d.press(flow.Agree, key2)
	require.Equal(t, key2, d.has(flow.Post).Request.Decision.IdempotencyKey)
}

func TestTheVendorsLimitIsWaitedForAndRepeatedByItself(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.press(flow.Agree, key1)
	first := d.has(flow.Post)
	d.fail(first.Seq, problem(wire.VendorBusy, 2))
	d.state(flow.Waiting)
	require.Equal(t, 2, d.has(flow.Enter).Seconds)
	d.emittedNot(flow.EventError)
	screen := d.flow.Screen()
	require.Equal(t, "waiting", screen.Status)
	require.Equal(t, 2, screen.Seconds)
	require.True(t, screen.Locked)

	wake := d.wake(flow.Repeat)
	require.Equal(t, 2, wake.Seconds)
	d.elapse(wake)
	d.state(flow.Starting)
	require.Equal(t, first.Request, d.has(flow.Post).Request)
	d.elapse(wake)
	require.Empty(t, d.out)
}

func TestWaitingHasItsEnd(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.press(flow.Agree, key1)
	waits := 0
	for d.fail(d.has(flow.Post).Seq, problem(wire.VendorBusy, 1)); d.flow.State() == flow.Waiting; waits++ {
		d.elapse(d.wake(flow.Repeat))
		d.fail(d.has(flow.Post).Seq, problem(wire.VendorBusy, 1))
	}
	require.Equal(t, 10, waits)
	d.state(flow.Error)
}

func TestAWaitOfMoreThanAMinuteShowsTheOtherWayInstead(t *testing.T) {
	for seconds, want := range map[int]flow.State{60: flow.Waiting, 61: flow.Error} {
		d := drive(t, "pk_live_a")
		d.press(flow.Agree, key1)
		d.fail(d.has(flow.Post).Seq, problem(wire.VendorBusy, seconds))
		require.Equal(t, want, d.flow.State(), "%d s", seconds)
	}
}

func TestWhileWaitingThePersonCanLeave(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.press(flow.Agree, key1)
	d.fail(d.has(flow.Post).Seq, problem(wire.VendorBusy, 9))
	wake := d.wake(flow.Repeat)
	d.press(flow.Decline, key2)
	require.Empty(t, d.out) // that button is shown as off
	d.press(flow.Alternative, key2)
	d.state(flow.Declined)
	d.hasNot(flow.Post) // after agreement nothing more is recorded
	d.elapse(wake)
	require.Empty(t, d.out)
}

func TestAChangedNoticeIsPaintedAndAskedAgain(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.press(flow.Agree, key1)
	d.fail(d.has(flow.Post).Seq, problem(wire.NoticeChanged, 0))
	d.state(flow.Loading)
	d.press(flow.Agree, key2)
	require.Empty(t, d.out)
	d.event(flow.Event{Kind: flow.Language, Lang: "hi"}) // meanwhile
	d.event(flow.Event{Kind: flow.Painted, Seq: d.has(flow.Paint).Seq})
	d.state(flow.Notice)
	d.has(flow.Focus)
	require.Equal(t, string(wire.NoticeChanged), d.flow.Screen().Alert)
	d.press(flow.Agree, key2)
	require.Equal(t, key2, d.has(flow.Post).Request.Decision.IdempotencyKey)
}

func TestANoticeThatCannotBePaintedAnewIsAnErrorThatPaintsAgain(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.press(flow.Agree, key1)
	d.fail(d.has(flow.Post).Seq, problem(wire.NoticeChanged, 0))
	d.event(flow.Event{Kind: flow.Unpainted, Seq: d.has(flow.Paint).Seq, Problem: problem(wire.Network, 0)})
	d.state(flow.Error)
	require.True(t, d.has(flow.Enter).Unreachable)
	d.event(flow.Event{Kind: flow.Reset}) // the notice that is there may still not be agreed to
	d.state(flow.Loading)
	d.event(flow.Event{Kind: flow.Unpainted, Seq: d.has(flow.Paint).Seq, Problem: problem(wire.Network, 0)})
	d.press(flow.Again, key2)
	d.event(flow.Event{Kind: flow.Painted, Seq: d.has(flow.Paint).Seq})
	d.state(flow.Notice)
}
