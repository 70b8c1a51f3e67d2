package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// movableClock lets a test put the device's two clocks where it likes: the one
// that people set, and the one that counts since the page began. Both in ms.
const movableClock = `
globalThis.wall = 0; globalThis.mono = 0;
{ const date = Date.now, now = performance.now.bind(performance); Date.now = () => date() + wall; performance.now = () => now() + mono; }
`

// woken is what a browser tells a page that was asleep or in the background.
const woken = `document.dispatchEvent(new Event('visibilitychange')), 0`

const hourLater = `wall = 3.6e6, ` + woken

// guise is how a person's browser shows the page.
type guise struct {
	name   string
	width  int64             // px of the window; 664 if zero
	media  map[string]string // CSS media features
	script string            // for the page; it is undone before the next guise
}

// as has the page that is there, and those that come, be seen in a guise.
func (b *tab) as(g guise) {
	b.t.Helper()
	if g.width == 0 {
		g.width = 664
	}
	var features []*emulation.MediaFeature
	for name, value := range g.media {
		features = append(features, &emulation.MediaFeature{Name: name, Value: value})
	}
	b.do(
		emulation.SetDeviceMetricsOverride(g.width, 760, 1, g.width < 500),
		emulation.SetEmulatedMedia().WithFeatures(features),
	)
}

// each calls look for the page that is there in each guise.
func (b *tab) each(guises []guise, look func(g guise)) {
	b.t.Helper()
	for _, g := range guises {
		b.as(g)
		if g.script != "" {
			js[any](b, g.script+`, 0`)
		}
		look(g)
		if g.script != "" {
			js[any](b, plain+`, 0`)
		}
	}
}

// walk takes one widget of some attributes through everything that it can look like, and
// calls visit in each.
func walk(t *testing.T, relay, attrs string, g guise, visit func(b *tab, name string)) {
	t.Helper()
	way := newRoad(t, relay)
	site := newPartner(t, form{Relay: way.URL, Markup: widget("pk_test_pass", attrs), Style: true})
	b := newTab(t)
	b.as(g)
	b.do(onNewDocument(movableClock))
	drop := way.hold("/v1/view")
	b.open(site.URL)
	b.until(`document.querySelector('ekyc-connect')?.dataset.state === 'loading'`)
	visit(b, "loading")
	drop()
	b.state("error")
	visit(b, "unreachable")
	way.open("/v1/view")
	b.press("retry")
	b.state("notice")
	js[any](b, `EkycConnect.ready()`)
	visit(b, "notice")
	b.openNotice()
	visit(b, "notice-open")

	drop = way.hold("/v1/sessions")
	b.press("agree")
	b.state("starting")
	b.still("alternative")
	visit(b, "starting")
	drop()
	b.state("error")
	b.still("alternative")
	visit(b, "network")
	way.refuse("/v1/sessions", 503, "vendor_busy", 55)
	b.press("retry")
	b.state("waiting")
	b.still("alternative")
	visit(b, "waiting")
	js[any](b, `EkycConnect.reset()`)
	b.state("notice")
	way.refuse("/v1/sessions", 503, "vendor_unavailable", 0)
	b.press("agree")
	b.state("error")
	b.still("alternative")
	visit(b, "error")
	way.open("/v1/sessions")
	b.press("retry")
	b.state("captcha")
	visit(b, "captcha")
	b.press("submit")
	b.until(part("answer") + `.ariaInvalid === 'true'`)
	visit(b, "captcha-wrong")
	b.press("enlarge")
	b.press("contrast")
	b.until(part("captcha") + `.style.width === '30rem'`)
	visit(b, "captcha-enlarged")
	b.press("enlarge")
	b.until(part("captcha") + `.style.width === '45rem'`)
	visit(b, "captcha-enlarged-more")
	b.press("enlarge")
	b.press("contrast")

	drop = way.hold("/v1/answers")
	b.answer("abc12")
	b.press("submit")
	b.state("answering")
	visit(b, "answering")
	drop()
	b.state("error")
	way.open("/v1/answers")
	b.press("retry")
	b.state("done")
	visit(b, "done")
	js[any](b, hourLater)
	b.state("expired")
	visit(b, "expired")
	js[any](b, `EkycConnect.reset()`)
	b.state("notice")
	b.press("decline")
	b.state("declined")
	visit(b, "declined")
}
