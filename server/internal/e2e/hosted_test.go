package e2e

import (
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// popup is the page that a press opens in a tab of its own.
func (b *tab) popup(press func()) *tab {
	b.t.Helper()
	opened := chromedp.WaitNewTarget(b.ctx, func(i *target.Info) bool { return i.OpenerID == b.id && strings.Contains(i.URL, "/v1/hosted") })
	press()
	select {
	case id := <-opened:
		ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithTargetID(id))
		b.t.Cleanup(cancel)
		return &tab{t: b.t, id: id, ctx: ctx}
	case <-b.ctx.Done():
		require.FailNow(b.t, "the press opens no page")
		return nil
	}
}

// on waits for a panel of the hosted page and presses one of its parts.
func (b *tab) on(panel, press string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(`[data-part="panel-`+panel+`"]`, chromedp.ByQuery))
	if press != "" {
		b.do(chromedp.Click(`[data-part="`+press+`"]`, chromedp.ByQuery))
	}
}

// through goes the whole way on the hosted page.
func (b *tab) through(letters string) {
	b.t.Helper()
	b.on("notice", "agree")
	b.on("captcha", "")
	b.do(chromedp.SendKeys(`[data-part=answer]`, letters+"\r", chromedp.ByQuery))
	b.on("done", "")
}

// behind makes a relay look as if it were at another address, with some answers
// changed.
func behind(t *testing.T, relay string, change func(w http.ResponseWriter, r *http.Request) bool) string {
	t.Helper()
	to, err := url.Parse(relay)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(to)
	s := httptest.NewUnstartedServer(nil)
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") == s.URL {
			r.Header.Set("Origin", relay)
		}
		if !change(w, r) {
			proxy.ServeHTTP(w, r)
		}
	})
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

// Whatever keeps the wasm from running: the person gets through, and the
// partner's form holds a token.
func TestWithoutWasmThePersonGetsThroughOnThePageOfTheRelay(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	nothing := func(http.ResponseWriter, *http.Request) bool { return false }
	wasm := func(answer http.HandlerFunc) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if isWasm(r) {
				w.Header().Set("Access-Control-Allow-Origin", "*")
				answer(w, r)
			}
			return isWasm(r)
		}
	}
	for name, c := range map[string]struct {
		script, policy, reason, press string
		change                        func(http.ResponseWriter, *http.Request) bool
	}{
		"no WebAssembly": {script: `delete globalThis.WebAssembly`, reason: "wasm_unavailable", change: nothing},
		"forbidden":      {policy: strings.Replace(strict, " 'wasm-unsafe-eval'", "", 1), reason: "wasm_unavailable", change: nothing},
		"tampered with":  {reason: "asset_integrity", change: wasm(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("\x00asm\x01\x00\x00\x00")) })},
		"not there":      {reason: "network", press: "agree", change: wasm(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })},
		"ends": {reason: "wasm_unavailable", change: nothing, script: `{
			const real = WebAssembly.instantiate;
			WebAssembly.instantiate = async (module, imports) => {
				const { exports } = await real(module, imports);
				const [exit] = Object.values(imports.gojs);
				return { exports: { ...exports, run: () => exit(0) } };
			};
		}`},
	} {
		t.Run(name, func(t *testing.T) {
			at := behind(t, relay, c.change)
			site := newPartner(t, form{Relay: at, Markup: widget("pk_test_pass", `subject="customer-7"`), Policy: c.policy})
			b := newTab(t)
			b.do(onNewDocument(c.script))
			b.open(site.URL)
			if c.press != "" { // what may come yet is told to nobody before they wait for it
				b.state("notice")
				b.press(c.press)
			}
			b.until(`seen.some(e => e.type === 'degraded') && ` + `!!` + part("panel-error"))
			require.Equal(t, []map[string]any{{"type": "degraded", "reason": c.reason}}, events(b, "degraded"))
			link := part("retry")
			if c.press != "" { // retry tries again, and the link is beside it
				link = away
			}
			b.until(link + `?.textContent === 'Continue on a separate page'`)
			page := b.popup(func() { b.click(link, 1) })
			page.through("abc12")
			b.state("done")
			token := b.field()
			require.Equal(t, []map[string]any{{"type": "token", "token": token, "expiresAt": events(b, "token")[0]["expiresAt"]}}, events(b, "token"))
			require.True(t, js[bool](b, `document.forms[0].checkValidity()`))
			b.do(clickContinue)
			sent := (<-site.posts).Get("ekyc-connect-response")
			require.Equal(t, token, sent)
			answer := redeem(t, relay, sent, nil)
			require.Equal(t, true, answer["success"], answer)
			require.Equal(t, "abc12", answer["captcha"])
			require.Equal(t, site.URL, answer["origin"])
			require.Equal(t, "customer-7", answer["consent"].(map[string]any)["subject"])
		})
	}
}

func TestTheHostedModeNeedsNoWasm(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", `mode="hosted" lang="hi"`), Policy: strict})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	b.until(`!!` + part("retry"))
	require.Equal(t, ".unstarted", b.field())
	require.False(t, js[bool](b, `document.forms[0].checkValidity()`))
	require.Equal(t, js[string](b, `document.querySelector('ekyc-connect').shadowRoot.querySelector('h2').textContent`), js[string](b, part("heading")+`.textContent`), "no error is told: there is none")
	require.Empty(t, js[string](b, `document.querySelector('ekyc-connect').shadowRoot.querySelector('[role=alert]').textContent`))
	require.Equal(t, "wasm_unavailable", js[string](b, `EkycConnect.retry().catch(e => e.code)`))
	page := b.popup(func() { b.press("retry") })
	page.on("notice", "decline")
	page.on("declined", "")
	b.state("declined")
	b.until(`document.querySelector('ekyc-connect').shadowRoot.activeElement?.textContent === ` + part("heading") + `.textContent`)
	require.Equal(t, ".declined", b.field())
	require.Equal(t, "declined", events(b, "decline")[0]["reason"])
	page.on("declined", "retry")
	page.on("notice", "") // the page that comes, not the one that goes
	require.Equal(t, "hi", js[string](page, `document.documentElement.lang`))
	page.through("abc12")
	require.True(t, js[bool](page, `document.querySelector('.told').checkVisibility()`))
	b.state("done")
	require.Equal(t, true, redeem(t, relay, b.field(), nil)["success"])
	require.Empty(t, events(b, "degraded"))
	require.Empty(t, js[[]string](b, `violations.filter(v => !v.includes('favicon') && !v.startsWith('img-src') && !v.startsWith('form-action'))`))
	require.Zero(t, js[int](b, `performance.getEntriesByType('resource').filter(r => r.name.endsWith('.wasm')).length`))
}

// A page that was told by its window needs no button, and one that was not no word about
// another tab.
func TestTheHostedPageEndsWithOneWayOn(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", `mode="hosted" return="http://localhost:3000/back"`)})
	b := newTab(t)
	b.open(site.URL)
	b.until(`!!` + part("retry"))
	page := b.popup(func() { b.press("retry") })
	page.through("abc12")
	b.state("done")
	const shown = `[...document.querySelectorAll('.told, .back')].filter(e => e.checkVisibility()).map(e => e.className)`
	require.Equal(t, []string{"told"}, js[[]string](page, shown))
	js[any](page, `delete document.documentElement.dataset.told`)
	require.Equal(t, []string{"back"}, js[[]string](page, shown))
}

// As in a web view that opens none, and in a frame that may open none.
func TestWhereNoWindowOpensThePersonIsToldOrLeavesThePage(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	press := func(t *testing.T, more string) *tab {
		site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", `mode="hosted" `+more), Policy: strict + "; sandbox allow-scripts allow-same-origin allow-forms"})
		b := newTab(t)
		b.open(site.URL)
		b.until(`!!` + part("retry"))
		b.press("retry")
		return b
	}
	t.Run("told", func(t *testing.T) {
		b := press(t, "")
		b.state("error")
		told := events(b, "error")[0]
		require.Equal(t, []any{"invalid_request", "partner"}, []any{told["code"], told["fault"]})
		require.Contains(t, told["detail"], "no window opens")
		b.hears("ekyc-connect: no window opens")
		b.until(part("error") + `.textContent.startsWith('This page is not set up correctly.')`)
		b.press("alternative") // still leads on
		b.state("declined")
	})
	t.Run("by return", func(t *testing.T) {
		b := press(t, `return="http://localhost:3000/back"`)
		b.through("abc12")
		b.do(chromedp.WaitVisible(".back", chromedp.ByQuery))
	})
}

// What another window, another page or another visit says is no answer.
func TestAnAnswerIsTakenFromTheRelaysWindowAlone(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", `mode="hosted"`)})
	b := newTab(t)
	b.open(site.URL)
	b.until(`!!` + part("retry"))
	page := b.popup(func() { b.press("retry") })
	page.on("notice", "")
	state := js[string](page, `new URLSearchParams(location.search).get('state')`)
	require.Regexp(t, `^[A-Za-z0-9_-]{16,128}$`, state)
	message := func(state string) string {
		return `{type: 'ekyc-connect', state: '` + state + `', response: 'stolen', expiresAt: Date.now() + 60000}`
	}
	js[any](b, `postMessage(`+message(state)+`, '*')`)                                                                      // the page itself
	js[any](page, `window.opener.postMessage(`+message("another-state-0123456789")+`, '*')`)                                // another visit
	js[any](b, `dispatchEvent(new MessageEvent('message', {origin: '`+relay+`', data: `+message(state)+`, source: null}))`) // no window
	js[any](page, `location.href = '`+strings.Replace(site.URL, "127.0.0.1", "partner.test", 1)+`'`)
	page.do(chromedp.WaitVisible("#continue", chromedp.ByID))
	js[any](page, `window.opener?.postMessage(`+message(state)+`, '*')`) // that window, on another page
	js[any](b, `new Promise(r => setTimeout(r))`)
	require.Equal(t, ".unstarted", b.field())
	require.Empty(t, events(b, "token"))
	again := b.popup(func() { b.press("retry") })
	again.through("abc12")
	b.state("done")
	require.NotEqual(t, "stolen", b.field())
}

// Who lost the window opens another; whichever is answered counts, for its own
// widget, until that is put back.
func TestEachWidgetHearsItsOwnWindowsAlone(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", `mode="hosted" name="one"`) + widget("pk_test_pass", `mode="hosted" name="two" loading="eager"`)})
	b := newTab(t)
	b.open(site.URL)
	b.until(`!!` + part("retry") + ` && !!` + part("retry", 1))
	lost := b.popup(func() { b.press("retry") })
	lost.on("notice", "")
	other := b.popup(func() { b.press("retry", 1) })
	second := b.popup(func() { b.press("retry") })
	second.on("notice", "")
	lost.through("abc12")
	b.state("done")
	require.Equal(t, "notice", js[string](b, `document.querySelectorAll('ekyc-connect')[1].dataset.state`))
	other.through("abc12")
	b.state("done", 1)
	for _, name := range []string{"one", "two"} {
		require.Equal(t, true, redeem(t, relay, js[string](b, `new FormData(document.forms[0]).get('`+name+`')`), nil)["success"])
	}
	js[any](b, `document.forms[0].reset()`)
	b.state("notice")
	b.until(`!!` + part("retry"))
	second.through("abc12")
	js[any](b, `new Promise(r => setTimeout(r, 100))`)
	require.Equal(t, "notice", js[string](b, `EkycConnect.getState()`), "too late")
	require.Len(t, events(b, "token"), 2)
}

func TestATokenOfThePageOfTheRelayRunsOutInItsTime(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", `mode="hosted"`)})
	b := newTab(t)
	b.do(onNewDocument(`{ globalThis.slept = 0; const now = Date.now; Date.now = () => now() + slept }`))
	b.open(site.URL)
	b.until(`!!` + part("retry"))
	b.popup(func() { b.press("retry") }).through("abc12")
	b.state("done")
	js[any](b, `slept = 3.6e6`) // no timer counts the time that a device sleeps
	b.state("expired")
	require.Equal(t, ".expired", b.field())
	require.Len(t, events(b, "expire"), 1)
}

// A browser without JavaScript: a link, forms, and a form back.
func TestWithoutJavaScriptALinkLeadsThereAndAFormBack(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	bank := newPartner(t, form{Relay: relay})
	link := relay + "/v1/hosted?" + url.Values{
		"sitekey": {"pk_test_pass"}, "purpose": {"account-opening"}, "subject": {"customer-9"}, "state": {"state-of-this-visit"},
		"origin": {bank.URL}, "return": {bank.URL + "/onboard"},
	}.Encode()
	page := newPartner(t, form{Relay: relay, Markup: template.HTML(`<noscript><a id="hosted" href="` + template.HTMLEscapeString(link) + `">Check your identity</a></noscript>`)})
	b := newTab(t)
	b.do(emulation.SetScriptExecutionDisabled(true), chromedp.Navigate(page.URL), chromedp.Click("#hosted", chromedp.ByID))
	b.through("abc12")
	b.do(chromedp.Click(".back button", chromedp.ByQuery), chromedp.WaitVisible("#thanks", chromedp.ByID))
	sent := <-bank.posts
	require.Equal(t, "state-of-this-visit", sent.Get("state"))
	answer := redeem(t, relay, sent.Get("ekyc-connect-response"), nil)
	require.Equal(t, true, answer["success"], answer)
	require.Equal(t, "customer-9", answer["consent"].(map[string]any)["subject"])
}

var hostedLooks = []look{
	{"light", 664, "light", ""}, {"dark", 664, "dark", ""}, {"phone", 320, "light", ""}, {"hindi", 360, "light", "hi"}, {"urdu", 360, "light", "ur"},
}

func TestEveryStepOfTheHostedPageHasItsPicture(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	relay := startRelay(t)
	for _, lang := range []string{"", "hi", "ur"} {
		t.Run("lang="+lang, func(t *testing.T) {
			b := newTab(t)
			// seen has the page be sound in every look of this language.
			seen := func(step string) {
				t.Helper()
				for _, l := range hostedLooks {
					if l.attrs != lang {
						continue
					}
					b.look(l)
					b.sound()
					if forDocuments {
						b.shoot(filepath.Join(dir, "hosted-"+step+"-"+l.name+".png"))
					}
				}
			}
			b.open(relay + "/v1/hosted?" + url.Values{
				"sitekey": {"pk_test_pass"}, "purpose": {"account-opening"}, "state": {"state-of-this-visit"}, "origin": {relay}, "return": {relay + "/done"}, "lang": {lang},
			}.Encode())
			b.on("notice", "")
			seen("notice")
			b.on("notice", "agree")
			b.on("captcha", "")
			seen("captcha")
			b.do(chromedp.Click(`[data-part=enlarge]`, chromedp.ByQuery), chromedp.Click(`[data-part=contrast]`, chromedp.ByQuery))
			require.Greater(t, js[float64](b, `document.querySelector('[data-part=captcha]').getBoundingClientRect().width`), 180.0)
			seen("enlarged")
			b.do(chromedp.SendKeys(`[data-part=answer]`, "2341 2341 2346\r", chromedp.ByQuery), chromedp.WaitVisible(".wrong", chromedp.ByQuery))
			require.Equal(t, "answer", js[string](b, `document.activeElement.id`))
			require.True(t, js[bool](b, `document.title.startsWith(document.querySelector('.wrong').textContent)`))
			seen("wrong")
			b.do(chromedp.SendKeys(`[data-part=answer]`, "abc12\r", chromedp.ByQuery))
			b.on("done", "")
			seen("done")
			require.Empty(t, js[[]string](b, `violations`))
			require.Empty(t, js[string](b, `document.cookie`))
		})
	}
	if forDocuments {
		var looks []string
		for _, l := range hostedLooks {
			looks = append(looks, l.name)
		}
		compose(t, dir, []string{"hosted-notice", "hosted-captcha", "hosted-done"}, looks, 0.55, filepath.Join("..", "..", "docs", "img", "hosted.png"))
	}
}

// sound checks that axe finds nothing, that nothing sticks out sideways and that
// targets are large enough.
func (b *tab) sound() {
	b.t.Helper()
	broken, unsure := axe(b)
	require.Empty(b.t, broken)
	require.Empty(b.t, unsure)
	require.Equal(b.t, js[int](b, `document.documentElement.clientWidth`), js[int](b, `document.documentElement.scrollWidth`))
	require.Empty(b.t, js[[]string](b, `[...document.querySelectorAll('button, select, input[type=text], .toggle')].filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 44).map(e => e.outerHTML)`))
}
