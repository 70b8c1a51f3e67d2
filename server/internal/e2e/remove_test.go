package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/stretchr/testify/require"
)

// Pages of one address put widgets in and out for hours. (What the wasm holds goes
// with Go's next collection; its own tests count that.)
func TestNothingOfARemovedWidgetIsKept(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	for name, made := range map[string]string{
		"not painted yet": `document.createElement('ekyc-connect')`,
		"painted":         `(EkycConnect.render('#place', {sitekey: 'pk_test_pass', purpose: 'account-opening', loading: 'eager', mode: 'hosted'}), place.lastChild)`,
	} {
		t.Run(name, func(t *testing.T) {
			site := newPartner(t, form{Relay: relay, Markup: `<div id="place"></div>`})
			b := newTab(t)
			b.open(site.URL)
			b.until(`!!globalThis.EkycConnect`)
			js[any](b, `globalThis.refs = [], globalThis.one = async () => {
				const w = `+made+`;
				place.append(w);
				refs.push(new WeakRef(w));
				await new Promise(r => setTimeout(r, 200));
				w.remove();
			}, (async () => { for (let i = 0; i < 5; i++) await one() })()`)
			require.Equal(t, 5, js[int](b, `refs.length`))
			b.until(`!document.querySelector('ekyc-connect')`)
			for range 20 {
				b.do(heapprofiler.CollectGarbage())
				if js[int](b, `new Promise(r => setTimeout(r, 100, refs.filter(r => r.deref()).length))`) == 0 {
					return
				}
			}
			require.Fail(t, "still there")
		})
	}
}

// A page may do with a widget what it likes within the widget's own events.
func TestAPageMayMoveResetAndRemoveAWidgetInItsEvents(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", "")})
	b := newTab(t)
	b.do(onNewDocument(`const once = (type, f) => addEventListener('ekyc-' + type, f, {once: true});
		once('consent', e => document.forms[0].append(e.target));
		once('token', () => document.forms[0].reset());
		once('token', () => EkycConnect.setLanguage('hi'))`))
	b.open(site.URL)
	b.finishAnd("notice")
	b.until(part("view") + `.lang === 'hi'`)
	require.Equal(t, ".unstarted", b.field())
	js[any](b, `addEventListener('ekyc-state', e => e.detail.state === 'captcha' && EkycConnect.remove()), 0`)
	b.press("agree")
	b.until(`!document.querySelector('ekyc-connect')`)
	require.Len(t, events(b, "consent"), 2)
	require.Empty(t, b.errors)
}
