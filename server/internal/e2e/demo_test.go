package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// The playground under the policy that it sends: it shows what happens, and what
// the bank's server made of the token.
func TestThePlaygroundShowsWhatTheWidgetTellsAndWhatTheTokenIsWorth(t *testing.T) {
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

func TestTheOnboardingFormIsSentWithTheWidgetAsOneStep(t *testing.T) {
	relay := startRelay(t)
	b := newTab(t)
	b.open(relay + "/demo/account?sitekey=pk_test_wrongcaptcha")
	b.scrollToWidget()
	b.do(chromedp.SetValue(`[name=city]`, "Nagpur", chromedp.ByQuery))
	b.finish()
	b.do(chromedp.Click(`[name=resident]`, chromedp.ByQuery), clickContinue)
	b.until(`!!document.querySelector('.note.bad')`)
	require.Equal(t, "Nagpur", js[string](b, `document.querySelector('[name=city]').value`), "what was written is kept")
	b.scrollToWidget()
	b.state("captcha")
	b.answer("abc12")
	b.press("submit")
	b.state("done")
	b.do(chromedp.Click(`[name=resident]`, chromedp.ByQuery), clickContinue, chromedp.WaitVisible(`.note.good`, chromedp.ByQuery))
	require.Contains(t, js[string](b, `document.querySelector('h1').textContent`), "Asha")
	require.Empty(t, js[[]string](b, `violations`))
}

func TestTheDemosPagesAreSoundInEveryLook(t *testing.T) {
	dir := t.TempDir()
	if to := os.Getenv("DEMO_SCREENSHOTS"); to != "" {
		dir = to
	}
	relay := startRelay(t)
	for _, l := range []look{{"light", 1280, "light", ""}, {"dark", 1280, "dark", ""}, {"phone", 320, "light", ""}} {
		t.Run(l.name, func(t *testing.T) {
			b := newLook(t, l)
			for name, path := range map[string]string{"playground": "/", "account": "/demo/account"} {
				b.open(relay + path)
				b.scrollToWidget()
				b.state("notice")
				broken, _ := axe(b)
				require.Empty(t, broken, name)
				require.LessOrEqual(t, js[int](b, `document.documentElement.scrollWidth`), int(l.width), name)
				b.shoot(filepath.Join(dir, name+"-"+l.name+".png"))
			}
			b.finish()
			if js[bool](b, `!!document.querySelector('[name=resident]')`) {
				b.do(chromedp.Click(`[name=resident]`, chromedp.ByQuery))
			}
			b.do(clickContinue)
			b.until(`document.readyState === 'complete' && !!document.querySelector('[aria-labelledby=redeemed]')`) // its styles too
			broken, _ := axePage(b)
			require.Empty(t, broken)
			require.LessOrEqual(t, js[int](b, `document.documentElement.scrollWidth`), int(l.width))
		})
	}
}

// scrollToWidget: it begins to load when it comes near.
func (b *tab) scrollToWidget() {
	b.t.Helper()
	js[any](b, `document.querySelector('ekyc-connect').scrollIntoView()`)
}
