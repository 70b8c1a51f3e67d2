package e2e

import (
	"html/template"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

func keys(text string) chromedp.Action { return chromedp.KeyEvent(text) }

// tells is what a page says of itself next.
func (p *partner) tells(t *testing.T) (said string) {
	t.Helper()
	select {
	case said = <-p.reports:
	case <-time.After(time.Minute):
		require.Fail(t, "the page says nothing")
	}
	return said
}

// journey goes through the widget by itself, with what it has taken before the page
// has replaced it, and tells the page's server how it ended.
const journey = `{
	const {fetch, Error, setTimeout} = window;
	const report = text => fetch('/report', {__proto__: null, method: 'POST', body: text});
	globalThis.travel = (w, press) => {
		const at = name => {
			const panel = w.shadowRoot.querySelector('section:not([hidden])');
			return panel.querySelector('[data-part="' + name + '"]');
		};
		w.addEventListener('ekyc-error', e => report('error ' + e.detail.code));
		w.addEventListener('ekyc-state', e => {
			const s = e.detail.state;
			if (s === 'notice') at(press).click();
			if (s === 'captcha') {
				at('answer').value = 'abc12';
				at('answer').dispatchEvent(new InputEvent('input', {__proto__: null, bubbles: true}));
				const send = () => at('submit').ariaDisabled ? setTimeout(send, 20) : at('submit').click(); // it does not act at once
				send();
			}
			if (s === 'done' || s === 'declined') report(s);
		});
	};
	globalThis.replaceAll = () => {
		const no = name => () => { throw new Error('the page has replaced ' + name) };
		for (const [on, not] of [
			[Array, ''], [Array.prototype, ''], [Object, ''], [String, ''], [String.prototype, 'charCodeAt'], [Number, ''], [Number.prototype, ''], [Math, ''], [JSON, ''],
			[Reflect, ''], [Promise, ''], [Promise.prototype, ''], [Map.prototype, 'get set delete has'], [Set.prototype, 'add delete has'], [RegExp.prototype, ''], [Date, ''], [DataView.prototype, ''],
			[Object.getPrototypeOf(Uint8Array), ''], [Object.getPrototypeOf(Uint8Array.prototype), ''], [Function.prototype, ''], [Performance.prototype, ''], [Crypto.prototype, ''], [SubtleCrypto.prototype, ''], [WebAssembly, ''],
			[TextDecoder.prototype, ''], [TextEncoder.prototype, ''],
		])
			for (const name of Object.getOwnPropertyNames(on)) {
				if (name === 'constructor' || not.split(' ').includes(name)) continue;
				const d = Object.getOwnPropertyDescriptor(on, name);
				if (typeof d.value === 'function' && d.writable) waiting.push(() => { on[name] = no(name) });
			}
		for (const name of ['fetch', 'setTimeout', 'clearTimeout', 'setInterval', 'requestIdleCallback', 'Array', 'CustomEvent', 'Date', 'Error', 'FormData',
			'JSON', 'Map', 'Number', 'Object', 'Promise', 'Reflect', 'Set', 'String', 'Uint8Array', 'WebAssembly', 'Proxy', 'AbortController'])
			waiting.push(() => { window[name] = no(name) });
		for (let i = 0; i < waiting.length; i++) waiting[i]();
	};
	const waiting = [];
}
`

// What a page replaces by functions that fail, once the loader has run. Whatever it
// is, the person gets to the end; and if the wasm could not be started any more, they
// are told and led to the hosted page.
func TestWhatAPageReplacesLaterStopsNoJourney(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	for name, c := range map[string]struct {
		press, when string
		ends        []string
	}{
		"agree, once the program runs":       {"agree", `EkycConnect.ready().then(() => { replaceAll(); document.forms[0].append(w) })`, []string{"done"}},
		"decline, once the program runs":     {"decline", `EkycConnect.ready().then(() => { replaceAll(); document.forms[0].append(w) })`, []string{"declined"}},
		"another ID, once the program runs":  {"alternative", `EkycConnect.ready().then(() => { replaceAll(); document.forms[0].append(w) })`, []string{"declined"}},
		"agree, before the program is there": {"agree", `document.forms[0].append(w); replaceAll()`, []string{"done", "error wasm_unavailable"}},
	} {
		t.Run(name, func(t *testing.T) {
			site := newPartner(t, form{
				Relay: relay, Own: true,
				Late: template.HTML(`<script src="` + relay + `/v1/ekyc-connect.js"></script><script>
					const w = document.createElement('ekyc-connect');
					w.setAttribute('sitekey', 'pk_test_pass'); w.setAttribute('purpose', 'account-opening'); w.setAttribute('loading', 'eager');
					travel(w, '` + c.press + `');
					` + c.when + `</script>`),
			})
			b := newTab(t)
			b.do(onNewDocument(journey))
			b.open(site.URL)
			require.Contains(t, c.ends, site.tells(t))
		})
	}
}

// What old libraries and other scripts do to a page before the loader comes.
func TestWhatAPageHasReplacedBeforeStopsNoJourney(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	for name, c := range map[string]struct{ script, ends string }{
		"an old library's Array.from":               {`Array.from = x => (x ? [].slice.call(x) : [])`, "done"},
		"an old library's bind":                     {`{ const apply = Function.prototype.apply; Function.prototype.bind = function (on, ...first) { const f = this; return function (...rest) { return apply.call(f, on, [...first, ...rest]) } } }`, "done"},
		"an old library's toJSON":                   {`Object.prototype.toJSON = function () { return 'object' }; Array.prototype.toJSON = String.prototype.toJSON = function () { return '[]' }`, "done"},
		"an older engine":                           {`delete Array.prototype.at; delete Promise.prototype.finally; delete Object.fromEntries; delete Object.hasOwn; delete Array.prototype.flat`, "done"},
		"enumerable members of Object.prototype":    {enumerable, "done"},
		"members of Object.prototype with a setter": {`for (const name of ['body', 'session', 'token', 'sitekey', 'signal', 'client']) Object.defineProperty(Object.prototype, name, {configurable: true, set() {}, get() { return 'page' }})`, "done"},
		"a program that cannot answer":              {`{ const apply = Reflect.apply; Reflect.apply = (f, on, given) => apply(f, on, on && 'ready' in Object(on) ? [] : given) }`, "error wasm_unavailable"},
		"a program that cannot listen":              {`{ const apply = Reflect.apply; Reflect.apply = (f, on, given) => on instanceof ShadowRoot ? undefined() : apply(f, on, given) }`, "error wasm_unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			site := newPartner(t, form{Relay: relay, Late: `<script>
				const w = document.createElement('ekyc-connect');
				w.setAttribute('sitekey', 'pk_test_pass'); w.setAttribute('purpose', 'account-opening'); w.setAttribute('loading', 'eager');
				travel(w, 'agree'); document.forms[0].append(w)</script>`})
			b := newTab(t)
			b.do(onNewDocument(journey + c.script))
			b.open(site.URL)
			require.Equal(t, c.ends, site.tells(t))
		})
	}
}

// Names that options, answers, attributes and tables of the widget might miss and
// then find at Object.prototype.
const enumerable = `
for (const name of ['once', 'passive', 'capture', 'signal', 'mode', 'body', 'method', 'headers', 'integrity', 'cache', 'priority', 'window', 'type', 'endings', 'detail', 'root', 'threshold',
	'delay', 'subtree', 'attributes', 'attributeFilter', 'timeout', 'highWaterMark', 'size', 'start', 'cancel', 'name', 'lang', 'theme', 'required', 'disabled', 'retry', 'ticket', 'subject', 'token', 'session', 'consent', 'captcha', 'code', 'retry_after',
	'unreachable', 'retryAfter', 'customError', 'badInput', 'delegatesFocus', 'slotAssignment', 'clonable', 'expires_in', 'request_id', 'callback', 'each', 'extend', 'onclick', 'src', 'bind', 'captured', 'close', 'changed'])
	Object.prototype[name] = function () {};
`

func TestAWidgetIsRenderedWhereObjectPrototypeHasEnumerableMembers(t *testing.T) {
	t.Parallel()
	site := newPartner(t, form{Relay: startRelay(t)})
	b := newTab(t)
	b.do(onNewDocument(enumerable))
	b.open(site.URL)
	b.until(`!!globalThis.EkycConnect`)
	js[any](b, `globalThis.got = [], EkycConnect.render(document.forms[0], {sitekey: 'pk_test_pass', purpose: 'account-opening', declineCallback: d => got.push(d.reason)}), 0`)
	require.Equal(t, []string{"data-state", "purpose", "sitekey"}, js[[]string](b, `document.querySelector('ekyc-connect').getAttributeNames().sort()`))
	b.press("decline")
	b.state("declined")
	require.Equal(t, []string{"declined"}, js[[]string](b, `got`))
	require.Equal(t, "TypeError EkycConnect.getState: invalid id", js[string](b, `(() => { try { EkycConnect.getState('bind') } catch (e) { return e.name + ' ' + e.message } })()`))
	require.True(t, js[bool](b, `document.querySelector('ekyc-connect').validity.valid`))
}
