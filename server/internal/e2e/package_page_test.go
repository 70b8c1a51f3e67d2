package e2e

import (
	"encoding/json"
	"html/template"
	"net/http"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/stretchr/testify/require"
)

// bundled is a script for the browser, made of a source that imports the package.
func bundled(t *testing.T, source string) string {
	t.Helper()
	return bundledIn(t, project(t), source)
}

func bundledIn(t *testing.T, dir, source string) string {
	t.Helper()
	res := api.Build(api.BuildOptions{
		Stdin:  &api.StdinOptions{Contents: source, Loader: api.LoaderJSX, ResolveDir: dir},
		Bundle: true,
		Format: api.FormatIIFE,
		JSX:    api.JSXAutomatic,
		Define: map[string]string{
			"process.env.NODE_ENV": `"development"`, // in which React's StrictMode mounts twice
			"__VUE_OPTIONS_API__":  "true", "__VUE_PROD_DEVTOOLS__": "false", "__VUE_PROD_HYDRATION_MISMATCH_DETAILS__": "false",
		},
	})
	require.Empty(t, res.Errors)
	return string(res.OutputFiles[0].Contents)
}

const packagePage = `
import { StrictMode, useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { EkycConnect } from 'ekyc-connect/react';

globalThis.told = [];
const tell = name => detail => told.push([name, detail]);

function Page() {
	const [lang, setLang] = useState('en');
	const [off, setOff] = useState(false);
	const [there, setThere] = useState(true);
	const ref = useRef(null);
	globalThis.page = { setLang, setOff, setThere, ref };
	return <>
		<EkycConnect ref={ref} relay={RELAY} sitekey="pk_test_pass" purpose="account-opening" required lang={lang} disabled={off} className="first"
			onToken={tell('token ' + lang)} onConsent={tell('consent')} onDecline={tell('decline')} onState={tell('state')} onError={tell('error')} />
		{there && <EkycConnect relay={RELAY + '/'} sitekey="pk_test_pass" purpose="account-opening" name="second" onDecline={tell('declined')}><a href="/help">Help</a></EkycConnect>}
		<EkycConnect relay="https://other.test" sitekey="pk_test_pass" purpose="account-opening" name="third" onError={e => tell('load')(e.code)} />
	</>;
}

createRoot(document.getElementById('app')).render(<StrictMode><Page /></StrictMode>);
`

func TestThePackagesReactComponentIsTheElementWithPropsAndHandlers(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{
		Relay: relay, Own: true, Markup: `<div id="app"></div>`, Late: `<script src="/app.js"></script>`,
		Files: map[string]string{"/app.js": bundled(t, strings.ReplaceAll(packagePage, "RELAY", `"`+relay+`"`))},
	})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice", 0)
	require.Equal(t, "first en true", js[string](b, `(e => [e.className, e.lang, e.hasAttribute('required')].join(' '))(document.querySelector('ekyc-connect'))`))
	require.Equal(t, 1, js[int](b, `document.querySelectorAll('script[src*="/v1/ekyc-connect.js"]').length`), "one script a page")
	require.Equal(t, "1 load wrong_url", js[string](b, `(l => l.length + ' ' + l[0].join(' '))(told.filter(t => t[0] === 'load'))`), "one relay a page")
	require.True(t, js[bool](b, `page.ref.current === document.querySelector('ekyc-connect') && page.ref.current.value === '.unstarted'`))

	// Props that change, and one that goes.
	js[any](b, `page.setLang('hi')`)
	b.until(`document.querySelector('ekyc-connect').lang === 'hi' && told.some(([n, d]) => n === 'state')`)
	js[any](b, `page.setLang(undefined), page.setOff(true)`)
	b.until(`document.querySelector('ekyc-connect').matches(':not([lang])[disabled]')`)
	js[any](b, `page.setOff(false), page.setLang('en')`)
	b.until(`document.querySelector('ekyc-connect').matches('[lang=en]:not([disabled])')`)
	b.state("notice", 0)

	b.press("agree")
	b.state("captcha")
	b.answer("abc12")
	b.press("submit")
	b.state("done")
	b.until(`told.some(([n]) => n === 'token en')`)
	require.Equal(t, b.field(), js[string](b, `told.find(([n]) => n === 'token en')[1].token`))
	require.Len(t, js[[]any](b, `told.filter(([n]) => n === 'consent')`), 1, "no listener is there twice")

	b.press("decline", 1)
	b.until(`told.some(([n]) => n === 'declined')`)
	js[any](b, `page.setThere(false)`)
	b.until(`document.querySelectorAll('ekyc-connect').length === 2`)
	require.Nil(t, js[any](b, `new FormData(document.forms[0]).get('second')`))
	require.Empty(t, b.errors)
}

// load calls loadEkycConnect in a page and gives "loaded", or the error's code.
func (b *tab) load(relay, options string) string {
	b.t.Helper()
	quoted, err := json.Marshal(relay)
	require.NoError(b.t, err)
	return js[string](b, `loadEkycConnect(`+string(quoted)+`, `+options+`).then(api => api === EkycConnect ? 'loaded' : 'something else', e => e instanceof EkycConnectLoadError ? e.code : String(e))`)
}

func TestThePackageLoadsTheScriptOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	source := bundled(t, `import * as all from 'ekyc-connect'; Object.assign(globalThis, all)`)
	open := func(t *testing.T, p form) (*tab, string) {
		p.Relay, p.Files = relay, map[string]string{"/app.js": source, "/no/v1/ekyc-connect.js": `1`}
		site := newPartner(t, p)
		b := newTab(t)
		b.open(site.URL)
		b.until(`!!globalThis.loadEkycConnect`)
		return b, site.URL
	}
	const app = template.HTML(`<script src="/app.js"></script>`)
	const mine = "script-src 'self'"
	for name, row := range map[string]struct{ policy, options, code string }{
		"no policy":                 {"", "{}", "loaded"},
		"script-src":                {mine + "; connect-src RELAY", "{}", "script_blocked"},
		"script-src, connect-src":   {mine + "; connect-src 'none'", "{}", "script_blocked"},
		"no trusted types":          {mine + " RELAY; require-trusted-types-for 'script'; trusted-types 'none'", "{}", "script_blocked"},
		"a trusted type of its own": {mine + " RELAY; require-trusted-types-for 'script'; trusted-types ekyc-connect", "{}", "loaded"},
		"a nonce, without one":      {mine + " 'nonce-r4nd0m'", "{}", "script_blocked"},
		"a nonce":                   {mine + " 'nonce-r4nd0m'", "{nonce: 'r4nd0m'}", "loaded"},
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := open(t, form{Own: true, Policy: row.policy, Late: app})
			require.Equal(t, row.code, b.load(relay, row.options))
			require.Equal(t, row.code == "loaded", js[bool](b, `!!document.querySelector('script[src*="ekyc-connect.js"]')`), "no tag of a failure stays")
		})
	}
	t.Run("wrong addresses", func(t *testing.T) {
		b, site := open(t, form{Own: true, Late: app})
		for address, code := range map[string]string{
			site:                          "wrong_url", // 404
			site + "/no":                  "wrong_url", // a script, and not the relay's
			"http://127.0.0.1:1":          "unreachable",
			"consent.example.com":         "wrong_url",
			"ftp://consent.example.com":   "wrong_url",
			relay + "/v1/ekyc-connect.js": "wrong_url",
			relay + "/?secret=x":          "wrong_url",
		} {
			require.Equal(t, code, b.load(address, "{}"), address)
		}
		require.Equal(t, "loaded", b.load(relay+"/", "{}"), "a failure is forgotten")
		require.Equal(t, "wrong_url", b.load(site, "{}"), "one relay a page")
	})
	t.Run("in no time", func(t *testing.T) {
		gate := newGate(t, relay, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, ".js") })
		b, _ := open(t, form{Own: true, Late: app})
		require.Equal(t, "timeout", b.load(gate.URL, "{timeout: 200}"))
		gate.open()
		require.Equal(t, "loaded", b.load(gate.URL, "{}"))
	})
	t.Run("repeated calls share one script", func(t *testing.T) {
		b, _ := open(t, form{Own: true, Late: app})
		quoted := `"` + relay + `"`
		require.True(t, js[bool](b, `loadEkycConnect(`+quoted+`) === loadEkycConnect(`+quoted+` + '/')`))
		require.Equal(t, "loaded", b.load(relay, "{}"))
		require.Equal(t, 1, js[int](b, `performance.getEntriesByType('resource').filter(e => e.name.includes('/v1/ekyc-connect.js')).length`))
	})
	t.Run("the page's own tag", func(t *testing.T) {
		b, _ := open(t, form{Markup: widget("pk_test_pass", ""), Policy: strict + "; script-src-elem RELAY 'self'", Late: app})
		require.Equal(t, "loaded", b.load(relay, "{}"))
		require.Equal(t, 1, js[int](b, `document.querySelectorAll('script[src*="ekyc-connect.js"]').length`))
		b.state("notice")
	})
}
