package e2e

import (
	"html/template"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tracing wraps fetch as monitoring does, which adds headers to whatever the page asks for.
func tracing(wrapped string) string {
	return `{
		const plain = fetch, names = ['traceparent', 'tracestate', 'baggage', 'sentry-trace', 'x-datadog-trace-id', 'newrelic'];
		const add = headers => { for (const name of names) headers.set(name, '00-` + strings.Repeat("a", 32) + `'); return headers };
		window.fetch = ` + wrapped + `;
	}`
}

// What a page is that means no harm. The person presses, and gets to the end either way.
var pages = map[string]string{
	"monitoring that adds headers to the options": tracing(`(url, init = {}) => plain(url, {...init, headers: add(new Headers(init.headers))})`),
	"monitoring that makes a request of its own":  tracing(`(...given) => { const r = new Request(...given); add(r.headers); return plain(r) }`),
	"monitoring that reads a copy of each answer": tracing(`async (url, init = {}) => { const r = await plain(url, {...init, headers: add(new Headers(init.headers))}); r.clone().text(); return r }`),
	"one enumerable member of Object.prototype":   `Object.prototype.once = function () {}`,
	"many of them": enumerable,
	"nothing that came after Chrome 86 and Safari 15": `for (const [on, names] of [
			[Array, 'fromAsync'], [Array.prototype, 'at findLast findLastIndex toReversed toSorted toSpliced with group'], [String.prototype, 'at replaceAll isWellFormed toWellFormed'],
			[Object.getPrototypeOf(Uint8Array.prototype), 'at findLast findLastIndex toReversed toSorted with'], [Uint8Array, 'fromBase64'], [Uint8Array.prototype, 'toBase64'],
			[Object, 'hasOwn groupBy'], [Map, 'groupBy'], [Promise, 'any try withResolvers'], [Set.prototype, 'union intersection difference'], [Math, 'sumPrecise'],
			[AbortSignal, 'any timeout'], [AbortSignal.prototype, 'throwIfAborted reason'], [Crypto.prototype, 'randomUUID'], [Response, 'json'], [URL, 'canParse parse'],
			[Element.prototype, 'checkVisibility moveBefore setHTML getHTML ariaNotify'], [HTMLElement.prototype, 'showPopover togglePopover inert'], [ShadowRoot.prototype, 'setHTML getHTML'],
			[ElementInternals.prototype, 'states'], [window, 'structuredClone requestIdleCallback scheduler navigation NavigateEvent CustomStateSet AggregateError'],
		])
			for (const name of names.split(' ')) delete on[name];`,
}

// shownIn86 is part, of a page that has no checkVisibility.
func shownIn86(name string) string {
	return strings.Replace(part(name), "p.checkVisibility()", "p.getClientRects().length > 0", 1)
}

func TestThePersonGetsToTheEndWhateverElseIsOnThePage(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	for name, script := range pages {
		t.Run(name, func(t *testing.T) {
			site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", ""), Own: true,
				Late: template.HTML(`<script>` + script + `</script><script src="` + relay + `/v1/ekyc-connect.js"></script>`)})
			b := newTab(t)
			b.open(site.URL)
			press := func(name string) { t.Helper(); b.click(shownIn86(name), 1) }
			press("decline")
			b.state("declined")
			js[any](b, `EkycConnect.reset(), 0`)
			b.state("notice")
			press("agree")
			b.state("captcha")
			press("reload")
			b.until(shownIn86("captcha") + `.ariaBusy !== 'true'`)
			press("answer")
			b.do(keys("abc12\r"))
			b.state("done")
			b.do(clickContinue)
			require.Equal(t, true, redeem(t, relay, (<-site.posts).Get("ekyc-connect-response"), nil)["success"])
			require.Empty(t, b.errors)
			if strings.HasPrefix(name, "monitoring") {
				b.mu.Lock()
				defer b.mu.Unlock()
				require.True(t, slices.ContainsFunc(b.requests, func(r string) bool { return strings.HasPrefix(r, "OPTIONS "+relay) }), b.requests)
			}
		})
	}
}

// morph makes what is on the page like its server's markup, in place: it takes away
// every attribute and every child that the server has not sent, and keeps the elements.
const morph = `
const same = (is, be) => {
	for (const {name} of [...is.attributes]) if (!be.hasAttribute(name)) is.removeAttribute(name);
	for (const {name, value} of be.attributes) if (is.getAttribute(name) !== value) is.setAttribute(name, value);
	[...be.childNodes].forEach((want, i) => {
		const has = is.childNodes[i];
		if (!has) is.append(want.cloneNode(true));
		else if (has.nodeName !== want.nodeName) has.replaceWith(want.cloneNode(true));
		else if (has.nodeType === Node.ELEMENT_NODE) same(has, want);
		else if (has.data !== want.data) has.data = want.data;
	});
	while (is.childNodes.length > be.childNodes.length) is.lastChild.remove();
};
globalThis.morph = async () => same(document.body, new DOMParser().parseFromString(await (await fetch(location)).text(), 'text/html').body);
`

func TestAMorphToTheServersMarkupChangesNothing(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	for name, markup := range map[string]template.HTML{
		"an element":                    widget("pk_test_pass", ""),
		"an element that has an input":  widget("pk_test_pass", `field="input"`),
		"an element with its own words": withOwn("pk_test_pass"),
	} {
		t.Run(name, func(t *testing.T) {
			site := newPartner(t, form{Relay: relay, Markup: markup})
			b := newTab(t)
			b.do(onNewDocument(morph))
			b.open(site.URL)
			const look = `JSON.stringify([(e => [e.dataset.state, getComputedStyle(e.shadowRoot.firstChild).minHeight, e.shadowRoot.textContent, e.shadowRoot.querySelector('[data-part=answer]').value])(document.querySelector('ekyc-connect')),
				new FormData(document.forms[0]).getAll('ekyc-connect-response')])`
			in := func(state string) {
				t.Helper()
				b.state(state)
				js[any](b, `EkycConnect.ready()`)
				before := js[string](b, look)
				for range 2 {
					js[any](b, `morph()`)
					require.Equal(t, before, js[string](b, look))
				}
			}
			in("notice")
			b.press("decline")
			in("declined")
			js[any](b, `EkycConnect.reset(), 0`)
			b.state("notice")
			b.press("agree")
			b.state("captcha")
			b.answer("abc12")
			in("captcha")
			b.press("submit")
			in("done")
			b.do(clickContinue)
			require.Equal(t, true, redeem(t, relay, (<-site.posts).Get("ekyc-connect-response"), nil)["success"])
			require.Empty(t, b.errors)
		})
	}
}
