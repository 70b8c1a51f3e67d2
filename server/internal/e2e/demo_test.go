package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	downloads "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The playground under the policy that it sends: it shows what happens, and what
// the bank's server made of the token.
func TestThePlaygroundShowsWhatTheWidgetTellsAndWhatTheTokenIsWorth(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	b := newTab(t)
	b.open(relay + "/")
	b.state("notice")
	require.Equal(t, ".unstarted", js[string](b, `document.getElementById('value').textContent`))
	b.finish()
	b.until(`document.getElementById('value').textContent.includes('characters')`)
	for _, event := range []string{"ekyc-state", "ekyc-consent", "ekyc-token"} {
		require.Contains(t, js[string](b, `document.getElementById('events').textContent`), event)
	}
	require.Empty(t, js[[]string](b, `violations`))
	b.do(clickContinue, chromedp.WaitVisible(`[aria-labelledby=redeemed]`, chromedp.ByQuery))
	require.Contains(t, js[string](b, `document.querySelector('pre').textContent`), `"success": true`)
	require.Empty(t, js[[]string](b, `violations`))
}

func TestThePlaygroundsChoicesAreTakenAtOnce(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	b := newTab(t)
	b.open(relay + "/")
	b.state("notice")
	choose := func(name, value string) {
		js[any](b, `(() => { const s = document.querySelector('select[name=`+name+`]'); s.value = '`+value+`'; s.dispatchEvent(new Event('change', {bubbles: true})) })()`)
		b.until(`new URLSearchParams(location.search).get('` + name + `') === '` + value + `' && document.querySelector('ekyc-connect')?.dataset.state === 'notice'`)
	}
	for _, width := range []string{"280", "320", "360", "600"} {
		choose("width", width)
		require.Equal(t, width, js[string](b, `String(document.querySelector('ekyc-connect').getBoundingClientRect().width)`))
	}
	choose("lang", "ur")
	choose("theme", "dark")
	require.Equal(t, "600 ur dark", js[string](b, `(e => [e.offsetWidth, e.lang, e.getAttribute('theme')].join(' '))(document.querySelector('ekyc-connect'))`))
	choose("sitekey", "pk_test_expired")
	choose("mode", "hosted")
	b.popup(func() { b.press("retry") }).through("abc12")
	b.until(`document.getElementById('events').textContent.includes('ekyc-token')`)
	b.do(clickContinue, chromedp.WaitVisible(".note.bad", chromedp.ByQuery))
	require.Contains(t, js[string](b, `document.body.textContent`), "expired-input-response")
}

// From the notice to the card, as a newcomer goes: what is to be typed is offered.
func TestAnApplicantGoesFromTheNoticeToTheCard(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	b := newTab(t)
	b.open(relay + "/demo/account?sitekey=pk_test_wrongcaptcha")
	b.scrollToWidget()
	b.finish()
	b.do(chromedp.Click(`[name=resident]`, chromedp.ByQuery), clickContinue)
	b.fillIn("200000000045")
	b.do(clickContinue)
	b.until(`document.body.textContent.includes('Invalid captcha')`)
	b.scrollToWidget()
	b.state("captcha") // no second notice
	b.answer("abc12")
	b.press("submit")
	b.state("done")
	b.do(clickContinue)
	b.fillIn("200000000045")
	b.do(clickContinue)
	b.fillIn("123456")
	b.do(clickContinue)
	b.until(`document.getElementById('wrong')?.textContent.includes('Invalid OTP')`)
	b.fillIn("123456")
	b.do(clickContinue, chromedp.WaitVisible(`#person`, chromedp.ByQuery))
	require.Contains(t, js[string](b, `document.getElementById('person').textContent`), "Meera")
	require.True(t, js[bool](b, `document.querySelector('#person img').naturalWidth > 0`), "the policy lets the photo be shown")
	require.Equal(t, "/demo/otp", js[string](b, `location.pathname + location.search`))
	require.Empty(t, js[[]string](b, `violations`))
}

// fillIn presses what is offered to be filled in, once it is there.
func (b *tab) fillIn(what string) {
	b.t.Helper()
	b.until(`document.readyState === 'complete' && !!document.querySelector('[data-fill="` + what + `"]')`)
	b.click(`document.querySelector('[data-fill="`+what+`"]')`, 1)
	b.until(`document.getElementById('typed').value === '` + what + `'`)
}

func TestTheDemosPagesAreSoundInEveryLook(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("DEMO_SCREENSHOTS")
	relay := startRelay(t)
	b := newTab(t)
	looks := []look{{"light", 1280, "light", ""}, {"dark", 1280, "dark", ""}, {"dark phone", 320, "dark", ""}, {"phone", 320, "light", ""}}
	sound := func(name string) {
		t.Helper()
		for _, l := range looks {
			b.look(l)
			if l.name == "light" || l.name == "dark phone" { // both themes, both widths
				broken, _ := axe(b)
				require.Empty(t, broken, "%s, %s", name, l.name)
			}
			require.LessOrEqual(t, js[int](b, `document.documentElement.scrollWidth`), int(l.width), "%s, %s", name, l.name)
			if dir != "" {
				b.shoot(filepath.Join(dir, name+"-"+l.name+".png"))
			}
		}
	}
	// send types, presses Continue, and waits for a page that has a thing.
	send := func(what, thing string) {
		t.Helper()
		if what != "" {
			b.do(chromedp.SendKeys(`#typed`, what, chromedp.ByQuery))
		}
		b.do(clickContinue)
		b.until(`document.readyState === 'complete' && !!document.querySelector('` + thing + `')`) // its styles too
	}
	for _, path := range []string{"/demo/account", "/"} {
		b.open(relay + path)
		b.scrollToWidget()
		b.state("notice")
		sound(map[string]string{"/": "playground", "/demo/account": "account"}[path])
	}
	b.open(relay + "/demo/words?lang=ur")
	b.state("notice")
	b.state("notice", 1)
	sound("words")
	b.do(chromedp.Click(`#patch`, chromedp.ByQuery)) // nothing was written
	b.until(`document.readyState === 'complete' && !!document.querySelector('#wrong')`)
	b.open(relay + "/")
	b.state("notice")
	b.finish()
	send("", "#numbers")
	sound("number")
	send("200000000098", "#wrong")
	sound("number-wrong")
	send("200000000013", "ekyc-connect")
	b.scrollToWidget()
	b.state("captcha")
	sound("again")
	b.answer("abc12")
	b.press("submit")
	b.state("done")
	send("", "#numbers")
	send("200000000045", "#another")
	sound("otp")
	send("123456", "#wrong")
	sound("otp-wrong")
	send("123456", "#person")
	sound("person")
	b.open(relay + "/")
	b.state("notice")
	b.press("decline")
	b.state("declined")
	send("", "#advice")
	sound("result")
}

// What a native speaker writes outlives the tab, and ends as a file.
func TestAReviewOfALanguageIsKeptAndComesAsAFile(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	b := newTab(t)
	b.open(relay + "/demo/words?lang=hi")
	b.state("notice")
	b.state("notice", 1)
	require.Equal(t, []string{"I agree", "मैं सहमत हूँ"}, js[[]string](b, `[`+part("agree")+`.textContent, `+part("agree", 1)+`.textContent]`))
	box := `textarea[name="interface.agree"]`
	b.do(chromedp.SendKeys(box, "मैं राज़ी हूँ", chromedp.ByQuery))
	b.open(relay + "/demo/words?lang=ur")
	require.Empty(t, js[string](b, `document.querySelector('`+box+`').value`), "another language's")
	b.open(relay + "/demo/words?lang=hi")
	b.until(`document.querySelector('` + box + `')?.value === 'मैं राज़ी हूँ'`)
	dir := t.TempDir()
	to := cdp.WithExecutor(browser, chromedp.FromContext(browser).Browser)
	profile, err := target.GetTargetInfo().WithTargetID(b.id).Do(to)
	require.NoError(t, err)
	require.NoError(t, downloads.SetDownloadBehavior(downloads.SetDownloadBehaviorBehaviorAllow).
		WithBrowserContextID(profile.BrowserContextID).WithDownloadPath(dir).Do(to))
	b.do(chromedp.Click(`#patch`, chromedp.ByQuery))
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		patch, err := os.ReadFile(filepath.Join(dir, "hi.patch"))
		require.NoError(c, err)
		require.Contains(c, string(patch), "\n+  agree: मैं राज़ी हूँ\n")
	}, time.Minute, 50*time.Millisecond)
	b.click(`document.getElementById('forget')`, 1)
	b.until(`document.querySelector('` + box + `').value === ''`)
	b.open(relay + "/demo/words?lang=hi")
	require.Empty(t, js[string](b, `document.querySelector('`+box+`').value`))
	require.Empty(t, js[[]string](b, `violations`))
}

// scrollToWidget: it begins to load when it comes near.
func (b *tab) scrollToWidget() {
	b.t.Helper()
	js[any](b, `document.querySelector('ekyc-connect').scrollIntoView()`)
}
