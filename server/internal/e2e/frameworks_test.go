package e2e

import (
	"html/template"
	"os"
	"path/filepath"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/stretchr/testify/require"
)

const reactPage = `
import { StrictMode, useEffect, useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';

function ByScript() {
	const place = useRef(null);
	useEffect(() => {
		const id = EkycConnect.render(place.current, { sitekey: 'pk_test_pass', purpose: 'account-opening', name: 'script', required: true });
		return () => EkycConnect.remove(id);
	}, []);
	return <div ref={place} />;
}

function Page() {
	const [times, again] = useState(0);
	const [there, show] = useState(true);
	return <>
		<ekyc-connect sitekey="pk_test_pass" purpose="account-opening" name="markup" required={true} />
		{there && <ByScript />}
		<button type="button" id="again" onClick={() => again(times + 1)}>{times}</button>
		<button type="button" id="away" onClick={() => show(false)}>away</button>
	</>;
}

createRoot(document.getElementById('app')).render(<StrictMode><Page /></StrictMode>);
`

// bundle is a script for the browser, of a source that may import from npm.
func bundle(t *testing.T, source string) string {
	t.Helper()
	dir, err := filepath.Abs("node")
	require.NoError(t, err)
	res := api.Build(api.BuildOptions{
		Stdin:     &api.StdinOptions{Contents: source, Loader: api.LoaderJSX, ResolveDir: dir},
		Bundle:    true,
		Format:    api.FormatIIFE,
		JSX:       api.JSXAutomatic,
		Define:    map[string]string{"process.env.NODE_ENV": `"development"`}, // in which StrictMode mounts twice
		NodePaths: []string{filepath.Join(dir, "node_modules")},
	})
	require.Empty(t, res.Errors)
	return string(res.OutputFiles[0].Contents)
}

func TestReactsStrictModeMountsTwiceAndShowsOneOfEach(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{
		Relay: relay, Markup: `<div id="app"></div>`,
		Files: map[string]string{"/app.js": bundle(t, reactPage)},
	})
	b := newTab(t)
	b.open(site.URL)
	b.until(`!!globalThis.EkycConnect`)
	js[any](b, `new Promise(done => { const s = document.createElement('script'); s.src = '/app.js'; s.onload = () => done(0); document.head.append(s) })`)
	b.state("notice", 0)
	b.until(`document.querySelectorAll('ekyc-connect').length === 2`)
	for n, name := range []string{"markup", "script"} {
		b.press("agree", n)
		b.state("captcha", n)
		b.answer("abc12", n)
		b.press("submit", n)
		b.state("done", n)
		token := js[string](b, `new FormData(document.forms[0]).get('`+name+`')`)
		b.click(`document.getElementById('again')`, 1)
		b.until(`document.getElementById('again').textContent === '` + string(rune('1'+n)) + `'`)
		require.Equal(t, token, js[string](b, `new FormData(document.forms[0]).get('`+name+`')`), "drawn anew by React, the token stays")
	}
	b.click(`document.getElementById('away')`, 1)
	b.until(`document.querySelectorAll('ekyc-connect').length === 1`)
	require.Nil(t, js[any](b, `new FormData(document.forms[0]).get('script')`))
	require.Empty(t, b.errors)
}

func TestAnHTMXPageSwapsWidgetsInAndSendsTheToken(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	htmx, err := os.ReadFile("node/node_modules/htmx.org/dist/htmx.js")
	require.NoError(t, err)
	site := newPartner(t, form{
		Relay:  relay,
		Markup: `<div id="place"></div>`,
		Late: template.HTML(`<script src="/htmx.js"></script>
			<button id="get" hx-get="/step" hx-target="#step">next step</button>
			<div id="step"></div>`),
		Files: map[string]string{
			"/htmx.js": string(htmx),
			"/step": `<form hx-post="/onboard" hx-target="#step"><ekyc-connect sitekey="pk_test_pass" purpose="account-opening" required></ekyc-connect>
				<button id="send">Continue</button></form>`,
		},
	})
	b := newTab(t)
	b.open(site.URL)
	b.until(`!!globalThis.EkycConnect && !!globalThis.htmx`)
	for range 2 { // the second takes the place of the first
		b.click(`document.getElementById('get')`, 1)
		b.state("notice")
		b.until(`document.querySelectorAll('ekyc-connect').length === 1`)
		b.press("agree")
		b.state("captcha")
	}
	b.answer("abc12")
	b.press("submit")
	b.state("done")
	b.click(`document.getElementById('send')`, 1)
	require.Equal(t, true, redeem(t, relay, (<-site.posts).Get("ekyc-connect-response"), nil)["success"])
	b.until(`!!document.getElementById('thanks') && !document.querySelector('ekyc-connect')`)
	require.Empty(t, b.errors)
}
