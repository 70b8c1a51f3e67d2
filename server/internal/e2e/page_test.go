package e2e

import (
	"context"
	"html/template"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

func TestThreeWidgetsOnAPageMindTheirOwnBusiness(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	var three template.HTML
	for _, name := range []string{"one", "two", "three"} {
		three += widget("pk_test_pass", `loading="eager" name="`+name+`"`)
	}
	site := newPartner(t, form{Relay: relay, Markup: three})
	b := newTab(t)
	b.open(site.URL)
	for n := range 3 {
		b.state("notice", n)
	}
	b.finish(2)
	b.press("decline", 1)
	b.state("declined", 1)
	require.Equal(t, "notice", js[string](b, `EkycConnect.getState(document.querySelector('ekyc-connect'))`))
	require.False(t, js[bool](b, `document.forms[0].checkValidity()`), "the first asks still")
	b.finish(0)
	b.do(clickContinue)
	sent := <-site.posts
	require.Equal(t, ".declined", sent.Get("two"))
	require.NotEqual(t, sent.Get("one"), sent.Get("three"))
	for _, name := range []string{"one", "three"} {
		require.Equal(t, true, redeem(t, relay, sent.Get(name), nil)["success"])
	}
}

// However a page moves its nodes about: who stays in it keeps what they have.
func TestMovingKeepsAndReplacingEnds(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: `<div id="a">` + widget("pk_test_pass", "") + `</div><div id="b"></div>`})
	b := newTab(t)
	b.open(site.URL)
	b.press("agree")
	b.state("captcha")
	b.answer("half")
	for _, move := range []string{
		`b.append(w)`,
		`a.before(w)`,
		`a.moveBefore(w, null)`,
		`(w.remove(), a.append(w))`,
		`new Promise(done => { w.remove(); setTimeout(() => done(a.append(w)), 50) })`,
		`(b.attachShadow({mode: 'open'}).append(w), a.append(w))`,
		`a.replaceChildren(...a.childNodes)`,
		`(document.createElement('template').content.append(w), a.append(w))`,
	} {
		js[any](b, `(async () => { const a = document.getElementById('a'), b = document.getElementById('b'), w = document.querySelector('ekyc-connect'); await `+move+` })()`)
		require.Equal(t, "captcha", js[string](b, `EkycConnect.getState()`), move)
		require.Equal(t, "half", js[string](b, part("answer")+`.value`), move)
		require.Equal(t, 1, js[int](b, `new FormData(document.forms[0]).getAll('ekyc-connect-response').length`), move)
	}
	b.press("submit")
	b.state("done")

	// The same markup written anew is a new widget, and the old one is gone.
	for range 2 {
		js[any](b, `document.getElementById('a').innerHTML += '', 0`)
		b.state("notice")
		require.Equal(t, []string{".unstarted"}, js[[]string](b, `new FormData(document.forms[0]).getAll('ekyc-connect-response')`))
	}
	b.finish()
	require.Equal(t, true, redeem(t, relay, b.field(), nil)["success"])
	require.Empty(t, b.errors)
}

// spies note whatever would be kept in the browser.
const spies = `
globalThis.kept = [];
for (const [o, name] of [[Storage.prototype, 'setItem'], [IDBFactory.prototype, 'open'], [CacheStorage.prototype, 'open'], [ServiceWorkerContainer.prototype, 'register'], [Navigator.prototype, 'sendBeacon']]) {
	const real = o[name];
	o[name] = function (...given) { kept.push(name + ' ' + given[0]); return real.apply(this, given) };
}
const cookie = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
Object.defineProperty(Document.prototype, 'cookie', {...cookie, set(v) { kept.push('cookie ' + v); cookie.set.call(this, v) }});
`

func TestNothingIsKeptInTheBrowserAndOnlyTheRelayIsAsked(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", `subject="customer-1"`)})
	b := newTab(t)
	b.do(onNewDocument(spies))
	b.open(site.URL)
	b.press("agree")
	b.state("captcha")
	b.press("reload")
	b.until(part("captcha") + `.ariaBusy !== 'true'`)
	b.answer("abc12")
	b.press("submit")
	b.state("done")
	js[any](b, `EkycConnect.setLanguage('ur')`)
	js[any](b, `EkycConnect.reset(), 0`)
	b.state("notice")
	b.press("decline")
	b.state("declined")
	require.Empty(t, js[[]string](b, `kept`))
	require.Empty(t, js[string](b, `document.cookie`))
	require.Zero(t, js[int](b, `localStorage.length + sessionStorage.length`))
	require.Zero(t, js[int](b, `indexedDB.databases().then(l => l.length)`))
	b.do(chromedp.ActionFunc(func(ctx context.Context) error {
		cookies, err := storage.GetCookies().Do(ctx)
		require.Empty(t, cookies)
		return err
	}))
	b.mu.Lock()
	defer b.mu.Unlock()
	require.GreaterOrEqual(t, len(b.requests), 8)
	for _, request := range b.requests {
		_, url, _ := strings.Cut(request, " ")
		require.True(t, strings.HasPrefix(url, relay+"/v1/") || url == site.URL+"/" || strings.HasPrefix(url, "data:,"), request)
		require.NotContains(t, url, "customer-1")
	}
}

// The address is the widget's own, letter for letter, or the view would be asked for
// once more.
func TestAViewThatThePagePreloadsIsAskedForOnce(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	ahead := `<link rel="preload" as="fetch" crossorigin href="` + relay + `/v1/view?sitekey=pk_test_pass&amp;purpose=account-opening&amp;lang=hi">`
	site := newPartner(t, form{Relay: relay, Markup: template.HTML(ahead) + widget("pk_test_pass", `lang="hi"`), Policy: strict})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	b.press("agree")
	b.state("captcha")
	b.mu.Lock()
	defer b.mu.Unlock()
	asked := slices.DeleteFunc(slices.Clone(b.requests), func(r string) bool { return !strings.Contains(r, "/v1/view") })
	require.Len(t, asked, 1, b.requests)
	require.Empty(t, b.errors)
}

// A page whose styles mean no good to anything like ours.
const hostile = `button,img,label,canvas,input,select,section,header,h2,p,ul{display:none!important}
*{font-size:9px!important;line-height:0!important;color:red!important;background:red!important;text-transform:uppercase!important;text-indent:-99px!important;
white-space:nowrap!important;text-align:right!important;visibility:hidden;cursor:none!important;border-radius:0!important}
body,main,form{visibility:visible!important}#continue{display:block!important;visibility:visible;text-indent:0!important}`

func TestControlsStayUsableUnderHostileStyles(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{
		Relay: relay, Markup: widget("pk_test_pass", ""),
		Late: template.HTML(`<style>` + hostile + `</style>`),
	})
	b := newTab(t)
	b.do(emulation.SetDeviceMetricsOverride(400, 800, 1, true))
	b.open(site.URL)
	b.state("notice")
	looks := func() {
		t.Helper()
		require.Empty(t, js[[]string](b, misfits))
		require.Empty(t, js[[]string](b, `[...document.querySelector('ekyc-connect').shadowRoot.querySelectorAll('section:not([hidden]) *')].filter(e => e.checkVisibility()).map(e => [e, getComputedStyle(e)])
			.filter(([, s]) => parseFloat(s.fontSize) < 12 || s.visibility != 'visible' || s.color == 'rgb(255, 0, 0)' || s.textTransform != 'none' || s.textIndent != '0px').map(([e, s]) => e.outerHTML.slice(0, 80))`))
	}
	looks()
	b.press("agree")
	b.state("captcha")
	looks()
	b.answer("abc12")
	b.press("submit")
	b.state("done")
	looks()
}

func TestNothingMovesOnThePageWithTheDocumentedRule(t *testing.T) {
	relay := startRelay(t)
	rule := template.HTML("<style>" + placeRule(t) + "</style>")
	b := newTab(t)
	b.do(onNewDocument(`
		globalThis.shifts = [];
		new PerformanceObserver(l => shifts.push(...l.getEntries().map(e => e.value + ' ' + e.sources.map(s => s.node?.nodeName)))).observe({type: 'layout-shift', buffered: true});`))
	for _, row := range []struct {
		lang  string
		width int64
	}{
		{"en", 320}, {"en", 328}, {"en", 360}, {"en", 480}, {"en", 648}, {"en", 1280}, {"hi", 320}, {"hi", 360},
		{"ur", 320}, {"sat", 320}, {"te", 360}, {"ta", 320}, {"ta", 360}, {"ml", 320}, {"ml", 412},
	} {
		width := row.width
		g := newGate(t, relay, isView)
		site := newPartner(t, form{Relay: g.URL, Markup: rule + widget("pk_test_pass", `lang="`+row.lang+`"`), Style: true})
		b.do(emulation.SetDeviceMetricsOverride(width, 900, 1, width < 500))
		b.open(site.URL)
		<-g.seen
		settled := `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(shifts)))))`
		require.Empty(t, js[[]string](b, settled), "%v", row)
		g.open()
		b.state("notice")
		js[any](b, `EkycConnect.ready()`)
		require.Empty(t, js[[]string](b, settled), "%v", row)
	}
}

func TestAPolicyOfNoncesAndStrictDynamicIsEnough(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	const policy = "default-src 'none'; script-src 'nonce-r4nd0m' 'strict-dynamic' 'wasm-unsafe-eval'; connect-src RELAY; img-src data:; form-action 'self'"
	for name, f := range map[string]form{
		"the tag has the nonce":         {Policy: policy + "; require-trusted-types-for 'script'; trusted-types 'none'", Nonce: "r4nd0m"},
		"a script with the nonce loads": {Policy: policy, Own: true, Late: template.HTML(`<script nonce="r4nd0m">document.head.append(Object.assign(document.createElement('script'), {src: '` + relay + `/v1/ekyc-connect.js'}))</script>`)},
	} {
		t.Run(name, func(t *testing.T) {
			f.Relay, f.Markup = relay, widget("pk_test_pass", "")
			site := newPartner(t, f)
			b := newTab(t)
			b.open(site.URL)
			b.finish()
			require.Empty(t, js[[]string](b, `violations`))
			require.Equal(t, true, redeem(t, relay, b.field(), nil)["success"])
		})
	}
}
