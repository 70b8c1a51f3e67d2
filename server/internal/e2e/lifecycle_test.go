package e2e

import (
	"bytes"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestADivIsUpgradedWheneverItComes(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: `<div class="ekyc-connect" data-sitekey="pk_test_pass" data-purpose="account-opening" data-required><b id="own">ours</b></div>`})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	require.True(t, js[bool](b, `document.querySelector('div.ekyc-connect > ekyc-connect').contains(document.getElementById('own'))`))
	require.False(t, js[bool](b, `document.forms[0].checkValidity()`))
	js[any](b, `(() => { const d = document.createElement('div'); d.className = 'ekyc-connect'; d.dataset.sitekey = 'pk_test_pass'; d.dataset.purpose = 'account-opening'; d.dataset.name = 'late'; document.forms[0].prepend(d) })()`)
	b.state("notice", 0)
	require.Equal(t, ".unstarted", js[string](b, `new FormData(document.forms[0]).get('late')`))
}

func TestTheScriptTwiceIsTheScriptOnce(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", "") + template.HTML(`<script src="`+relay+`/v1/ekyc-connect.js?again"></script>`)})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	js[any](b, `globalThis.api = EkycConnect, EkycConnect.ready()`)
	require.Equal(t, 1, js[int](b, `performance.getEntriesByType('resource').filter(r => /view/.test(r.name)).length`))
	require.True(t, js[bool](b, `api === EkycConnect`))
}

func TestAPagesOwnGlobalsAreLeftAloneAndNothingIsAdded(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", "")})
	b := newTab(t)
	b.do(onNewDocument(`globalThis.fs = {own: 1}; globalThis.process = {own: 2}; globalThis.Go = 'own'; globalThis.before = Object.getOwnPropertyNames(globalThis)`))
	b.open(site.URL)
	b.press("agree")
	b.state("captcha")
	require.True(t, js[bool](b, `fs.own === 1 && process.own === 2 && Go === 'own'`))
	require.Equal(t, []string{"EkycConnect"}, js[[]string](b, `Object.getOwnPropertyNames(globalThis).filter(n => !before.includes(n) && n !== 'before' && !/^_?_?(puppeteer|chromedp)/.test(n))`))
}

// Not even for the moment in which the program starts, when it looks for them.
func TestAPagesGlobalsAreNeitherReadNorWrittenWhileTheProgramStarts(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", ""), Policy: strict})
	b := newTab(t)
	b.do(onNewDocument(`globalThis.touched = [];
		for (const name of ['fs', 'process', 'path', 'Go', 'ekyc', '__ekycConnectBoot'])
			Object.defineProperty(globalThis, name, {get() { touched.push('get ' + name) }, set() { touched.push('set ' + name) }})`))
	b.open(site.URL)
	b.finish()
	require.Empty(t, js[[]string](b, `touched`))
	require.Equal(t, true, redeem(t, relay, b.field(), nil)["success"])
}

func TestAFormsFieldNamedLangIsNoLanguage(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: `<input type="hidden" name="lang" value="fr"><div lang="">` + widget("pk_test_pass", "") + `</div>`})
	b := newTab(t)
	b.do(onNewDocument(`addEventListener('DOMContentLoaded', () => document.documentElement.lang = 'hi')`))
	b.open(site.URL)
	b.state("notice")
	require.Equal(t, "hi", js[string](b, part("view")+`.lang`))
}

func TestATokenOutlivesAMoveAndEndsWithAReset(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", "")})
	b := newTab(t)
	b.open(site.URL)
	b.press("agree")
	b.state("captcha")
	b.answer("abc12")
	b.press("submit")
	b.state("done")
	token := b.field()
	js[any](b, `document.forms[0].append(document.querySelector('ekyc-connect'))`)
	require.Equal(t, token, b.field())
	js[any](b, `new Promise(r => { const e = document.querySelector('ekyc-connect'); e.remove(); setTimeout(() => { document.forms[0].prepend(e); r() }, 100) })`)
	require.Equal(t, token, b.field())
	require.True(t, js[bool](b, `document.forms[0].checkValidity()`))
	js[any](b, `document.forms[0].reset()`)
	b.state("notice")
	require.Equal(t, ".unstarted", b.field())
}

func TestAScriptAsksTheElementAsItAsksAnyControl(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: `<label id="label">You` + widget("pk_test_pass", "") + `</label>`})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	js[any](b, `globalThis.e = document.querySelector('ekyc-connect'), 0`)
	require.True(t, js[bool](b, `e.form === document.forms[0] && e.labels[0].id === 'label'`))
	require.Equal(t, ".unstarted", js[string](b, `e.value`))
	require.True(t, js[bool](b, `e.willValidate && e.validity.valueMissing`))
	require.False(t, js[bool](b, `e.checkValidity()`))
	require.Equal(t, "Please choose whether you agree or not.", js[string](b, `e.validationMessage`))
	require.False(t, js[bool](b, `e.reportValidity()`))
	require.True(t, js[bool](b, `document.activeElement === e`), "the browser leads there")
	b.finish()
	require.Equal(t, b.field(), js[string](b, `e.value`))
	require.True(t, js[bool](b, `e.checkValidity() && e.validity.valid && e.validationMessage === ''`))
}

func TestADisabledWidgetSendsNothingAndAsksNothing(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: `<fieldset disabled>` + widget("pk_test_pass", "") + `</fieldset>`})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	require.True(t, js[bool](b, `new FormData(document.forms[0]).get('ekyc-connect-response') === null`))
	require.True(t, js[bool](b, `document.forms[0].checkValidity()`))
	require.True(t, js[bool](b, part("agree")+`.disabled`))
	js[any](b, `document.querySelector('fieldset').disabled = false`)
	b.press("agree")
	b.state("captcha")
}

func TestWrongArgumentsAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay})
	b := newTab(t)
	b.open(site.URL)
	b.until(`!!globalThis.EkycConnect`)
	for call, argument := range map[string]string{
		`ready(1)`:                                           "fn",
		`render('#nowhere', {})`:                             "container",
		`render('div[', {})`:                                 "container",
		`render(document.body)`:                              "params",
		`render(document.body, {purpose: 'p'})`:              "params.sitekey",
		`render(document.body, {sitekey: '', purpose: 'p'})`: "params.sitekey",
		`render(document.body, {sitekey: 's'})`:              "params.purpose",
		`render(document.body, {sitekey: 's', purpose: 'p', theme: 'pink'})`:   "params.theme",
		`render(document.body, {sitekey: 's', purpose: 'p', field: 'hidden'})`: "params.field",
		`render(document.body, {sitekey: 's', purpose: 'p', required: 'yes'})`: "params.required",
		`render(document.body, {sitekey: 's', purpose: 'p', subject: 1})`:      "params.subject",
		`render(document.body, {sitekey: 's', purpose: 'p', callback: 'f'})`:   "params.callback",
		`getResponse('nothing')`: "id",
		`getState()`:             "id",
		`isExpired(0)`:           "id",
		`reset('x')`:             "id",
		`remove({})`:             "id",
		`setLanguage()`:          "lang",
		`setLanguage('hi', 'x')`: "id",
		`retry('x')`:             "id",
	} {
		said := js[string](b, `(() => { try { EkycConnect.`+call+`; return 'nothing' } catch (e) { return e.name + ' ' + e.message } })()`)
		require.Regexp(t, `^TypeError .*\b`+strings.ReplaceAll(argument, ".", `\.`)+`$`, said, call)
	}
	require.Equal(t, 0, js[int](b, `document.querySelectorAll('ekyc-connect').length`))
}

func TestAWidgetMadeByScriptCallsBack(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: `<div id="place"></div>`})
	b := newTab(t)
	b.open(site.URL)
	b.until(`!!globalThis.EkycConnect`)
	js[any](b, `globalThis.got = [], globalThis.id = EkycConnect.render('#place', {sitekey: 'pk_test_pass', purpose: 'account-opening', required: true,
		consentCallback: d => got.push(['consent', !!d.consentId]), callback: t => got.push(['token', t])}), 0`)
	b.state("notice")
	b.press("agree")
	b.state("captcha")
	b.answer("abc12")
	b.press("submit")
	b.state("done")
	require.True(t, js[bool](b, `got.length === 2 && got[0].join() === 'consent,true' && got[1][1] === EkycConnect.getResponse(id)`))
	require.Equal(t, "done", js[string](b, `EkycConnect.getState(document.querySelector('ekyc-connect'))`))
	js[any](b, `EkycConnect.setLanguage('hi', id)`)
	require.Equal(t, "hi", js[string](b, part("view")+`.lang`))
	js[any](b, `globalThis.w = document.querySelector('ekyc-connect'), EkycConnect.remove(id)`)
	require.Equal(t, 0, js[int](b, `document.querySelectorAll('ekyc-connect').length`))
	for _, call := range []string{`getState(id)`, `getResponse(id)`, `isExpired(id)`, `reset(id)`, `remove(id)`, `setLanguage('hi', id)`, `retry(id)`, `getState(w)`} {
		require.Regexp(t, `^TypeError .*\bid$`, js[string](b, `(() => { try { EkycConnect.`+call+`; return 'nothing' } catch (e) { return e.name + ' ' + e.message } })()`), call)
	}
	js[any](b, `document.forms[0].append(w), 0`)
	b.state("notice")
	require.Equal(t, "notice", js[string](b, `EkycConnect.getState(id)`), "the page has put it back")
}

// A relay whose answers were tampered with on the way.
func tampered(t *testing.T, relay, suffix string, change func([]byte) []byte) string {
	t.Helper()
	to, err := url.Parse(relay)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(to)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, suffix) {
			proxy.ServeHTTP(w, r)
			return
		}
		r.Header.Del("Accept-Encoding")
		kept := httptest.NewRecorder()
		proxy.ServeHTTP(kept, r)
		for name, values := range kept.Header() {
			if name != "Content-Length" {
				w.Header()[name] = values
			}
		}
		w.WriteHeader(kept.Code)
		_, _ = w.Write(change(kept.Body.Bytes()))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestWhatWasTamperedWithIsRefusedByName(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	view := func(old, new string) func([]byte) []byte {
		return func(b []byte) []byte {
			changed := bytes.Replace(b, []byte(old), []byte(new), 1)
			if bytes.Equal(b, changed) {
				panic("the view has no " + old)
			}
			return changed
		}
	}
	for name, c := range map[string]struct {
		suffix string
		change func([]byte) []byte
	}{
		"a byte of the wasm": {".wasm", func(b []byte) []byte { b[len(b)/2] ^= 1; return b }},
		"a script":           {"/v1/view", view(`"header",`, `"script",`)},
		"a handler":          {"/v1/view", view(`"tabindex":`, `"onfocus":`)},
		"a style":            {"/v1/view", view(`"tabindex":`, `"style":`)},
		"a link that runs":   {"/v1/view", view(`"href":"https:`, `"href":"javascript:`)},
		"a number":           {"/v1/view", view(`"TEST"`, `7`)},
	} {
		t.Run(name, func(t *testing.T) {
			site := newPartner(t, form{Relay: tampered(t, relay, c.suffix, c.change), Markup: widget("pk_test_pass", "")})
			b := newTab(t)
			b.open(site.URL)
			b.state("error")
			require.Equal(t, "asset_integrity", events(b, "error")[0]["code"])
			require.Equal(t, ".error", b.field())
		})
	}
}

// As on plain http, where a page has no crypto.subtle.
func TestWithoutHashingByScriptTheBrowserChecksTheWasm(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	for name, url := range map[string]string{
		"done":  relay,
		"error": tampered(t, relay, ".wasm", func(b []byte) []byte { b[len(b)/2] ^= 1; return b }),
	} {
		t.Run(name, func(t *testing.T) {
			site := newPartner(t, form{Relay: url, Markup: widget("pk_test_pass", "")})
			b := newTab(t)
			b.do(onNewDocument(`Object.defineProperty(Crypto.prototype, 'subtle', {value: undefined})`))
			b.open(site.URL)
			if name == "done" {
				b.finish()
				return
			}
			b.state("error")
			require.Equal(t, "asset_integrity", events(b, "error")[0]["code"])
		})
	}
}

func TestWithoutTheRightToRunWasmTheNoticeSaysSo(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", ""), Policy: strings.Replace(strict, " 'wasm-unsafe-eval'", "", 1)})
	b := newTab(t)
	b.open(site.URL)
	b.state("error")
	require.Equal(t, "wasm_unavailable", events(b, "error")[0]["code"])
	require.Equal(t, []map[string]any{{"type": "degraded", "reason": "wasm_unavailable"}}, events(b, "degraded"))
	require.Zero(t, js[int](b, `performance.getEntriesByType('resource').filter(r => r.name.endsWith('.wasm')).length`), "found out before it is fetched")
	require.NotEmpty(t, js[string](b, part("panel-error")+`.querySelector('[data-slot=reason]').textContent`))
}

func TestRequiredNeverBlocksWithoutAWord(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	g := newGate(t, relay, isView)
	site := newPartner(t, form{Relay: g.URL, Markup: template.HTML(`<div id="far"></div>`) + widget("pk_test_pass", "")})
	b := newTab(t)
	b.do(onNewDocument(`addEventListener('DOMContentLoaded', () => { document.getElementById('far').style.height = '9000px' })`))
	b.open(site.URL)
	b.until(`!!document.querySelector('ekyc-connect')?.shadowRoot`)
	require.Empty(t, g.seen, "far away: nothing is fetched")
	js[any](b, `document.forms[0].requestSubmit()`)
	<-g.seen
	require.True(t, js[bool](b, `!!document.querySelector('ekyc-connect').shadowRoot.activeElement`), "the focus shows where")
	g.open()
	b.state("notice")
	require.Equal(t, "heading", js[string](b, `document.querySelector('ekyc-connect').shadowRoot.activeElement?.dataset.part`), "and stays with what came in its place")
	js[any](b, `document.forms[0].requestSubmit()`)
	b.until(`document.querySelector('ekyc-connect').shadowRoot.activeElement?.dataset.part === 'heading'`)
	require.NotEmpty(t, js[string](b, `(() => { const e = document.querySelector('ekyc-connect'); let said; e.addEventListener('invalid', () => said = 1); document.forms[0].checkValidity(); return said ? 'said' : '' })()`))
	b.press("agree")
	b.state("captcha")
	js[any](b, `document.forms[0].requestSubmit()`)
	b.until(`document.querySelector('ekyc-connect').shadowRoot.activeElement?.dataset.part === 'answer'`)
}
