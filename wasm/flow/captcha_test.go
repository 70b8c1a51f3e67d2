package flow_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/flow"
	"ekycconnect/wasm/wire"
)

func TestLettersOfAWrongShapeAreNotSent(t *testing.T) {
	for typed, key := range map[string]string{
		"":                        "answer_invalid",
		"   ":                     "answer_invalid",
		"abcdefghijklmnopq":       "answer_invalid",
		"été":                     "answer_invalid",
		"2341 2341 2346":          "answer-twelve-digits",
		" 2341-2341-2346 ":        "answer-twelve-digits",
		"२३४१२३४१२३४६":            "answer-twelve-digits",
		"2341   2341   2346     ": "answer-twelve-digits",
	} {
		d := drive(t, "pk_live_a")
		d.toCaptcha()
		d.submit(typed)
		require.Len(t, d.out, 1, "%q", typed)
		require.True(t, d.has(flow.Focus).Field)
		d.state(flow.Captcha)
		require.Equal(t, key, d.flow.Screen().Alert, "%q", typed)
		require.True(t, d.flow.Screen().Wrong)

		before := d.flow.Screen().Alerts
		d.submit(typed)
		require.Greater(t, d.flow.Screen().Alerts, before, "the same words are said again")

		d.submit("123456789012") // twelve digits, but no Aadhaar number
		require.Equal(t, "123456789012", d.has(flow.Post).Request.Answer)
		require.False(t, d.flow.Screen().Wrong)
	}
}

// What is on its way to the relay is judged there: our clock may be ahead.
func TestASessionThatEndsWithARequestUnderWayIsLeftToTheRelay(t *testing.T) {
	d := drive(t, "pk_live_a")
	wake := d.toCaptcha()
	d.press(flow.Reload, "")
	post := d.has(flow.Post)
	d.elapse(wake)
	require.Empty(t, d.out)
	d.state(flow.Captcha)
	d.reply(post.Seq, wire.Reply{Session: "session-2", Captcha: jpeg, ExpiresIn: 500})
	d.event(flow.Event{Kind: flow.Drawn, Seq: d.has(flow.Draw).Seq})
	d.submit("abc")
	require.Equal(t, "session-2", d.has(flow.Post).Request.Session)
}

func TestANewPictureKeepsThePanelAndTheLetters(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.toCaptcha()
	d.press(flow.Reload, "")
	d.state(flow.Captcha)
	post := d.has(flow.Post)
	require.Equal(t, flow.Request{Route: flow.Captchas, Session: "session-1"}, post.Request)
	require.Equal(t, "picture-loading", d.flow.Screen().Status)
	d.submit("abc")
	require.Empty(t, d.out) // which picture would it answer?
	d.press(flow.Reload, "")
	require.Empty(t, d.out)

	d.reply(post.Seq, wire.Reply{Session: "session-2", Captcha: jpeg, ExpiresIn: 500})
	d.event(flow.Event{Kind: flow.Drawn, Seq: d.has(flow.Draw).Seq})
	d.hasNot(flow.Clear)
	d.hasNot(flow.Focus)
	require.Equal(t, "picture-new", d.flow.Screen().Status)
	d.submit("abc")
	require.Equal(t, "session-2", d.has(flow.Post).Request.Session)
}

func TestALimitOnNewPicturesLeavesTheOldOneThere(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.toCaptcha()
	d.press(flow.Reload, "")
	d.fail(d.has(flow.Post).Seq, problem(wire.RateLimited, 5))
	d.state(flow.Captcha)
	require.Equal(t, "rate_limited", d.flow.Screen().Alert)
	d.emitted(flow.EventError)
	d.submit("abc")
	require.Equal(t, "session-1", d.has(flow.Post).Request.Session)
}

func TestAfterAnyOtherFailureOnlyANewPictureGoesOn(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.toCaptcha()
	d.press(flow.Reload, "")
	d.fail(d.has(flow.Post).Seq, problem(wire.Network, 0))
	d.state(flow.Error)
	d.press(flow.Again, "")
	require.Equal(t, flow.Request{Route: flow.Captchas, Session: "session-1"}, d.has(flow.Post).Request)
}

func TestAPictureThatCannotBeDrawnIsTheVendorsBadAnswer(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.press(flow.Agree, key1)
	d.reply(d.has(flow.Post).Seq, opened("session-1", "consent-1"))
	d.event(flow.Event{Kind: flow.Undrawable, Seq: d.has(flow.Draw).Seq})
	d.state(flow.Error)
	require.Equal(t, wire.VendorBadAnswer, d.emitted(flow.EventError).Problem.Code)
	d.press(flow.Again, "") // in the same session, not by another consent
	require.Equal(t, flow.Request{Route: flow.Captchas, Session: "session-1"}, d.has(flow.Post).Request)
}

func TestALostAnswerIsSentAgain(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.toCaptcha()
	d.submit("abc")
	first := d.has(flow.Post)
	d.fail(first.Seq, problem(wire.Network, 0))
	d.state(flow.Error)
	d.press(flow.Again, "")
	d.state(flow.Answering)
	require.Equal(t, first.Request, d.has(flow.Post).Request)
	d.hasNot(flow.Clear)
}

func TestRetryAfterTheVendorRefusedTheLetters(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.toCaptcha()
	d.toDone()
	d.event(flow.Event{Kind: flow.Retry, Call: 7})
	d.state(flow.Starting)
	post := d.has(flow.Post)
	require.Equal(t, flow.Request{Route: flow.Captchas, Session: "session-1"}, post.Request)
	d.event(flow.Event{Kind: flow.Retry, Call: 8})
	require.Empty(t, d.out) // one picture serves both

	d.reply(post.Seq, wire.Reply{Session: "session-2", Captcha: jpeg, ExpiresIn: 400})
	d.event(flow.Event{Kind: flow.Drawn, Seq: d.has(flow.Draw).Seq})
	d.state(flow.Captcha)
	d.has(flow.Clear)
	require.Equal(t, "again", d.flow.Screen().Alert)
	require.True(t, d.flow.Screen().Wrong, "said at the field, to which the focus is led")
	require.True(t, slices.ContainsFunc(d.out, func(e flow.Effect) bool { return e.Do == flow.Focus && e.Field }))
	var settled []int
	for _, e := range d.out {
		if e.Do == flow.Settle {
			require.Empty(t, e.Code)
			settled = append(settled, e.Call)
		}
	}
	require.Equal(t, []int{7, 8}, settled)
	d.toDone()
	d.emittedNot(flow.EventConsent)
}

func TestRetryByTheAttributeStartsAtANewPicture(t *testing.T) {
	f := flow.New("pk_live_a")
	d := &driver{t: t, flow: f}
	d.event(flow.Event{Kind: flow.Bound, Session: "sealed-retry"})
	d.state(flow.Starting)
	post := d.has(flow.Post)
	require.Equal(t, flow.Request{Route: flow.Captchas, Session: "sealed-retry"}, post.Request)
	d.reply(post.Seq, wire.Reply{Session: "session-2", Captcha: jpeg, ExpiresIn: 400})
	d.event(flow.Event{Kind: flow.Drawn, Seq: d.has(flow.Draw).Seq})
	d.state(flow.Captcha)
	require.True(t, d.has(flow.Focus).Calm, "a page that loads keeps its focus")
}

func TestRetryWithoutASessionIsRefused(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.event(flow.Event{Kind: flow.Retry, Call: 3})
	require.Equal(t, wire.SessionInvalid, d.has(flow.Settle).Code)
	d.state(flow.Notice)
}

func TestRetryThatFailsTellsThePage(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.toCaptcha()
	d.toDone()
	d.event(flow.Event{Kind: flow.Retry, Call: 7})
	d.fail(d.has(flow.Post).Seq, problem(wire.SessionExpired, 0))
	d.state(flow.Expired)
	require.Equal(t, wire.SessionExpired, d.has(flow.Settle).Code)
	require.Equal(t, "session_expired", d.flow.Screen().Alert)
}

func TestATokensEndIsExpiredAndGoesOnInTheSameSession(t *testing.T) {
	d := drive(t, "pk_live_a")
	d.toCaptcha()
	wake := d.toDone()
	d.elapse(wake)
	d.state(flow.Expired)
	d.emitted(flow.EventExpire)
	require.True(t, d.has(flow.Focus).Calm, "the person may be elsewhere")
	require.Equal(t, "expired", d.flow.Screen().Alert)
	d.press(flow.Again, "")
	require.Equal(t, flow.Request{Route: flow.Captchas, Session: "session-1"}, d.has(flow.Post).Request)
}

func TestASessionsEndIsExpiredAndBeginsAtTheNotice(t *testing.T) {
	d := drive(t, "pk_live_a")
	wake := d.toCaptcha()
	d.elapse(wake)
	d.state(flow.Expired)
	d.emitted(flow.EventExpire)
	d.press(flow.Again, "")
	d.event(flow.Event{Kind: flow.Painted, Seq: d.has(flow.Paint).Seq})
	d.state(flow.Notice)

	d = drive(t, "pk_live_a") // a token outlives its session
	wake = d.toCaptcha()
	tokenEnds := d.toDone()
	d.elapse(wake)
	d.state(flow.Done)
	d.elapse(tokenEnds)
	require.Equal(t, "session_expired", d.flow.Screen().Alert)
	d.press(flow.Again, "")
	d.hasNot(flow.Post)

	d = drive(t, "pk_live_a") // the relay judges what is under way
	wake = d.toCaptcha()
	d.submit("abc")
	post := d.has(flow.Post)
	d.elapse(wake)
	d.state(flow.Answering)
	d.reply(post.Seq, token("token-1"))
	d.state(flow.Done)
}
