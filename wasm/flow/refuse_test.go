package flow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/flow"
	"ekycconnect/wasm/wire"
)

func recorded(id string) wire.Reply { return wire.Reply{Consent: wire.Consent{ID: id}} }

func TestARefusalIsRecorded(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.press(flow.Decline, key1)
	d.state(flow.Notice)
	require.Equal(t, flow.Decline, d.flow.Screen().Busy)
	post := d.has(flow.Post)
	require.Equal(t, flow.Request{Route: flow.Declines, Decision: decision(key1)}, post.Request)
	d.reply(post.Seq, recorded("consent-1"))
	d.state(flow.Declined)
	told := d.emitted(flow.EventDecline)
	require.Equal(t, "consent-1", told.Consent.ID)
	require.Equal(t, flow.ByDeclining, told.Reason)
	d.has(flow.Focus)
}

func TestAnotherIDBeforeAgreementIsARefusal(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.event(flow.Event{Kind: flow.Press, Part: flow.Alternative, Trusted: true, Other: "other-id", Decision: decision(key1)})
	post := d.has(flow.Post)
	require.Equal(t, "other-id", post.Request.Other)
	require.Equal(t, flow.Alternative, d.flow.Screen().Busy)
	d.reply(post.Seq, recorded("consent-1"))
	told := d.emitted(flow.EventDecline)
	require.Equal(t, flow.ByOtherID, told.Reason)
	require.Equal(t, "other-id", told.Other)
}

func TestAfterAgreementNothingMoreIsRecorded(t *testing.T) {
	for part, reason := range map[flow.Part]flow.Reason{flow.CannotRead: flow.ByPicture, flow.Alternative: flow.ByOtherID} {
		d := drive(t, "pk_live_a")
		d.toCaptcha()
		d.press(part, key2)
		d.state(flow.Declined)
		d.hasNot(flow.Post)
		require.Equal(t, reason, d.emitted(flow.EventDecline).Reason)
		require.Empty(t, d.flow.Session())

		d = drive(t, "pk_live_a")
		d.toCaptcha()
		d.submit("abc")
		late := d.has(flow.Post).Seq
		d.press(part, key2)
		d.state(flow.Declined)
		d.has(flow.Cancel)
		d.reply(late, token("token-1"))
		require.Empty(t, d.out)
	}
}

func TestARefusalThatCannotBeRecordedLetsThePersonGo(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.press(flow.Decline, key1)
	first := d.has(flow.Post)
	d.fail(first.Seq, problem(wire.Network, 0))
	d.state(flow.Declined)
	require.Empty(t, d.emitted(flow.EventDecline).Consent.ID)
	d.emittedNot(flow.EventError)

	for _, seconds := range []int{2, 8, 30} {
		wake := d.wake(flow.Record)
		require.Equal(t, seconds, wake.Seconds)
		d.elapse(wake)
		require.Equal(t, first.Request, d.has(flow.Post).Request)
		d.fail(d.has(flow.Post).Seq, problem(wire.Network, 0))
		d.state(flow.Declined)
		d.emittedNot(flow.EventDecline)
	}
	require.Empty(t, d.out, "three times are enough")
}

func TestARefusalRecordedLateIsNotToldTwice(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.press(flow.Decline, key1)
	d.fail(d.has(flow.Post).Seq, problem(wire.StoreUnavailable, 0))
	d.elapse(d.wake(flow.Record))
	d.reply(d.has(flow.Post).Seq, recorded("consent-1"))
	require.Empty(t, d.out)
	d.press(flow.Alternative, key2) // tells the page, records nothing
	d.hasNot(flow.Post)
	require.Equal(t, "consent-1", d.emitted(flow.EventDecline).Consent.ID)
}

func TestAChangeOfMindDropsTheUnrecordedRefusal(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.press(flow.Decline, key1)
	d.fail(d.has(flow.Post).Seq, problem(wire.Network, 0))
	wake := d.wake(flow.Record)
	d.press(flow.Again, "")
	d.state(flow.Notice)
	d.elapse(wake)
	require.Empty(t, d.out, "a refusal must not be recorded after what may follow it")
	d.press(flow.Agree, key2)
	require.Equal(t, key2, d.has(flow.Post).Request.Decision.IdempotencyKey)
}
