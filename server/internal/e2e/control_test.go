package e2e

import (
	"html/template"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// late loads the script, on a page that was there before it.
func (b *tab) late(relay string) {
	b.t.Helper()
	js[any](b, `new Promise(done => document.head.append(Object.assign(document.createElement('script'), {src: '`+relay+`/v1/ekyc-connect.js', onload: () => done(0)})))`)
}

const booleans = "required disabled"

// Frameworks set a property where there is one, whenever they come to it.
func TestEachAttributeIsAPropertyTooWheneverItWasSet(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	for name, late := range map[string]bool{"after the script": false, "before the script": true} {
		t.Run(name, func(t *testing.T) {
			b := newTab(t)
			b.open(newPartner(t, form{Relay: relay, Own: true, Markup: `<div id="place"></div>`}).URL)
			if !late {
				b.late(relay)
			}
			js[any](b, `{
				globalThis.strings = 'sitekey purpose ticket subject retry lang name theme mode loading field return'.split(' ');
				globalThis.e = document.createElement('ekyc-connect');
				for (const name of strings) e[name] = 'x-' + name;
				e.form = 'f'; e.value = 'x'; e.required = true; e.disabled = false;
				document.getElementById('place').append(e);
			} 0`)
			if late {
				b.late(relay)
			}
			require.Empty(t, js[[]string](b, `strings.filter(name => e.getAttribute(name) !== 'x-' + name || e[name] !== 'x-' + name)`))
			require.Equal(t, []any{"f", "", nil}, js[[]any](b, `['form', 'required', 'disabled'].map(n => e.getAttribute(n))`))
			require.Empty(t, js[[]string](b, `Object.keys(e)`), "a property of its own would hide the element's")
			require.Regexp(t, `^\.`, js[string](b, `e.value`), "assigned, and nothing happened")
			require.True(t, js[bool](b, `e.required === true && e.disabled === false && e.form === null`))
			js[any](b, `document.forms[0].id = 'f'; 0`)
			require.True(t, js[bool](b, `e.form === document.forms[0]`))

			// As frameworks take a property away, and as they write false.
			for _, nothing := range []string{`null`, `undefined`, `false`} {
				require.Empty(t, js[[]string](b, `[...strings, 'form'].filter(n => { e[n] = 'x'; e[n] = `+nothing+`; return e.hasAttribute(n) || n != 'form' && e[n] !== '' })`), nothing)
			}
			for _, no := range []string{`null`, `undefined`, `false`, `''`, `0`, `'false'`} {
				require.Empty(t, js[[]string](b, `'`+booleans+`'.split(' ').filter(n => { e[n] = true; e[n] = `+no+`; return e.hasAttribute(n) || e[n] !== false })`), no)
			}
			for _, nothing := range []string{`e.validity = 1`, `e.value = ''`, `e.labels = 1`, `e.willValidate = false`} {
				js[any](b, `(() => { 'use strict'; `+nothing+` })()`) // an error would take down a page's whole tree
			}
			b.mu.Lock()
			defer b.mu.Unlock()
			for _, said := range b.errors {
				require.Regexp(t, `^"ekyc-connect: (there is )?no `, said, "such a sitekey is said to be none, and nothing else")
			}
		})
	}
}

func TestFalseAsFrameworksWriteItIsTakenAway(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	markup := `<ekyc-connect sitekey="pk_test_pass" purpose="account-opening" required="false" disabled="false"></ekyc-connect>
		<div class="ekyc-connect" data-sitekey="pk_test_pass" data-purpose="account-opening" data-required="false" data-disabled="false"></div>`
	site := newPartner(t, form{Relay: relay, Markup: template.HTML(markup)})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	b.until(`document.querySelectorAll('ekyc-connect').length === 2`)
	js[any](b, `{ const e = document.createElement('ekyc-connect'); for (const name of ['required', 'disabled']) e.setAttribute(name, false); document.forms[0].append(e) } 0`)
	require.Equal(t, []bool{false, false, false}, js[[]bool](b, `[...document.querySelectorAll('ekyc-connect')].map(e => e.hasAttribute('required') || e.hasAttribute('disabled') || e.matches(':disabled') || !e.checkValidity())`))
	b.press("agree")
	b.state("captcha")
}

// What form libraries hear, and what they do in answer.
func TestAChangeOfTheFieldIsHeardAsOfAnyControl(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", "")})
	b := newTab(t)
	b.do(onNewDocument(`globalThis.heard = []; for (const type of ['input', 'change']) document.addEventListener(type, e => heard.push([type, e.target.localName, e.target.value, e.target.value = 'nothing'].slice(0, 3).join(' ')))`))
	b.open(site.URL)
	b.finish()
	token := b.field()
	js[any](b, `document.forms[0].reset()`)
	b.state("notice")
	b.press("decline")
	b.state("declined")
	var want []string
	for _, value := range []string{".unstarted", ".loading", ".unstarted", ".loading", token, ".unstarted", ".declined"} {
		want = append(want, "input ekyc-connect "+value, "change ekyc-connect "+value)
	}
	require.Equal(t, want, js[[]string](b, `heard`), "and no letter of the answer")
}

func TestFocusAndLabelLeadToThePanelsFirstControl(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: `<label for="w" id="label">Your identity</label>` + widget("pk_test_pass", `id="w"`)})
	b := newTab(t)
	b.open(site.URL)
	ways := map[string]func(){
		"focus()": func() { js[any](b, `document.getElementById('w').focus(), 0`) },
		"label":   func() { b.click(`document.getElementById('label')`, 1) },
	}
	leads := func(part string) {
		t.Helper()
		for how, way := range ways {
			js[any](b, `document.activeElement.blur(), 0`)
			way()
			require.Equal(t, part, js[string](b, `document.getElementById('w').shadowRoot.activeElement?.dataset.part ?? ''`), how)
		}
	}
	b.state("notice")
	leads("language")
	b.press("agree")
	b.state("captcha")
	leads("reload")
	b.answer("abc12")
	b.press("submit")
	b.state("done")
	leads("heading") // the links below are of no panel
	js[any](b, `document.forms[0].reset()`)
	b.state("notice")
	b.press("decline")
	b.state("declined")
	leads("retry")
	// A click beside the controls moves no focus: it came through no label.
	js[any](b, `document.activeElement.blur(), 0`)
	b.do(chromedp.Click("h1", chromedp.ByQuery))
	b.click(part("heading"), 1)
	require.NotEqual(t, "retry", js[string](b, `document.getElementById('w').shadowRoot.activeElement?.dataset.part ?? ''`))
}

// A script that walks the form for inputs finds one, and never two values.
func TestTheFieldMayBeAnInput(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: `<div id="place">` + widget("pk_test_pass", `field="input" name="kyc"`) + `</div>`, Late: `<form id="f"></form>`})
	b := newTab(t)
	b.open(site.URL)
	// As jQuery's serialize does, and as rails-ujs and jquery-form do.
	const walked = `(form => [[...form.elements].filter(e => e.name && e.localName == 'input' && !e.matches(':disabled')), [...form.elements].filter(e => e.name && !e.disabled)].map(l => l.map(e => e.name + '=' + e.value).join('&')))`
	holds := func(want string) {
		t.Helper()
		b.until(walked + `(document.forms[0]).every(s => s === '` + want + `')`)
		require.Equal(t, want, js[string](b, `new URLSearchParams(new FormData(document.forms[0])).toString()`))
	}
	b.state("notice")
	holds("kyc=.unstarted")
	require.False(t, js[bool](b, `document.forms[0].checkValidity()`))
	for _, change := range []string{
		`e.replaceChildren()`, // rendered anew by the page
		`e.append('own words')`,
		`e.replaceWith(e.cloneNode(true))`,
		`e.parentNode.innerHTML += ''`, // a copy with a copy of the input
	} {
		js[any](b, `{ const e = document.querySelector('ekyc-connect'); `+change+` } 0`)
		b.state("notice")
		holds("kyc=.unstarted")
		require.Equal(t, 1, js[int](b, `document.querySelectorAll('ekyc-connect > input').length`), change)
	}
	js[any](b, `document.querySelector('ekyc-connect').disabled = true, 0`)
	holds("")
	js[any](b, `document.querySelector('ekyc-connect').disabled = false, 0`)
	js[any](b, `document.querySelector('ekyc-connect').form = 'f', 0`)
	holds("")
	require.Equal(t, "kyc", js[string](b, `document.getElementById('f').elements[1].name`))
	js[any](b, `document.querySelector('ekyc-connect').form = null, 0`)
	b.finish()
	token := js[string](b, `document.querySelector('ekyc-connect').value`)
	holds("kyc=" + token)
	js[any](b, `document.querySelector('ekyc-connect').field = 'element', 0`)
	require.Equal(t, token, js[string](b, `new FormData(document.forms[0]).getAll('kyc').join()`))
	require.Zero(t, js[int](b, `document.querySelectorAll('ekyc-connect > input').length`))
	js[any](b, `document.querySelector('ekyc-connect').field = 'input', 0`)
	b.do(clickContinue)
	require.Equal(t, []string{token}, (<-site.posts)["kyc"])
	require.Equal(t, true, redeem(t, relay, token, nil)["success"])
}

// A page that is rendered anew by its server's markup knows nothing of data-state.
func TestAMorphTakesNoStateAway(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", "")})
	b := newTab(t)
	b.open(site.URL)
	b.finish()
	const look = `[document.querySelector('ekyc-connect').dataset.state, document.querySelector('ekyc-connect').offsetHeight].join()`
	before := js[string](b, look)
	for _, morph := range []string{`removeAttribute('data-state')`, `setAttribute('data-state', 'notice')`, `toggleAttribute('data-state')`} {
		js[any](b, `document.querySelector('ekyc-connect').`+morph+`, 0`)
		require.Equal(t, before, js[string](b, look), morph)
	}
}

const hydrated = `
import { hydrateRoot } from 'react-dom/client';

globalThis.errors = [];
hydrateRoot(document.getElementById('app'), <div className="ekyc-connect" data-sitekey="pk_test_pass" data-purpose="account-opening" />, { onRecoverableError: e => errors.push(String(e)) });
`

// A framework that takes over its server's markup wants to find it as it was sent.
func TestADivIsLeftAsItWasSentUntilThePageHasLoaded(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{
		Relay:  relay,
		Markup: `<div id="app"><div class="ekyc-connect" data-sitekey="pk_test_pass" data-purpose="account-opening"></div></div>`,
		Late:   `<script src="/app.js" async></script>`,
		Files:  map[string]string{"/app.js": bundle(t, hydrated)},
	})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	require.Empty(t, js[[]string](b, `errors`))
	require.True(t, slices.Equal(b.errors, nil), b.errors)
}

// As libraries tell them from events with something to say.
func TestInputAndChangeHaveNoDetail(t *testing.T) {
	site := newPartner(t, form{Relay: startRelay(t), Markup: widget("pk_test_pass", "")})
	b := newTab(t)
	b.do(onNewDocument(`globalThis.details = []; for (const type of ['input', 'change']) addEventListener(type, e => details.push([type, e.detail]))`))
	b.open(site.URL)
	b.finish()
	require.Equal(t, []any{"input", nil}, js[[][]any](b, `details`)[0])
	require.Equal(t, []any{"change", nil}, js[[][]any](b, `details`)[1])
}
