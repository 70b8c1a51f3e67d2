package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// events are the details of what the page was told, of one type.
func events(b *tab, kind string) []map[string]any {
	b.t.Helper()
	return js[[]map[string]any](b, `seen.filter(e => e.type === "`+kind+`")`)
}

func TestWhoDeclinesIsRecordedAndMaySendTheForm(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", "")})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	b.do(clickContinue)
	require.False(t, js[bool](b, `document.forms[0].checkValidity()`), "nothing is sent before a choice")
	b.press("decline")
	b.state("declined")
	decline := events(b, "decline")
	require.Len(t, decline, 1)
	require.NotEmpty(t, decline[0]["consentId"])
	require.Equal(t, "declined", decline[0]["reason"])
	b.do(clickContinue)
	require.Equal(t, ".declined", (<-site.posts).Get("ekyc-connect-response"))
	require.Equal(t, []any{"not-a-token"}, redeem(t, relay, ".declined", nil)["error-codes"])
}

func TestANewPictureIsAnotherPictureAndLosesNoLetters(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", "")})
	b := newTab(t)
	b.open(site.URL)
	b.press("agree")
	b.state("captcha")
	const pixels = `(() => { const c = document.querySelector('ekyc-connect').shadowRoot.querySelector('canvas'); return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.join() })()`
	js[any](b, `globalThis.before = `+pixels+`, 0`)
	b.answer(" abc12 ")
	b.press("reload")
	b.until(pixels + ` !== before`)
	require.Equal(t, " abc12 ", js[string](b, part("answer")+`.value`))
	b.press("submit")
	b.state("done")
	require.Equal(t, "abc12", redeem(t, relay, b.field(), nil)["captcha"])
	require.Len(t, events(b, "consent"), 1, "one consent, whatever the number of pictures")
}

func TestTheVendorDownIsSaidAndTriedAgain(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_down", "")})
	b := newTab(t)
	b.open(site.URL)
	b.press("agree")
	b.state("error")
	problem := events(b, "error")[0]
	require.Equal(t, "vendor_unavailable", problem["code"])
	require.Equal(t, true, problem["retryable"])
	require.Equal(t, "vendor", problem["fault"])
	require.Equal(t, ".error", b.field())
	reason := js[string](b, part("panel-error")+`.querySelector('[data-slot=reason]').textContent`)
	require.Regexp(t, `\. \(`+problem["requestId"].(string)[:8]+`\)$`, reason, "what the person can tell the company, and the operator finds in the log")
	b.press("retry")
	b.until(`seen.filter(e => e.type === 'error').length > 1`)
	require.NotNil(t, js[any](b, part("alternative")+` ? 1 : null`), "the other way is always there")
}

func TestWhatCannotBeShownSaysWhy(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	for name, c := range map[string]struct{ sitekey, host, code, words string }{
		"a stranger's sitekey": {"pk_nobody", "", "unknown_sitekey", "no site has this sitekey"},
		"another origin":       {"pk_test_pass", "partner.test", "origin_not_allowed", "location.origin"},
	} {
		t.Run(name, func(t *testing.T) {
			site := newPartner(t, form{Relay: relay, Markup: withOwn(c.sitekey)})
			url := site.URL
			if c.host != "" {
				url = strings.Replace(url, "127.0.0.1", c.host, 1)
			}
			b := newTab(t)
			b.open(url)
			b.state("error")
			require.Equal(t, c.code, events(b, "error")[0]["code"])
			require.Equal(t, "partner", events(b, "error")[0]["fault"])
			require.Equal(t, ".error", b.field())
			require.True(t, js[bool](b, `document.getElementById('own').checkVisibility()`), "the partner's own words show")
			require.Contains(t, js[string](b, `document.querySelector('ekyc-connect').shadowRoot.textContent`), c.words)
		})
	}
}

func TestTheRelayAwayIsSaidAndTheFieldDoesNotLie(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	g := newGate(t, relay, isView)
	site := newPartner(t, form{Relay: g.URL, Markup: widget("pk_test_pass", "")})
	b := newTab(t)
	b.open(site.URL)
	<-g.seen
	require.Equal(t, ".loading", b.field())
	g.drop()
	b.state("error")
	require.Equal(t, "network", events(b, "error")[0]["code"])
	require.Equal(t, ".unreachable", b.field())
	g.open()
	b.press("retry")
	b.state("notice")
	require.Equal(t, ".unstarted", b.field())
}

// A proxy in front of a relay answers with a page of its own.
func TestAProxysOwnPageIsNoAnswerOfTheRelay(t *testing.T) {
	t.Parallel()
	way := newRoad(t, startRelay(t))
	site := newPartner(t, form{Relay: way.URL, Markup: widget("pk_test_pass", "")})
	for status, code := range map[int]string{502: "vendor_unavailable", 504: "vendor_unavailable", 500: "internal", 404: "internal"} {
		way.set("/v1/view", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<h1>Bad gateway</h1>"))
		})
		b := newTab(t)
		b.open(site.URL)
		b.state("error")
		require.Equal(t, code, events(b, "error")[0]["code"], status)
		require.Equal(t, true, events(b, "error")[0]["retryable"], status)
	}
}

func TestADoubleClickGivesOneConsent(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	g := newGate(t, relay, isSession)
	site := newPartner(t, form{Relay: g.URL, Markup: widget("pk_test_pass", "")})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	js[any](b, `EkycConnect.ready()`)
	b.click(part("agree"), 2)
	b.state("starting")
	<-g.seen
	b.click(part("agree"), 2)
	b.press("decline")
	g.open()
	b.state("captcha")
	require.Len(t, events(b, "consent"), 1)
	require.Empty(t, g.seen, "one request")
	require.Empty(t, events(b, "decline"))
}

func TestTwoWidgetsOnAPageShareNothingButTheProgram(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", `name="one" loading="eager"`) + widget("pk_test_pass", `name="two" loading="eager" lang="hi"`)})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice", 0)
	b.state("notice", 1)
	b.press("agree", 0)
	b.state("captcha", 0)
	b.press("decline", 1)
	b.state("declined", 1)
	b.answer("first", 0)
	b.press("submit", 0)
	b.state("done", 0)
	require.Equal(t, ".declined", js[string](b, `new FormData(document.forms[0]).get('two')`))
	require.Equal(t, "hi", js[string](b, `document.querySelectorAll('ekyc-connect')[1].shadowRoot.querySelector('[data-part=view]').lang`))
	require.Equal(t, 1, js[int](b, `performance.getEntriesByType('resource').filter(r => r.name.endsWith('.wasm')).length`))
	b.do(clickContinue)
	sent := <-site.posts
	require.Equal(t, "first", redeem(t, relay, sent.Get("one"), nil)["captcha"])
	require.Equal(t, ".declined", sent.Get("two"))
}

func TestAPressBeforeTheProgramIsKeptAndDoneOnce(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	for part_, state := range map[string]string{"agree": "captcha", "decline": "declined"} {
		t.Run(part_, func(t *testing.T) {
			g := newGate(t, relay, isWasm)
			site := newPartner(t, form{Relay: g.URL, Markup: widget("pk_test_pass", "")})
			b := newTab(t)
			b.open(site.URL)
			b.state("notice")
			b.press(part_)
			<-g.seen
			require.Equal(t, "true", js[string](b, part(part_)+`.getAttribute('aria-busy')`), "shown as taken")
			require.NotEmpty(t, js[string](b, part("status")+`.textContent`))
			require.Equal(t, "notice", js[string](b, `EkycConnect.getState()`))
			b.press(part_)
			g.open()
			b.state(state)
			require.Equal(t, 1, js[int](b, `performance.getEntriesByType('resource').filter(r => /sessions|declines/.test(r.name)).length`))
		})
	}
}

func TestTheLastOfTwoEarlyPressesCounts(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	g := newGate(t, relay, isWasm)
	site := newPartner(t, form{Relay: g.URL, Markup: widget("pk_test_pass", "")})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	b.press("agree")
	js[any](b, `new Promise(over => setTimeout(over, 1000))`)
	b.press("decline")
	g.open()
	b.state("declined")
	require.Empty(t, events(b, "consent"))
}

// A double tap's second half may fall on another button.
func TestForASecondAfterAgreeNoButtonActs(t *testing.T) {
	t.Parallel()
	g := newGate(t, startRelay(t), isWasm)
	site := newPartner(t, form{Relay: g.URL, Markup: widget("pk_test_pass", "")})
	b := newTab(t)
	b.do(onNewDocument(`{ const plain = setTimeout; window.setTimeout = (f, ms, ...more) => plain(f, ms === 1000 ? 60000 : ms, ...more) }`)) // a slow machine may take longer to press
	b.open(site.URL)
	b.state("notice")
	for _, button := range []string{"agree", "decline", "alternative"} {
		b.press(button)
	}
	require.Equal(t, []string{"agree"}, js[[]string](b, `[...document.querySelector('ekyc-connect').shadowRoot.querySelectorAll('[aria-busy]')].map(e => e.dataset.part)`))
	g.open()
	b.state("captcha")
	require.Empty(t, events(b, "decline"))
}

func TestTheKeyboardAloneIsEnough(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", "")})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	js[any](b, `EkycConnect.ready().then(() => `+part("agree")+`.focus())`)
	b.do(chromedp.KeyEvent(" "))
	b.state("captcha")
	b.until(`document.querySelector('ekyc-connect').shadowRoot.activeElement?.dataset.part === 'heading'`)
	for js[string](b, `document.querySelector('ekyc-connect').shadowRoot.activeElement.dataset.part`) != "answer" {
		b.do(chromedp.KeyEvent("\t"))
	}
	b.do(chromedp.KeyEvent("abc12\r"))
	b.state("done")
}
