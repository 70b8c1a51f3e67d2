package e2e

import (
	"context"
	"testing"
	"time"

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
	name, attrs   string
	width         int64
	media         map[string]string // CSS media features
	beforeTheWalk string            // a script for the page
}

// walk takes one widget through everything that it can look like, and calls
// visit in each.
func walk(t *testing.T, relay string, g guise, visit func(b *tab, name string)) {
	t.Helper()
	way := newRoad(t, relay)
	site := newPartner(t, form{Relay: way.URL, Markup: widget("pk_test_pass", g.attrs), Style: true})
	b := newTab(t)
	b.patience(3 * time.Minute)
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
		onNewDocument(movableClock),
	)
	drop := way.hold("/v1/view")
	b.open(site.URL)
	b.until(`document.querySelector('ekyc-connect')?.dataset.state === 'loading'`)
	if g.beforeTheWalk != "" {
		js[any](b, g.beforeTheWalk+`, 0`)
	}
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
	visit(b, "starting")
	drop()
	b.state("error")
	visit(b, "network")
	way.refuse("/v1/sessions", 503, "vendor_busy", 55)
	b.press("retry")
	b.state("waiting")
	visit(b, "waiting")
	js[any](b, `EkycConnect.reset()`)
	b.state("notice")
	way.refuse("/v1/sessions", 503, "vendor_unavailable", 0)
	b.press("agree")
	b.state("error")
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

// patience gives a long test more time.
func (b *tab) patience(d time.Duration) {
	b.t.Helper()
	ctx, stop := context.WithTimeout(b.base, d)
	b.t.Cleanup(stop)
	b.ctx = ctx
}
