package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// phones are widths of phones, in CSS pixels.
var phones = []int64{320, 360, 412}

// newPhone is a tab with a finger.
func newPhone(t *testing.T, width int64) *tab {
	t.Helper()
	b := newTab(t)
	b.do(emulation.SetDeviceMetricsOverride(width, 900, 1, true), emulation.SetTouchEmulationEnabled(true))
	return b
}

// tapTwice taps the point of a part that lies across of its width and down of its
// height, and once more, as a finger does that is not sure of itself.
func (b *tab) tapTwice(name string, across, down float64) {
	b.t.Helper()
	at := js[[]float64](b, fmt.Sprintf(`(e => { e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect(); return [r.x + r.width * %g, r.y + r.height * %g] })(%s)`, across, down, part(name)))
	tap := chromedp.ActionFunc(func(ctx context.Context) error {
		if err := input.DispatchTouchEvent(input.TouchStart, []*input.TouchPoint{{X: at[0], Y: at[1]}}).Do(ctx); err != nil {
			return err
		}
		return input.DispatchTouchEvent(input.TouchEnd, []*input.TouchPoint{}).Do(ctx)
	})
	b.do(tap, chromedp.Sleep(120*time.Millisecond), tap)
}

// onPhones visits a notice on phones of each width, once the program is there. script runs
// before the page's own.
func onPhones(t *testing.T, sitekey, script string, visit func(b *tab)) {
	t.Helper()
	relay := startRelay(t)
	for _, width := range phones {
		t.Run(fmt.Sprintf("%d px", width), func(t *testing.T) {
			site := newPartner(t, form{Relay: relay, Markup: widget(sitekey, ""), Style: true})
			b := newPhone(t, width)
			b.do(onNewDocument(script))
			b.open(site.URL)
			b.state("notice")
			js[any](b, `EkycConnect.ready()`)
			visit(b)
		})
	}
}

// acts holds once the buttons of the panel shown act, all that came of a press included.
const acts = `!document.querySelector('ekyc-connect').shadowRoot.querySelector('section:not([hidden]) [aria-disabled]')`

func TestASecondTapOnAgreeDoesNothingWhileTheVendorIsSlow(t *testing.T) {
	t.Parallel()
	onPhones(t, "pk_test_slow", "", func(b *tab) {
		for n, lang := range []string{"en", "ml"} {
			js[any](b, `EkycConnect.setLanguage('`+lang+`')`)
			b.tapTwice("agree", 0.5, 0.5)
			b.state("captcha")
			b.until(acts)
			require.Equal(b.t, "captcha", js[string](b, `EkycConnect.getState()`))
			require.Len(b.t, events(b, "consent"), n+1, "one consent")
			require.Empty(b.t, events(b, "decline"))
			js[any](b, `EkycConnect.reset(), 0`)
			b.state("notice")
		}
	})
}

// places are where the controls shown are on the page.
const places = `Object.fromEntries([...document.querySelector('ekyc-connect').shadowRoot.querySelectorAll('section:not([hidden]) :is(button, a, input, select, summary, canvas)')]
	.filter(e => e.checkVisibility() && !e.closest('[data-part=notice]')).map((e, i) => { const r = e.getBoundingClientRect(); return [(e.dataset.part || e.tagName) + i, [r.x, r.y + scrollY, r.width, r.height].map(n => Math.round(n * 10) / 10).join(' ')] }))`

func TestNothingMovesBetweenAPressAndWhatComesOfIt(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	for width, langs := range map[int64][]string{320: {"en", "ml", "ur", "sat"}, 360: {"ta"}, 412: {"hi"}} {
		t.Run(fmt.Sprintf("%d px", width), func(t *testing.T) {
			way := newRoad(t, relay)
			site := newPartner(t, form{Relay: way.URL, Markup: widget("pk_test_pass", ""), Style: true})
			b := newPhone(t, width)
			b.open(site.URL)
			b.state("notice")
			js[any](b, `EkycConnect.ready()`)
			for _, lang := range langs {
				before := map[string]string{}
				var drop func()
				hold := func(route string) {
					drop = way.hold(route)
					t.Cleanup(drop)
				}
				still := func(when string) {
					b.t.Helper()
					require.Equal(b.t, before, js[map[string]string](b, places), "%s: %s", lang, when)
				}
				press := func(name string) {
					before = js[map[string]string](b, places)
					b.press(name)
				}
				js[any](b, `EkycConnect.setLanguage('`+lang+`')`)
				hold("/v1/declines")
				press("decline")
				b.until(part("decline") + `.ariaBusy === 'true'`)
				still("declining")
				js[any](b, `EkycConnect.reset(), 0`)

				hold("/v1/sessions")
				press("agree")
				b.state("starting")
				still("starting")
				drop()
				b.state("error")
				way.refuse("/v1/sessions", 503, "vendor_busy", 1)
				b.press("retry")
				b.state("waiting")
				still("waiting")
				way.open("/v1/sessions")
				b.state("captcha")

				hold("/v1/captchas")
				press("reload")
				b.until(part("captcha") + `.ariaBusy === 'true'`)
				still("a picture is coming")
				drop()
				b.state("error")
				way.open("/v1/captchas")
				b.press("retry")
				b.state("captcha")
				press("reload")
				b.until(part("captcha") + `.ariaBusy !== 'true'`)
				still("another picture")

				b.press("submit")
				b.until(part("answer") + `.ariaInvalid === 'true'`)
				b.answer("abc12")
				hold("/v1/answers")
				press("submit")
				b.state("answering")
				still("answering, after letters that were not taken")
				drop()
				b.state("error")
				way.open("/v1/answers")
				b.press("retry")
				b.state("done")
				js[any](b, `EkycConnect.reset(), 0`)
				b.state("notice")
			}
		})
	}
}
