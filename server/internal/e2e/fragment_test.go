package e2e

import (
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fragmentOf asks for the painted notice as a partner's back end does, and for the hash
// of its style.
func fragmentOf(t *testing.T, relay string) (markup template.HTML, style string) {
	t.Helper()
	ask := func(path string) []byte {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, relay+path, nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer sk_test_pass")
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer answer.Body.Close()
		require.Equal(t, http.StatusOK, answer.StatusCode)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return body
	}
	var pinned struct{ Style string }
	require.NoError(t, json.Unmarshal(ask("/v1/integrity.json"), &pinned))
	return template.HTML(ask("/v1/fragments?purpose=account-opening&lang=hi&required")), pinned.Style
}

// The notice can be read and nothing be pressed before any script is there; once it is,
// the person goes the same way as with any widget.
func TestAFragmentIsReadBeforeAnyScriptAndThenWorksAsAnyWidget(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	markup, style := fragmentOf(t, relay)
	policy := strict + "; style-src '" + style + "'; form-action 'self'"

	before := newPartner(t, form{Relay: relay, Markup: markup, Policy: policy, Own: true})
	b := newTab(t)
	b.open(before.URL)
	require.True(t, js[bool](b, `!!`+part("panel-notice")))
	require.True(t, js[bool](b, part("agree")+`.disabled`))
	require.True(t, js[bool](b, `!`+part("panel-captcha")))
	require.Equal(t, "relative", js[string](b, `getComputedStyle(`+part("view")+`).position`), "the policy lets its style through")
	require.Equal(t, "hi", js[string](b, part("language")+`.value`))
	require.Zero(t, js[int](b, `performance.getEntriesByType('resource').filter(r => r.name.includes('/v1/')).length`))

	site := newPartner(t, form{Relay: relay, Markup: markup, Policy: policy})
	b.open(site.URL)
	b.state("notice")
	require.Equal(t, "hi", js[string](b, part("language")+`.value`))
	b.press("agree")
	b.state("captcha")
	b.answer("abc12")
	b.press("submit")
	b.state("done")
	require.Equal(t, true, redeem(t, relay, b.field(), nil)["success"])
	require.Empty(t, js[[]string](b, `violations.filter(v => !v.includes('favicon') && !v.startsWith('img-src'))`))
}

func isLoader(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/ekyc-connect.js") }

// openWithout opens a page whose loader is held back.
func (b *tab) openWithout(g *gate, url string) {
	b.t.Helper()
	js[any](b, `setTimeout(() => { location = `+strconv.Quote(url)+` })`)
	<-g.seen
	b.until(`document.readyState === 'interactive' && !!document.querySelector('ekyc-connect').shadowRoot`)
}

// asRead is what a person may have done with a fragment before any script is there: read
// on, opened the details, marked a text and left the focus in it. Each node is marked too.
const asRead = `(() => {
	const root = document.querySelector('ekyc-connect').shadowRoot;
	const notice = root.querySelector('[data-part=notice]');
	for (const e of root.querySelectorAll('[data-part=view], [data-part=view] *')) e.read = true;
	notice.querySelector('details').open = true;
	notice.querySelector('summary').focus();
	scrollTo(0, 40);
	globalThis.scrolled = scrollY;
	getSelection().selectAllChildren(notice.querySelector('li'));
	globalThis.selected = String(getSelection());
})()`

// kept is what of it is still there.
const unchanged = "true,true,true,true,true"

const kept = `(() => {
	const root = document.querySelector('ekyc-connect').shadowRoot;
	const notice = root.querySelector('[data-part=notice]');
	return [
		[...root.querySelectorAll('[data-part=view], [data-part=view] *')].every(e => e.read),
		notice.querySelector('details').open,
		root.activeElement === notice.querySelector('summary'),
		scrollY === scrolled,
		selected !== '' && String(getSelection()) === selected,
	].join();
})()`

func TestAFragmentIsTakenOverAsItStands(t *testing.T) {
	relay := startRelay(t)
	markup, style := fragmentOf(t, relay)
	g := newGate(t, relay, isLoader)
	site := newPartner(t, form{Relay: g.URL, Markup: markup, Policy: strict + "; style-src '" + style + "'; form-action 'self'"})
	b := newTab(t)
	b.do(onNewDocument(`
		globalThis.shifts = [];
		new PerformanceObserver(l => shifts.push(...l.getEntries().map(e => e.value))).observe({type: 'layout-shift', buffered: true});`))
	b.openWithout(g, site.URL)
	js[any](b, asRead)
	require.Equal(t, unchanged, js[string](b, kept))
	const settled = `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(shifts.splice(0))))))`
	js[any](b, settled) // opening the details moves what is below
	g.open()
	b.state("notice")
	require.Equal(t, unchanged, js[string](b, kept))
	require.False(t, js[bool](b, part("agree")+`.disabled`))
	require.Equal(t, 1, js[int](b, `performance.getEntriesByType('resource').filter(r => r.name.includes('/v1/view')).length`))
	js[any](b, `EkycConnect.ready()`)
	require.Equal(t, unchanged, js[string](b, kept))
	require.Empty(t, js[[]float64](b, settled))
	b.finish()
	require.Equal(t, true, redeem(t, relay, b.field(), nil)["success"])
	require.Empty(t, js[[]string](b, `violations.filter(v => !v.includes('favicon') && !v.startsWith('img-src'))`))
}

func TestAFragmentThatWasChangedIsPaintedAnew(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	whole, _ := fragmentOf(t, relay)
	for name, c := range map[string]struct{ old, new string }{
		"an address":         {`href="mailto:`, `href="mailto:someone.else.`},
		"a word":             {`</h2>`, `!</h2>`},
		"a handler":          {`<button `, `<button onclick="done()" `},
		"a button more":      {`</button>`, `</button><button data-part="agree" part="agree">OK</button>`},
		"a panel that shows": {`<section data-part="panel-captcha" hidden=""`, `<section data-part="panel-captcha" data-shown=""`},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, string(whole), c.old)
			g := newGate(t, relay, isLoader)
			site := newPartner(t, form{Relay: g.URL, Markup: template.HTML(strings.Replace(string(whole), c.old, c.new, 1))})
			b := newTab(t)
			b.openWithout(g, site.URL)
			require.True(t, js[bool](b, `document.querySelector('ekyc-connect').shadowRoot.innerHTML.includes(`+strconv.Quote(c.new)+`)`))
			js[any](b, asRead)
			g.open()
			b.state("notice")
			require.False(t, js[bool](b, `document.querySelector('ekyc-connect').shadowRoot.innerHTML.includes(`+strconv.Quote(c.new)+`)`))
			require.True(t, js[bool](b, `[...document.querySelector('ekyc-connect').shadowRoot.querySelectorAll('*')].every(e => !e.read)`))
			b.finish()
			require.Equal(t, true, redeem(t, relay, b.field(), nil)["success"])
		})
	}
}

// innerHTML, a copy of it and older engines make no shadow root of the template.
func TestAFragmentWhoseTemplateIsInertIsTakenOverLikewise(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	markup, _ := fragmentOf(t, relay)
	for name, late := range map[string]bool{"before the script": true, "after the script": false} {
		t.Run(name, func(t *testing.T) {
			site := newPartner(t, form{Relay: relay, Own: true, Markup: `<div id="place"></div>`})
			b := newTab(t)
			b.open(site.URL)
			if !late {
				b.late(relay)
			}
			js[any](b, `(place => {
				place.innerHTML = `+strconv.Quote(string(markup))+`;
				const e = place.firstChild.cloneNode(true);
				for (const e1 of e.querySelector('template').content.querySelectorAll('*')) e1.read = true;
				globalThis.held = [...e.querySelector('template').content.querySelectorAll('*')];
				place.replaceChildren(e);
			})(document.getElementById('place'))`)
			if late {
				b.late(relay)
			}
			b.state("notice")
			require.True(t, js[bool](b, part("agree")+`.read`))
			require.Equal(t, 0, js[int](b, `document.querySelector('ekyc-connect').childElementCount`))
			b.finish()
			require.Equal(t, true, redeem(t, relay, b.field(), nil)["success"])
		})
	}
}
