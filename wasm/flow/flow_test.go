package flow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/flow"
	"ekycconnect/wasm/wire"
)

func TestTheStraightWayEndsInAToken(t *testing.T) {
	d := drive(t, "pk_live_a")

	d.press(flow.Agree, key1)
	d.state(flow.Starting)
	post := d.has(flow.Post)
	require.Equal(t, flow.Request{Route: flow.Sessions, Decision: decision(key1)}, post.Request)
	d.hasNot(flow.Focus) // the panel is still the notice's

	d.reply(post.Seq, opened("session-1", "consent-1"))
	require.Equal(t, "consent-1", d.emitted(flow.EventConsent).Consent.ID)
	d.state(flow.Starting) // there is no captcha before it can be seen
	require.Equal(t, 600, d.wake(flow.SessionEnds).Seconds)
	draw := d.has(flow.Draw)
	require.Equal(t, jpeg.Data, draw.Picture)

	d.event(flow.Event{Kind: flow.Drawn, Seq: draw.Seq})
	d.state(flow.Captcha)
	require.False(t, d.has(flow.Focus).Calm)

	d.submit("  aB3 x \n")
	d.state(flow.Answering)
	post = d.has(flow.Post)
	require.Equal(t, flow.Request{Route: flow.Answers, Session: "session-1", Answer: "aB3 x"}, post.Request)

	d.reply(post.Seq, token("token-1"))
	d.state(flow.Done)
	enter := d.has(flow.Enter)
	require.Equal(t, "token-1", enter.Token)
	require.Equal(t, 300, enter.Seconds)
	require.Equal(t, "token-1", d.emitted(flow.EventToken).Token)
	require.Equal(t, 300, d.wake(flow.TokenEnds).Seconds)
}

func TestOnlyThePersonsOwnPressCountsWithALiveSitekey(t *testing.T) {
	for _, part := range []flow.Part{flow.Agree, flow.Decline, flow.Alternative} {
		for sitekey, counts := range map[string]bool{"pk_live_a": false, "pk_tes_": false, "": false, "pk_test_pass": true} {
			d := drive(t, sitekey)
			d.event(flow.Event{Kind: flow.Press, Part: part, Decision: decision(key1)})
			if counts {
				d.has(flow.Post)
			} else {
				require.Empty(t, d.out, "%s by a script, %q", part, sitekey)
			}
		}
	}
}

func TestASecondPressDoesNothingWhileTheFirstIsUnderWay(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.press(flow.Agree, key1)
	for _, part := range []flow.Part{flow.Agree, flow.Decline, flow.Reload, flow.Submit, flow.Again, flow.CannotRead} {
		d.press(part, key2)
		require.Empty(t, d.out, part)
	}

	d = drive(t, "pk_live_a")
	d.press(flow.Decline, key1)
	for _, part := range []flow.Part{flow.Agree, flow.Decline, flow.Alternative} {
		d.press(part, key2)
		require.Empty(t, d.out, part)
	}
}

func TestADecisionThatThePageSpoiltIsNotSent(t *testing.T) {
	d := drive(t, "pk_live_a")
	bad := decision(key1)
	bad.Subject = "2341 2341 2346"
	d.event(flow.Event{Kind: flow.Press, Part: flow.Agree, Trusted: true, Decision: bad})
	d.state(flow.Error)
	d.hasNot(flow.Post)
	require.Equal(t, wire.SubjectLooksLikeAadhaar, d.emitted(flow.EventError).Problem.Code)

	d = drive(t, "pk_live_a")
	d.event(flow.Event{Kind: flow.Press, Part: flow.Decline, Trusted: true, Decision: bad})
	d.state(flow.Declined) // refusing never traps
	d.hasNot(flow.Post)
}

func TestARepliedConsentIsToldOnce(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.press(flow.Agree, key1)
	failed := problem(wire.VendorTimeout, 0)
	failed.Consent = &wire.Consent{ID: "consent-1", ReceiptURL: "https://relay.example/r"}
	d.fail(d.has(flow.Post).Seq, failed)
	require.Equal(t, "https://relay.example/r", d.emitted(flow.EventConsent).Consent.ReceiptURL)
	d.press(flow.Again, key2)
	post := d.has(flow.Post)
	d.reply(post.Seq, opened("session-1", "consent-1"))
	d.emittedNot(flow.EventConsent)
}

func TestARepliesNumberDecidesWhetherItCounts(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.press(flow.Agree, key1)
	old := d.has(flow.Post).Seq
	d.press(flow.Alternative, key2) // leaves
	d.has(flow.Cancel)
	d.state(flow.Declined)
	d.reply(old, opened("session-1", "consent-1"))
	require.Empty(t, d.out)
	d.fail(old, problem(wire.Internal, 0))
	require.Empty(t, d.out)
	d.event(flow.Event{Kind: flow.Drawn, Seq: old})
	require.Empty(t, d.out)
}

func TestAReplyThatLacksWhatTheRouteAnswersWithIsAnError(t *testing.T) {
	for name, r := range map[string]wire.Reply{
		"empty":         {},
		"no consent":    {Session: "s", Captcha: jpeg},
		"no session":    {Consent: wire.Consent{ID: "c"}, Captcha: jpeg},
		"another image": {Session: "s", Consent: wire.Consent{ID: "c"}, Captcha: wire.Captcha{MediaType: "image/svg+xml", Data: "x"}},
		"a token":       token("t"),
	} {
		d := drive(t, "pk_live_a")
		d.press(flow.Agree, key1)
		d.reply(d.has(flow.Post).Seq, r)
		d.state(flow.Error)
		require.Equal(t, wire.Internal, d.emitted(flow.EventError).Problem.Code, name)
	}
	for _, sentinel := range []string{"", ".declined"} {
		d := drive(t, "pk_live_a")
		d.toCaptcha()
		d.submit("abc")
		d.reply(d.has(flow.Post).Seq, token(sentinel))
		d.state(flow.Error)
	}
}

func TestAFormResetGoesBackToTheNoticeFromEverywhere(t *testing.T) {
	reset := func(d *driver) {
		d.event(flow.Event{Kind: flow.Reset})
		d.state(flow.Notice)
		require.Empty(t, d.flow.Session())
		d.press(flow.Agree, key2)
		require.Equal(t, key2, d.has(flow.Post).Request.Decision.IdempotencyKey)
	}
	d := drive(t, "pk_live_a")
	reset(d)

	d = drive(t, "pk_live_a")
	d.press(flow.Agree, key1)
	d.event(flow.Event{Kind: flow.Reset})
	d.has(flow.Cancel)
	reset(d)

	d = drive(t, "pk_live_a")
	d.toCaptcha()
	reset(d)

	d = drive(t, "pk_live_a")
	d.toCaptcha()
	old := d.toDone()
	reset(d)
	d.elapse(old)
	require.Empty(t, d.out, "the old token's end is of no matter")
}

func TestAnotherSitekeyNeedsAnotherNotice(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.toCaptcha()
	d.event(flow.Event{Kind: flow.Replaced, Sitekey: "pk_test_pass"})
	d.state(flow.Loading)
	d.press(flow.Agree, key2)
	require.Empty(t, d.out, "the notice shown is another's")
	d.event(flow.Event{Kind: flow.Replaced, Sitekey: "pk_test_pass"})
	paint := d.has(flow.Paint)
	d.event(flow.Event{Kind: flow.Painted, Seq: paint.Seq - 1})
	d.state(flow.Loading)
	d.event(flow.Event{Kind: flow.Painted, Seq: paint.Seq})
	d.state(flow.Notice)
	d.event(flow.Event{Kind: flow.Press, Part: flow.Agree, Decision: decision(key2)})
	d.has(flow.Post)
}

func TestAPageFromTheBrowsersCacheSendsAgainWhatWasUnderWay(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.event(flow.Event{Kind: flow.Resumed})
	require.Empty(t, d.out)
	d.press(flow.Agree, key1)
	first := d.has(flow.Post)
	d.event(flow.Event{Kind: flow.Resumed})
	again := d.has(flow.Post)
	require.Equal(t, first.Request, again.Request)
	require.Greater(t, again.Seq, first.Seq)
	d.fail(first.Seq, problem(wire.Network, 0)) // of the dropped one
	d.state(flow.Starting)
	d.reply(again.Seq, opened("session-1", "consent-1"))
	d.has(flow.Draw)
}
