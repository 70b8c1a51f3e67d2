//go:build engines

package e2e

import (
	"html/template"
	"net/url"
	"strings"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/e2e/engine"
)

// What is tried in the engines that are whole, and in the older ones.
var journeys = []struct {
	name         string
	whole, older bool
	try          func(v visit)
}{
	{"agrees", true, false, agrees},
	{"declines", true, false, declines},
	{"by keyboard", true, false, byKeyboard},
	{"no press of agree but the person's", true, false, onlyByPressing("agree")},
	{"no press of decline but the person's", true, false, onlyByPressing("decline")},
	{"no press of another ID but the person's", true, false, onlyByPressing("alternative")},
	{"colours and frames", true, false, coloured},
	{"a page that shadows and replaces", true, false, underAPageThatReplaces},
	{"back after the form was sent", true, false, backAfterSending},
	{"back after a script read the form", true, false, backAfterReading},
	{"without the right to run wasm", true, false, withoutWasm},
	{"takes a fragment over as it stands", true, false, fragmentTakenOver},
	{"the right edge", true, false, fromRightToLeft},
	{"what breaks the policy is reported", true, false, reported},
	{"a link in words to the hosted page", false, true, led},
	{"hosted page and receipt", true, true, onTheRelaysPages},
}

func agrees(v visit) {
	site := v.page(`subject="customer-1"`)
	require.Equal(v.t, "false", v.text(`document.forms[0].checkValidity()`))
	v.click(part("agree"))
	v.state("captcha")
	v.until(`document.querySelector('ekyc-connect').shadowRoot.activeElement.dataset.part === 'heading'`)
	v.click(part("answer"))
	require.NoError(v.t, v.Type(v.ctx, " abc12 "+engine.Enter))
	v.state("done")
	answer := redeem(v.t, v.relay, v.sends(site), nil)
	require.Equal(v.t, true, answer["success"], answer)
	require.Equal(v.t, "abc12", answer["captcha"])
	site.nothingWasReported(v.t)
}

func declines(v visit) {
	site := v.page(`lang="hi"`)
	require.Equal(v.t, "hi", v.text(part("view")+`.lang`))
	v.click(part("decline"))
	v.state("declined")
	// An engine that has no custom states, or spells them otherwise, has the attribute.
	require.Equal(v.t, "true", v.text(`!CSS.supports('selector(:state(declined))') || document.querySelector('ekyc-connect').matches(':state(declined)')`))
	require.Equal(v.t, ".declined", v.sends(site))
	site.nothingWasReported(v.t)
}

func byKeyboard(v visit) {
	site := v.page("")
	require.Equal(v.t, "undefined", v.text(`EkycConnect.ready()`))
	require.Equal(v.t, "undefined", v.text(part("agree")+`.focus()`))
	require.NoError(v.t, v.Type(v.ctx, " "))
	v.state("captcha")
	for range 5 { // picture, three tools, field
		require.NoError(v.t, v.Type(v.ctx, engine.Tab))
	}
	require.Equal(v.t, "answer", v.text(`document.querySelector('ekyc-connect').shadowRoot.activeElement.dataset.part`))
	require.NoError(v.t, v.Type(v.ctx, "abc12"+engine.Enter))
	v.state("done")
	site.nothingWasReported(v.t)
}

// onlyByPressing gives the journey in which only the person's own press of a button counts.
func onlyByPressing(button string) func(visit) {
	return func(v visit) {
		state := choices[button]
		site := newPartner(v.t, form{Relay: v.live, Markup: otherField + widget(liveKey, "")})
		require.NoError(v.t, v.Open(v.ctx, site.URL))
		v.state("notice")
		for range 2 { // before the program is there, and after
			for _, how := range scriptedPresses(button) {
				require.Equal(v.t, "true", v.text(`(`+how+`, `+undecided+`)`), how)
			}
			require.Equal(v.t, "undefined", v.text(`EkycConnect.ready()`))
		}
		v.click(`document.querySelector('ekyc-connect').shadowRoot.getElementById('label')`)
		require.Equal(v.t, "true", v.text(undecided), "the person presses a label")
		x, y := v.middle(part(button))
		require.NoError(v.t, v.Drag(v.ctx, x, y, 1, 1)) // beside the widget
		require.Equal(v.t, "true", v.text(`(document.querySelector('ekyc-connect').shadowRoot.getElementById('label').click(), `+undecided+`)`), "the person has thought better of it")
		for _, key := range []string{" ", engine.Enter} {
			require.Equal(v.t, "undefined", v.text(stealing(button)))
			require.NoError(v.t, v.Type(v.ctx, key))
			require.Equal(v.t, "true", v.text(undecided), "a key meant for another field: %q", key)
		}
		click := `(document.querySelector('ekyc-connect').shadowRoot.getElementById('label').click(), ` + undecided + `)`
		require.Equal(v.t, "undefined", v.text(control(button)+`.focus()`))
		require.NoError(v.t, v.Type(v.ctx, "x"))
		require.Equal(v.t, "true", v.text(click), "a key that presses no button")
		require.Equal(v.t, "undefined", v.text(control(button)+`.focus()`))
		require.NoError(v.t, v.Type(v.ctx, engine.Enter))
		v.state(state)
		require.Equal(v.t, "undefined", v.text(`EkycConnect.reset()`))
		v.state("notice")
		require.Equal(v.t, "notice", v.text(`(`+click+`, EkycConnect.getState())`), "one press counts once")
		v.until(`!` + part(button) + `.hasAttribute('aria-disabled')`) // a second after agree
		v.click(part(button))
		v.state(state)
	}
}

// In Chrome 86, which has no declarative shadow root, the template stands in the page as
// it was sent, and nothing can be read before the script.
func fragmentTakenOver(v visit) {
	markup, style := fragmentOf(v.t, v.relay)
	site := newPartner(v.t, form{
		Relay: v.relay, Own: true, Markup: markup, Files: map[string]string{"/read.js": `document.querySelector('ekyc-connect').shadowRoot && ` + asRead},
		Late:   template.HTML(`<script src="/read.js"></script><script src="` + v.relay + `/v1/ekyc-connect.js"></script>`),
		Policy: strings.Replace(v.strictest(), "script-src", "script-src 'self'", 1) + "; style-src '" + style + "'; img-src data:; form-action 'self'; report-uri /report",
	})
	require.NoError(v.t, v.Open(v.ctx, site.URL))
	v.state("notice")
	if v.Name() != "chrome 86" {
		require.Equal(v.t, unchanged, v.text(kept))
	}
	v.click(part("agree"))
	v.state("captcha")
	site.nothingWasReported(v.t)
}

// WebKit has no requestIdleCallback, for which an element of that name answers then.
func underAPageThatReplaces(v visit) {
	site := newPartner(v.t, form{Relay: v.relay, Own: true, Markup: template.HTML(shadows(v.relay) + `<script>` + journey + enumerable + `</script><script src="` + v.relay + `/v1/ekyc-connect.js"></script><script>
			const w = new (customElements.get('ekyc-connect'))();
			w.setAttribute('sitekey', 'pk_test_pass'); w.setAttribute('purpose', 'account-opening'); w.setAttribute('loading', 'eager');
			travel(w, 'agree');
			const here = Object.getOwnPropertyDescriptor(Document.prototype, 'currentScript').get.call(document);
			EkycConnect.ready().then(() => { replaceAll(); here.after(w) });</script>`)})
	require.NoError(v.t, v.Open(v.ctx, site.URL))
	require.Equal(v.t, "done", site.tells(v.t))
}

func backAfterSending(v visit) {
	site := v.page("")
	v.click(part("decline"))
	v.state("declined")
	v.sends(site)
	require.Equal(v.t, "0", v.text(`(setTimeout(() => history.back(), 10), 0)`))
	v.until(`document.querySelector('ekyc-connect')`)
	v.until(`['notice', 'declined'].includes(EkycConnect.getState())`)
	require.True(v.t, strings.HasPrefix(v.text(`EkycConnect.getResponse()`), "."))
}

// A page that an engine keeps as it was holds its token still, since a script that reads
// the form's data sends nothing, and the person then leaves by a press of their own.
func backAfterReading(v visit) {
	v.page("")
	v.finish()
	token := v.text(sent)
	require.Equal(v.t, "0", v.text(`(window.kept = true, 0)`))
	v.click(`document.getElementById('help')`)
	v.until(`document.getElementById('helped')`)
	require.Equal(v.t, "0", v.text(`(setTimeout(() => history.back(), 10), 0)`))
	v.until(`window.EkycConnect && EkycConnect.getState() !== 'loading'`)
	if v.text(`!!window.kept`) == "false" {
		require.Equal(v.t, ".unstarted", v.text(sent))
		return
	}
	require.Equal(v.t, token, v.text(sent))
}

// What stands between the person and the page can be seen: --ekyc-* and light-dark()
// have fall-backs where an engine does not know them.
func coloured(v visit) {
	v.page("")
	for _, name := range []string{"agree", "decline"} {
		style := `getComputedStyle(` + part(name) + `)`
		require.Equal(v.t, "2px solid rgb(27, 87, 181)", v.text(`(s => [s.borderTopWidth, s.borderTopStyle, s.borderTopColor].join(' '))(`+style+`)`))
		require.Equal(v.t, "rgb(27, 87, 181)", v.text(style+`.color`))
	}
	require.Equal(v.t, "1px solid rgb(128, 134, 142) rgb(255, 255, 255) rgb(23, 32, 44)",
		v.text(`(s => [s.borderTopWidth, s.borderTopStyle, s.borderTopColor, s.backgroundColor, s.color].join(' '))(getComputedStyle(`+part("view")+`))`))
}

// It opens a window within the press, which an engine refuses once it is too late.
func withoutWasm(v visit) {
	site := v.under(strings.Replace(strict, " 'wasm-unsafe-eval'", "", 1), `subject="customer-7"`)
	v.state("error")
	v.click(part("retry"))
	require.NoError(v.t, v.Follow(v.ctx, v.relay+"/v1/hosted"))
	v.through()
	v.until(`document.querySelector('.told') && document.querySelector('.told').checkVisibility()`)
	require.NoError(v.t, v.Follow(v.ctx, site.URL))
	v.state("done")
	answer := redeem(v.t, v.relay, v.sends(site), nil)
	require.Equal(v.t, true, answer["success"], answer)
	require.Equal(v.t, site.URL, answer["origin"])
	require.Equal(v.t, "customer-7", answer["consent"].(map[string]any)["subject"])
}

func fromRightToLeft(v visit) {
	v.page(`lang="ur"`)
	require.Equal(v.t, "rtl", v.text(`getComputedStyle(`+part("view")+`).direction`))
	var found []string
	require.NoError(v.t, v.Eval(v.ctx, misfits, &found))
	require.Empty(v.t, found)
}

func reported(v visit) {
	site := v.page("")
	require.Equal(v.t, "0", v.text(`(document.head.append(Object.assign(document.createElement('style'), {textContent: 'p{color:red}'})), 0)`))
	for said := ""; !strings.Contains(said, "style-src"); {
		select {
		case said = <-site.reports:
		case <-v.ctx.Done():
			require.Fail(v.t, "nothing was reported")
			return
		}
	}
}

// led has nothing but the element's own children and a link: in words, without end of
// waiting, and past a form that is not blocked. The hosted page gives the form its token.
func led(v visit) {
	site := newPartner(v.t, form{Relay: v.relay, Markup: withOwn("pk_test_pass"), Style: true})
	require.NoError(v.t, v.Open(v.ctx, site.URL))
	const link = `document.querySelector('ekyc-connect').shadowRoot.querySelector('a[rel=opener]')`
	v.until(`document.querySelector('ekyc-connect').shadowRoot && ` + link + ` && ` + link + `.checkVisibility()`)
	require.Contains(v.t, v.text(link+`.textContent`), "Continue")
	require.Equal(v.t, "true", v.text(`document.getElementById('own').checkVisibility()`))
	require.Equal(v.t, "true", v.text(`document.forms[0].checkValidity()`), "the form is not blocked")
	require.Equal(v.t, ".unstarted", v.text(sent))
	v.click(link)
	require.NoError(v.t, v.Follow(v.ctx, v.relay+"/v1/hosted"))
	v.through()
	v.until(`document.querySelector('.told')`)
	require.NoError(v.t, v.Follow(v.ctx, site.URL))
	v.until(`EkycConnect.getState() === 'done'`)
	answer := redeem(v.t, v.relay, v.sends(site), nil)
	require.Equal(v.t, true, answer["success"], answer)
	require.Equal(v.t, site.URL, answer["origin"])
}

// The hosted page and the receipt page have the colours that they are given, and work.
func onTheRelaysPages(v visit) {
	require.NoError(v.t, v.Open(v.ctx, v.relay+"/v1/hosted?"+url.Values{
		"sitekey": {"pk_test_pass"}, "purpose": {"account-opening"}, "state": {"state-of-this-visit"}, "origin": {v.relay}, "lang": {"en"},
	}.Encode()))
	v.seen(`document.querySelector('[data-part=agree]')`)
	v.seen(`document.querySelector('[data-part=decline]')`)
	v.through()
	v.click(`document.querySelector('[data-part=receipt]')`)
	require.NoError(v.t, v.Follow(v.ctx, v.relay+"/v1/receipts/"))
	v.until(`document.querySelector('.state')`)
	v.seen(`document.querySelector('button')`)
	v.click(`document.querySelector('button')`)
	v.until(`document.querySelector('.ended')`)
}

// seen: a button has a frame and words that can be told from the page.
func (v visit) seen(button string) {
	v.t.Helper()
	v.until(button)
	var colours struct{ Frame, Words, Page, Width string }
	require.NoError(v.t, v.Eval(v.ctx, `(s => ({Frame: s.borderTopColor, Width: s.borderTopWidth + ' ' + s.borderTopStyle, Words: s.color, Page: getComputedStyle(document.body).backgroundColor}))(getComputedStyle(`+button+`))`, &colours))
	require.Regexp(v.t, `^[12]px solid$`, colours.Width)
	for _, c := range []string{colours.Frame, colours.Words} {
		require.Regexp(v.t, `^rgb\(`, c)
		require.NotEqual(v.t, colours.Page, c)
	}
}

// through goes on from the hosted page's notice to its end.
func (v visit) through() {
	v.t.Helper()
	v.click(`document.querySelector('[data-part=agree]')`)
	v.click(`document.querySelector('[data-part=answer]')`)
	require.NoError(v.t, v.Type(v.ctx, "abc12"+engine.Enter))
	v.until(`document.querySelector('[data-part=panel-done]')`)
}

// finish goes on from the widget's notice to its end.
func (v visit) finish() {
	v.t.Helper()
	v.click(part("agree"))
	v.state("captcha")
	v.click(part("answer"))
	require.NoError(v.t, v.Type(v.ctx, "abc12"+engine.Enter))
	v.state("done")
}
