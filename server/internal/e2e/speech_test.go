package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// listen notes what the two live regions say, and where the focus goes.
const listen = `(() => {
	const root = document.querySelector('ekyc-connect').shadowRoot;
	globalThis.said = []; globalThis.went = [];
	let busy = new Map();
	new MutationObserver(list => {
		for (const region of new Set(list.map(m => m.target.nodeType == 3 ? m.target.parentElement : m.target)))
			if (region?.matches?.('[role=status],[role=alert]') && region.textContent) said.push(region.role + ': ' + region.textContent);
	}).observe(root, {subtree: true, childList: true, characterData: true});
	root.addEventListener('focusin', e => went.push(e.target.closest('section').dataset.part + ' ' + e.target.dataset.part));
})(), 0`

// take gives and empties a list of the page.
func (b *tab) take(list string) []string {
	b.t.Helper()
	return js[[]string](b, list+`.splice(0)`)
}

// words is the view's text for a message.
func (b *tab) words(key string) string {
	b.t.Helper()
	return js[string](b, `document.querySelector('ekyc-connect').shadowRoot.querySelector('.`+key+`').textContent`)
}

// described is the first text that describes an element.
func described(e string) string {
	return `(e => e.getRootNode().getElementById(e.getAttribute('aria-describedby').split(' ')[0]).textContent)(` + e + `)`
}

func TestEveryStepIsSaidOnceAndOnlyStepsMoveTheFocus(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	way := newRoad(t, relay)
	site := newPartner(t, form{Relay: way.URL, Markup: widget("pk_test_pass", "")})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	js[any](b, `EkycConnect.ready()`)
	js[any](b, listen)
	require.Empty(t, b.take("said"))
	require.Equal(t, "BODY", js[string](b, `document.activeElement.tagName`), "a widget that appears takes no focus")

	drop := way.hold("/v1/sessions")
	b.press("agree")
	b.state("starting")
	said := b.take("said")
	if said[0] == "status: "+b.words("loading") { // the press came before the program had taken over
		said = said[1:]
	}
	require.Equal(t, []string{"status: " + b.words("starting")}, said)
	require.Equal(t, []string{"panel-notice agree"}, b.take("went"), "a status takes no focus")
	drop()
	b.state("error")
	require.Equal(t, []string{"panel-error heading"}, b.take("went"))
	require.Empty(t, b.take("said"), "the heading is described by it")
	require.Equal(t, b.words("network"), js[string](b, described(part("panel-error")+`.querySelector('h2')`)))
	way.open("/v1/sessions")
	b.press("retry")
	b.state("captcha")
	require.Equal(t, []string{"panel-error retry", "panel-notice heading", "panel-captcha heading"}, b.take("went"))
	b.take("said")

	b.press("reload")
	b.until(`said.length > 1`)
	require.Equal(t, []string{"status: " + b.words("picture-loading"), "status: " + b.words("picture-new")}, b.take("said"))
	require.Equal(t, []string{"panel-captcha reload"}, b.take("went"), "the focus stays on the button")

	b.press("submit")
	b.until(`went.includes('panel-captcha answer')`)
	require.Equal(t, []string{"panel-captcha submit", "panel-captcha answer"}, b.take("went"), "the focus is led to the field")
	require.Empty(t, b.take("said"), "which is described by it")
	require.Equal(t, "true", js[string](b, part("answer")+`.ariaInvalid`))
	require.Equal(t, b.words("answer_invalid"), js[string](b, described(part("answer"))))
	require.True(t, js[bool](b, `((e, a) => e.bottom <= a.top && a.top - e.bottom < 20)(...[`+part("error")+`, `+part("answer")+`].map(e => e.getBoundingClientRect()))`), "right above it")
	b.do(chromedp.KeyEvent("\r"))
	b.until(`said.length > 0`)
	require.Equal(t, []string{"alert: " + b.words("answer_invalid")}, b.take("said"), "a second time, as it was sent again; the focus is there already")
	require.Empty(t, b.take("went"))

	b.answer("  a b c  ")
	b.press("submit")
	b.state("done")
	require.Contains(t, b.take("said"), "status: "+b.words("done"))
	went := b.take("went")
	require.Equal(t, "panel-done heading", went[len(went)-1])
	require.Equal(t, "a b c", redeem(t, relay, b.field(), nil)["captcha"], "as typed, without the spaces around it")
}

func TestWhoIsElsewhereOnThePageIsNotFetched(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", "") + `<label>Name <input id="name"></label>`})
	b := newTab(t)
	b.do(onNewDocument(movableClock))
	b.open(site.URL)
	b.press("agree")
	b.state("captcha")
	b.answer("abc12")
	b.press("submit")
	b.state("done")
	b.do(chromedp.Click("#name", chromedp.ByID))
	js[any](b, hourLater)
	b.state("expired")
	require.Equal(t, "name", js[string](b, `document.activeElement.id`), "time ran out; the person is typing")
	js[any](b, `document.forms[0].reset()`)
	b.state("notice")
	require.Equal(t, "name", js[string](b, `document.activeElement.id`))
}

func TestTheWholeJourneyByKeyboardAlone(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", "")})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	focused := func() string {
		return js[string](b, `(e => (e?.shadowRoot?.activeElement?.dataset.part || e?.shadowRoot?.activeElement?.tagName) ?? e?.id)(document.activeElement) || ''`)
	}
	// tabs goes on to a part, and tells by what stops.
	tabs := func(to string) (stops []string) {
		b.t.Helper()
		for focused() != to {
			require.Less(b.t, len(stops), 30, stops)
			b.do(chromedp.KeyEvent("\t"))
			require.True(b.t, js[bool](b, `(e => e.matches(':focus-visible') && getComputedStyle(e).outlineStyle != 'none')(document.activeElement.shadowRoot?.activeElement || document.activeElement)`), "where the focus is can be seen: "+focused())
			stops = append(stops, focused())
		}
		return stops
	}
	require.Equal(t, []string{"language", "SUMMARY", "decline", "agree"}, tabs("agree"))
	require.Equal(t, []string{"alternative", "continue"}, tabs("continue"))
	b.do(chromedp.KeyEvent("\r"))
	b.until(`document.activeElement.shadowRoot?.activeElement?.dataset.part === 'heading'`) // the form is not sent yet: here is why
	tabs("agree")
	b.do(chromedp.KeyEvent(" "))
	b.state("captcha")
	require.Equal(t, "heading", focused())
	require.Equal(t, []string{"reload", "enlarge", "contrast", "captcha", "answer"}, tabs("answer"))
	b.do(chromedp.KeyEvent("abc12"))
	require.Equal(t, []string{"submit"}, tabs("submit"))
	b.until(acts)
	b.do(chromedp.KeyEvent("\r"))
	b.state("done")
	require.Equal(t, "heading", focused())
	require.Equal(t, []string{"receipt", "withdraw", "continue"}, tabs("continue"))
	b.do(chromedp.KeyEvent("\r"))
	require.Equal(t, true, redeem(t, relay, (<-site.posts).Get("ekyc-connect-response"), nil)["success"])
}

func TestNothingMovesOnTheScreen(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	walk(t, relay, "", guise{name: "still", media: map[string]string{"prefers-reduced-motion": "reduce"}}, func(b *tab, name string) {
		require.Zero(t, js[int](b, `document.getAnimations().length + document.querySelector('ekyc-connect').shadowRoot.getAnimations().length`), name)
	})
}
