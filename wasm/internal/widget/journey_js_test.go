//go:build js && wasm

package widget_test

import (
	"strings"
	"syscall/js"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/internal/jsx"
)

func TestTheJourneyFromAgreeToToken(t *testing.T) {
	p := open(t, "subject", "cust-1").bind()
	require.Equal(t, "panel-notice", p.shown())
	p.wall = 999_000 // a second before the letters are sent

	p.toCaptcha()
	body := p.asked("sessions")[0]
	for name, want := range map[string]string{
		"sitekey": "pk_test_pass", "purpose": "account-opening", "subject": "cust-1",
		"presentation": "presentation-en", "notice_sha256": strings.Repeat("0", 64),
	} {
		require.Equal(t, want, body.Get(name).String())
	}
	require.Equal(t, "key-of-this-press-1", body.Get("idempotency_key").String())
	require.Equal(t, `{"channel":"widget","version":"1.2.3","build":"abcdefghijklmnop"}`, js.Global().Get("JSON").Call("stringify", body.Get("client")).String())
	require.Equal(t, "panel-captcha", p.shown())
	require.Equal(t, "panel-captcha heading", p.focused())
	require.Equal(t, "go", p.part("answer").Get("enterKeyHint").String())
	require.Equal(t, "picture-1 on en", p.js.Get("drawn").Index(0).String())

	p.toDone()
	require.Equal(t, "session-1", p.asked("answers")[0].Get("session").String())
	require.Equal(t, "aB3xY", p.asked("answers")[0].Get("answer").String())
	require.Equal(t, "panel-done", p.shown())
	require.Equal(t, "All saved", p.text("status"))

	require.Len(t, p.told("ekyc-consent"), 1)
	require.Equal(t, "consent-1", p.told("ekyc-consent")[0].Get("consentId").String())
	require.Len(t, p.told("ekyc-token"), 1)
	require.Equal(t, "token-1", p.told("ekyc-token")[0].Get("token").String())
	require.Equal(t, 1_300_000, p.told("ekyc-token")[0].Get("expiresAt").Int())

	var states []string
	for _, s := range p.told("state") {
		states = append(states, s.Get("name").String())
	}
	require.Equal(t, []string{"notice", "starting", "captcha", "answering", "done"}, states)
	require.Equal(t, "token-1", p.told("state")[4].Get("token").String())
}

func TestTheReceiptIsThereFromTheConsentOn(t *testing.T) {
	p := open(t).bind()
	there := func(want bool) {
		t.Helper()
		for _, part := range []string{"receipt", "withdraw"} {
			require.Equal(t, !want, p.part(part).Get("hidden").Bool(), part)
			require.Equal(t, want, p.attribute(part, "href") == "https://relay.example/v1/receipts/r", part)
		}
	}
	there(false)
	p.answers("sessions", 503, `{"code":"vendor_unavailable","retryable":true,"fault":"vendor","consent":{"id":"consent-1","given_at":"","receipt_url":"https://relay.example/v1/receipts/r"}}`)
	p.press("agree")
	p.reaches("error")
	there(true)
	p.answers("sessions", 201, sessionReply)
	p.press("retry")
	p.reaches("captcha")
	there(true)
	require.NoError(t, <-p.widget.SetLanguage("hi"))
	there(true)
	p.press("cannot-read")
	p.reaches("declined")
	there(true)
}

func TestATicketGoesInsteadOfTheSubject(t *testing.T) {
	p := open(t, "subject", "cust-1", "ticket", "ticket-1").bind()
	p.toCaptcha()
	require.Equal(t, "ticket-1", p.asked("sessions")[0].Get("ticket").String())
	require.True(t, p.asked("sessions")[0].Get("subject").IsUndefined())
}

func TestADoubleClickAsksOnce(t *testing.T) {
	p := open(t).bind()
	p.press("agree")
	require.Equal(t, "true", p.attribute("agree", "aria-busy"))
	require.Equal(t, "true", p.attribute("decline", "aria-disabled"))
	require.Equal(t, "Saving", p.text("status"))
	p.press("agree")
	p.press("decline")
	p.settles()
	require.Len(t, p.asked("sessions"), 1)
	require.Empty(t, p.asked("declines"))
}

func TestNoButtonActsForASecondAfterAgree(t *testing.T) {
	p := open(t).bind()
	p.toCaptcha()
	for _, part := range []string{"enlarge", "contrast", "reload", "submit", "cannot-read", "alternative"} {
		require.Equal(t, "true", p.attribute(part, "aria-disabled"), "%s: it says so", part)
		p.pressAtOnce(part)
	}
	click := js.Global().Get("MouseEvent").New("click", jsx.Object("bubbles", true, "cancelable", true))
	require.False(t, p.part("panel-captcha").Call("dispatchEvent", click).Bool(), "no link leads away either")
	p.settles()
	require.Equal(t, "captcha", p.js.Get("now").String())
	require.Equal(t, 1, p.js.Get("calls").Length())
	require.Empty(t, p.style("width")+p.style("filter"))

	p.passes(1000, 0)
	require.Empty(t, p.attribute("enlarge", "aria-disabled"))
	p.pressAtOnce("enlarge")
	require.Equal(t, "30rem", p.style("width"))
}

func TestNoScriptAgreesWithALiveSitekey(t *testing.T) {
	p := open(t, "sitekey", "pk_live_a").bind()
	p.press("agree")
	p.press("decline")
	p.press("alternative")
	p.settles()
	require.Equal(t, "notice", p.js.Get("now").String())
	require.Zero(t, p.js.Get("calls").Length())
}

func TestTheLoaderSaysWhichPressIsThePersonsOwn(t *testing.T) {
	for own, requests := range map[bool]int{true: 1, false: 0} {
		p := open(t, "sitekey", "pk_live_a")
		f := js.FuncOf(func(js.Value, []js.Value) any { return own })
		t.Cleanup(f.Release)
		p.js.Set("own", f)
		p.bind()
		p.press("agree")
		p.settles()
		require.Len(t, p.asked("sessions"), requests)
	}
}

func TestAPressBeforeTheWasmIsCarriedOut(t *testing.T) {
	for own, requests := range map[bool]int{true: 1, false: 0} {
		p := open(t, "sitekey", "pk_live_a")
		p.js.Set("kept", jsx.Object("part", "agree", "own", own))
		p.bind()
		p.settles()
		require.Len(t, p.asked("sessions"), requests)
		require.True(t, p.js.Get("kept").IsNull())
	}
}

func TestEnterSendsTheLetters(t *testing.T) {
	p := open(t).bind()
	p.toCaptcha()
	enter := func(composing bool) bool {
		event := js.Global().Get("KeyboardEvent").New("keydown", jsx.Object("key", "Enter", "bubbles", true, "cancelable", true, "isComposing", composing))
		return !p.part("answer").Call("dispatchEvent", event).Bool()
	}
	p.typeIn("aB3xY")
	require.False(t, enter(true), "it ends a composition then")
	require.Empty(t, p.asked("answers"))
	require.True(t, enter(false))
	p.settles()
	require.Len(t, p.asked("answers"), 1)
}

func TestWrongLettersAreToldAtTheField(t *testing.T) {
	p := open(t).bind()
	p.toCaptcha()
	p.typeIn("2341 2341 2346")
	p.press("submit")
	require.Equal(t, "No Aadhaar here", p.text("error"))
	require.Equal(t, "true", p.attribute("answer", "aria-invalid"))
	require.True(t, p.part("error").Get("nextElementSibling").Equal(p.part("answer")), "right above the field")
	require.Equal(t, "panel-captcha answer", p.focused())
	require.Empty(t, p.attribute("error", "role"), "the field's description says it")
	require.Empty(t, p.asked("answers"))

	said := p.part("error").Get("firstChild")
	p.part("answer").Call("dispatchEvent", js.Global().Get("KeyboardEvent").New("keydown", jsx.Object("key", "Enter", "bubbles", true)))
	require.Equal(t, "No Aadhaar here", p.text("error"))
	require.False(t, said.Equal(p.part("error").Get("firstChild")), "written anew, so that it is read out again")
	require.Equal(t, "alert", p.attribute("error", "role"), "the focus is there already, and says nothing")
	require.Equal(t, "hint", p.attribute("answer", "aria-describedby"), "said by the alert alone")
	p.part("answer").Call("dispatchEvent", js.Global().Get("FocusEvent").New("focusout", jsx.Object("bubbles", true)))
	require.Equal(t, "error hint", p.attribute("answer", "aria-describedby"), "to be heard when the field is come to again")
	p.typeIn("aB3")
	require.Empty(t, p.attribute("answer", "aria-invalid"))
}

func TestANewPictureLosesNothing(t *testing.T) {
	p := open(t).bind()
	p.toCaptcha()
	p.typeIn("aB")
	p.answers("captchas", 200, captchaReply)
	p.press("reload")
	require.Equal(t, "true", p.attribute("captcha", "aria-busy"))
	require.Equal(t, "New picture coming", p.text("status"))
	p.settles()
	require.Equal(t, "New picture", p.text("status"))
	require.Empty(t, p.attribute("captcha", "aria-busy"))
	require.Equal(t, "aB", p.part("answer").Get("value").String())
	require.Equal(t, "panel-captcha reload", p.focused())
	// A browser without a window that has the focus tells nobody of it.
	p.part("answer").Call("dispatchEvent", js.Global().Get("FocusEvent").New("focusin", jsx.Object("bubbles", true)))
	require.Equal(t, 2, p.part("answer").Get("selectionEnd").Int()-p.part("answer").Get("selectionStart").Int(), "typing replaces the old letters")
	p.toDone()
	require.Equal(t, "session-2", p.asked("answers")[0].Get("session").String())
}

func TestThePictureIsEnlargedInThreeStepsAndSeenInContrast(t *testing.T) {
	p := open(t).bind()
	p.toCaptcha()
	for _, want := range []string{"30rem", "45rem", ""} {
		p.press("enlarge")
		require.Equal(t, want, p.style("width"))
	}
	require.Equal(t, "false", p.attribute("enlarge", "aria-pressed"))
	p.press("contrast")
	require.Equal(t, "grayscale(1) contrast(3)", p.style("filter"))
	require.Equal(t, "true", p.attribute("contrast", "aria-pressed"))
}

func TestARefusalIsRecordedAndCanBeTakenBack(t *testing.T) {
	p := open(t).bind()
	p.answers("declines", 201, `{"consent":{"id":"consent-9","given_at":""}}`)
	p.press("alternative")
	p.reaches("declined")
	require.Equal(t, "other-id", p.asked("declines")[0].Get("alternative").String())
	require.Equal(t, `{"consentId":"consent-9","alternative":"other-id","reason":"other-id"}`,
		js.Global().Get("JSON").Call("stringify", p.told("ekyc-decline")[0]).String())
	require.Equal(t, "panel-declined heading", p.focused())
	p.press("retry")
	require.Equal(t, "panel-notice heading", p.focused())
}

func TestAnErrorNamesItsReasonAndGoesOn(t *testing.T) {
	p := open(t).bind()
	p.answers("sessions", 0, "")
	p.press("agree")
	p.reaches("error")
	require.Equal(t, "panel-error", p.shown())
	require.True(t, p.told("state")[2].Get("unreachable").Bool())
	require.Equal(t, "No connection", p.js.Get("root").Call("querySelector", "[data-slot=reason]").Get("textContent").String())
	require.Equal(t, "No connection", p.text("error"))
	require.Empty(t, p.attribute("error", "role"), "the heading has the focus, and is described by it")
	require.False(t, p.part("panel-error").Call("contains", p.part("error")).Bool())
	require.Equal(t, `{"code":"network","retryable":true,"fault":"user","requestId":""}`,
		js.Global().Get("JSON").Call("stringify", p.told("ekyc-error")[0]).String())

	p.answers("sessions", 201, sessionReply)
	p.press("retry")
	p.reaches("captcha")
	require.Equal(t, p.asked("sessions")[0].Get("idempotency_key").String(), p.asked("sessions")[1].Get("idempotency_key").String())
	require.Empty(t, p.text("error"))
}

func TestACodeWithoutWordsIsUnknown(t *testing.T) {
	p := open(t).bind()
	p.answers("sessions", 400, `{"code":"of_tomorrow","retryable":false,"fault":"partner","request_id":"r1"}`)
	p.press("agree")
	p.reaches("error")
	require.Equal(t, "Something else", p.text("error"))
	require.Equal(t, "of_tomorrow", p.told("ekyc-error")[0].Get("code").String())
	require.Equal(t, "r1", p.told("ekyc-error")[0].Get("requestId").String())
}

func TestAPictureThatCannotBeDrawnIsAnError(t *testing.T) {
	p := open(t).bind()
	p.answers("sessions", 201, strings.Replace(sessionReply, "picture-1", "broken", 1))
	p.press("agree")
	p.reaches("error")
	require.Equal(t, "vendor_bad_answer", p.told("ekyc-error")[0].Get("code").String())
	p.answers("captchas", 200, captchaReply)
	p.press("retry")
	p.reaches("captcha")
}
