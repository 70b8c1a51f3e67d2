package flow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/flow"
	"ekycconnect/wasm/wire"
)

func TestAConsentsReceiptIsOnEveryScreenThatFollows(t *testing.T) {
	given := wire.Consent{ID: "consent-1", ReceiptURL: "https://relay.example/r"}
	kept := func(d *driver, state flow.State) {
		t.Helper()
		d.state(state)
		require.Equal(t, given.ReceiptURL, d.flow.Screen().Receipt, state)
	}
	refused := func(code wire.Code, retryAfter int) wire.Problem {
		p := problem(code, retryAfter)
		p.Consent = &given
		return p
	}
	begun := opened("session-1", given.ID)
	begun.Consent = given

	d := drive(t, "pk_live_a")
	d.press(flow.Agree, key1)
	require.Empty(t, d.flow.Screen().Receipt)
	d.fail(d.has(flow.Post).Seq, refused(wire.VendorBusy, 2))
	kept(d, flow.Waiting)
	d.elapse(d.wake(flow.Repeat))
	kept(d, flow.Starting)
	d.fail(d.has(flow.Post).Seq, refused(wire.VendorUnavailable, 0))
	kept(d, flow.Error)
	d.press(flow.Again, "")
	d.reply(d.has(flow.Post).Seq, begun)
	d.event(flow.Event{Kind: flow.Drawn, Seq: d.has(flow.Draw).Seq})
	kept(d, flow.Captcha)
	ends := d.toDone()
	kept(d, flow.Done)
	d.elapse(ends)
	kept(d, flow.Expired)
	d.press(flow.Again, "") // reopens
	kept(d, flow.Starting)
	d.press(flow.Alternative, "")
	kept(d, flow.Declined)
	d.event(flow.Event{Kind: flow.Reset})
	kept(d, flow.Notice)
	d.press(flow.Agree, key2)
	next := opened("session-2", "consent-2")
	next.Consent.ReceiptURL = "https://relay.example/r2"
	d.reply(d.has(flow.Post).Seq, next)
	require.Equal(t, next.Consent.ReceiptURL, d.flow.Screen().Receipt, "the newest one's")
}
