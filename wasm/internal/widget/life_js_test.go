//go:build js && wasm

package widget_test

import (
	"syscall/js"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/internal/jsx"
)

func (p *page) choose(lang string) {
	field := p.part("language")
	field.Call("focus")
	field.Set("value", lang)
	field.Call("dispatchEvent", js.Global().Get("Event").New("change", jsx.Object("bubbles", true)))
}

// passes lets ms go by on both clocks, and has the widget notice.
func (p *page) passes(mono, wall int) {
	p.mono += mono
	p.wall += wall
	js.Global().Get("document").Call("dispatchEvent", js.Global().Get("Event").New("visibilitychange"))
}

func TestAnotherLanguageKeepsLettersPictureAndFocus(t *testing.T) {
	p := open(t).bind()
	p.choose("hi")
	p.settles()
	require.Equal(t, "panel-notice language", p.focused())
	p.toCaptcha()
	require.Equal(t, "presentation-hi", p.asked("sessions")[0].Get("presentation").String())
	p.typeIn("aB3")
	p.press("enlarge")
	result := p.widget.SetLanguage("en")
	require.NoError(t, <-result)
	p.settles()
	require.Equal(t, "panel-captcha", p.shown())
	require.Equal(t, "aB3", p.part("answer").Get("value").String())
	require.Equal(t, "30rem", p.style("width"))
	require.Equal(t, "panel-captcha enlarge", p.focused())
	drawn := p.js.Get("drawn")
	require.Equal(t, "picture-1 on en", drawn.Index(drawn.Length()-1).String())
	p.toDone()
}

func TestALanguageThatCannotBeHadIsTold(t *testing.T) {
	p := open(t).bind()
	p.part("language").Call("append", js.Global().Get("Option").New("xx", "xx"))
	p.choose("xx")
	p.settles()
	require.Equal(t, "en", p.part("language").Get("value").String())
	require.Equal(t, "No connection", p.text("error"))
	require.Equal(t, "network", p.told("ekyc-error")[0].Get("code").String())
	err := <-p.widget.SetLanguage("yy")
	require.Error(t, err)
	require.Equal(t, []any{"name", "EkycConnectError", "code", "network", "retryable", true}, err.(*jsx.Failure).Fields)
	p.toCaptcha()
}

func TestAChangedNoticeIsPaintedAnew(t *testing.T) {
	p := open(t).bind()
	p.answers("sessions", 409, `{"code":"notice_changed","retryable":true,"fault":"relay"}`)
	p.press("agree")
	p.reaches("loading")
	p.reaches("notice")
	require.Equal(t, "Read again", p.text("error"))
	require.Equal(t, "panel-notice heading", p.focused())
	require.Equal(t, "en", p.js.Get("paints").Index(0).String())
	p.toCaptcha()
	require.NotEqual(t, p.asked("sessions")[0].Get("idempotency_key").String(), p.asked("sessions")[1].Get("idempotency_key").String())
}

func TestTheVendorsLimitSaysHowLongAndRepeats(t *testing.T) {
	p := open(t).bind()
	p.answers("sessions", 503, `{"code":"vendor_busy","retryable":true,"fault":"vendor","retry_after":2}`)
	p.press("agree")
	p.reaches("waiting")
	require.Equal(t, "Wait 2 seconds", p.text("status"))
	require.Equal(t, "Wait 2 seconds", p.seen())
	require.Equal(t, 2, p.told("state")[2].Get("retryAfter").Int())
	require.Equal(t, "panel-notice", p.shown())
	p.passes(1999, 0)
	require.Equal(t, "waiting", p.js.Get("now").String())
	require.Equal(t, "Wait 1 seconds", p.seen())
	require.Equal(t, "Wait 2 seconds", p.text("status"), "who listens hears it once")
	p.answers("sessions", 201, sessionReply)
	p.passes(1, 0)
	p.reaches("captcha")
	require.Empty(t, p.seen())
}

func TestATokensEndIsToldBeforeAndAPressGoesOn(t *testing.T) {
	p := open(t).bind()
	p.toCaptcha()
	p.toDone()
	again := p.js.Get("root").Call("querySelector", "[data-part=panel-done] [data-part=retry]")
	require.True(t, again.Get("hidden").Bool())
	for _, left := range []struct {
		passes int
		said   string
	}{{180_000, "120 left"}, {90_000, "30 left"}} {
		p.passes(left.passes, 0)
		require.Equal(t, left.said, p.text("status"))
		require.Equal(t, left.said, p.seen())
		require.False(t, again.Get("hidden").Bool())
	}
	p.answers("captchas", 200, captchaReply)
	p.press("retry")
	p.reaches("captcha")
	require.Equal(t, "session-1", p.asked("captchas")[0].Get("session").String())
	require.Len(t, p.told("ekyc-consent"), 1)
	require.Empty(t, p.seen())
}

// The browser may have dropped the request while the page was in its cache.
func TestAPageThatComesBackAsksAgainAndGivesTheOlderRequestUp(t *testing.T) {
	p := open(t).bind()
	p.press("agree")
	p.settles()
	p.widget.Restore()
	p.settles()
	calls := p.js.Get("calls")
	require.Equal(t, 2, calls.Length())
	require.Equal(t, calls.Index(0).Get("body").String(), calls.Index(1).Get("body").String(), "the same decision under the same key")
	require.True(t, calls.Index(0).Get("signal").Get("aborted").Bool())
	require.False(t, calls.Index(1).Get("signal").Get("aborted").Bool())
}

func TestATokenEndsByWhicheverClockIsAhead(t *testing.T) {
	for _, by := range []struct{ mono, wall int }{{300_000, 0}, {0, 300_000}, {300_000, -9_000_000}} {
		p := open(t).bind()
		p.toCaptcha()
		p.toDone()
		p.js.Get("outside").Call("focus")
		p.passes(290_000, 290_000)
		require.Equal(t, "done", p.js.Get("now").String())
		p.passes(by.mono, by.wall)
		require.Equal(t, "expired", p.js.Get("now").String())
		require.Len(t, p.told("ekyc-expire"), 1)
		require.Equal(t, "Time is over", p.text("error"))
		require.Equal(t, "alert", p.attribute("error", "role"), "no focus tells of it")
		require.True(t, p.js.Get("outside").Equal(js.Global().Get("document").Get("activeElement")), "the person is elsewhere")
	}
}

func TestNoStepTakesTheFocusFromElsewhere(t *testing.T) {
	p := open(t).bind()
	p.press("agree")
	p.js.Get("outside").Call("focus")
	p.settles()
	p.widget.Restore() // sends again what was under way
	p.settles()
	p.answers("sessions", 201, sessionReply)
	p.widget.Restore()
	p.reaches("captcha")
	require.Empty(t, p.focused())
	require.Len(t, p.asked("sessions"), 3)
	require.Equal(t, p.asked("sessions")[0].Get("idempotency_key").String(), p.asked("sessions")[2].Get("idempotency_key").String())
}

func TestRetryTellsThePageHowItWent(t *testing.T) {
	p := open(t).bind()
	err := <-p.widget.Retry()
	require.EqualError(t, err, "ekyc-connect: session_invalid")

	p.toCaptcha()
	p.toDone()
	p.answers("captchas", 200, captchaReply)
	require.NoError(t, <-p.widget.Retry())
	require.Equal(t, "captcha", p.js.Get("now").String())
	require.Empty(t, p.part("answer").Get("value").String())
	require.Equal(t, "Letters did not match", p.text("error"))

	p.toDone()
	p.answers("captchas", 410, `{"code":"session_expired","retryable":false,"fault":"user"}`)
	require.EqualError(t, <-p.widget.Retry(), "ekyc-connect: session_expired")
	require.Equal(t, "expired", p.js.Get("now").String())
	require.Len(t, p.told("ekyc-consent"), 1)
}

func TestTheAttributeRetryStartsAtANewPicture(t *testing.T) {
	p := open(t, "retry", "sealed-retry")
	p.js.Get("outside").Call("focus")
	p.answers("captchas", 200, captchaReply)
	p.bind()
	p.reaches("captcha")
	require.Equal(t, "sealed-retry", p.asked("captchas")[0].Get("session").String())
	require.Empty(t, p.asked("sessions"))
	require.Empty(t, p.focused())

	p.js.Get("attributes").Set("retry", "sealed-again")
	p.answers("captchas", 200, captchaReply)
	p.widget.Changed("retry")
	require.Equal(t, "starting", p.js.Get("now").String())
	p.reaches("captcha")
	require.Equal(t, "sealed-again", p.asked("captchas")[1].Get("session").String())
}

func TestADisabledWidgetDoesNothing(t *testing.T) {
	p := open(t, "disabled", true).bind()
	require.Equal(t, "true", p.attribute("agree", "aria-disabled"))
	p.press("agree")
	p.settles()
	require.Zero(t, p.js.Get("calls").Length())
	p.js.Get("attributes").Set("disabled", false)
	p.widget.Changed("disabled")
	require.Empty(t, p.attribute("agree", "aria-disabled"))
	p.toCaptcha()
}

func TestAnotherSitekeyStartsOver(t *testing.T) {
	p := open(t).bind()
	p.toCaptcha()
	p.js.Get("attributes").Set("sitekey", "pk_live_a")
	p.widget.Changed("sitekey")
	p.reaches("notice")
	p.press("agree")
	p.settles()
	require.Len(t, p.asked("sessions"), 1, "a live sitekey takes no script's press")
}

func TestAPageThatActsWhileItIsToldIsHeardAfterwards(t *testing.T) {
	p := open(t).bind()
	reset := js.FuncOf(func(_ js.Value, args []js.Value) any {
		if args[0].String() == "ekyc-token" {
			p.widget.Reset()
			require.Equal(t, "done", p.js.Get("now").String())
		}
		return nil
	})
	defer reset.Release()
	p.js.Set("onemit", reset)
	p.toCaptcha()
	p.answers("answers", 201, tokenReply)
	p.typeIn("aB3")
	p.press("submit")
	p.settles()
	require.Equal(t, "notice", p.js.Get("now").String())
	require.Equal(t, "panel-notice", p.shown())
}

func TestAPageThatThrowsHoldsNothingUp(t *testing.T) {
	p := open(t).bind()
	p.js.Set("onstate", js.Global().Call("eval", `() => { throw "the page's own" }`))
	p.js.Set("onemit", js.Global().Call("eval", `() => { throw null }`))
	p.toCaptcha()
	require.Equal(t, "panel-captcha heading", p.focused())
	p.toDone()
}

func TestClosingLeavesNothingBehind(t *testing.T) {
	before := jsx.Live()
	p := open(t).bind()
	p.toCaptcha()
	p.toDone()
	pending := p.widget.Retry() // never answered
	p.widget.Close()
	p.widget.Close()
	require.Error(t, <-pending)
	require.Error(t, <-p.widget.Retry())
	require.Error(t, <-p.widget.SetLanguage("hi"))
	p.settles()
	require.Equal(t, before, jsx.Live())
	calls := p.js.Get("calls").Length()
	p.part("agree").Call("click")
	p.passes(9_000_000, 9_000_000)
	p.widget.Reset()
	p.settles()
	require.Equal(t, calls, p.js.Get("calls").Length())
}
