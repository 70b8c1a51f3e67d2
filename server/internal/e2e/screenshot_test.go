package e2e

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// look is how a screenshot is taken.
type look struct {
	name   string
	width  int64
	scheme string // prefers-color-scheme
	attrs  string // of the element
}

var looks = []look{
	{"light", 664, "light", ""},
	{"dark", 664, "dark", ""},
	{"contrast", 664, "light", `theme="contrast"`},
	{"phone", 320, "light", ""},
	{"hindi", 360, "light", `lang="hi"`},
	{"urdu", 360, "light", `lang="ur"`},
	{"wide", 1200, "light", ""},
}

// scenes are the states to take, in the order of one journey, and how the next is reached.
func scenes(b *tab) []struct {
	name string
	goTo func()
} {
	return []struct {
		name string
		goTo func()
	}{
		{"notice", func() { b.state("notice") }},
		{"captcha", func() { b.press("agree"); b.state("captcha") }},
		{"done", func() { b.answer("abc12"); b.press("submit"); b.state("done") }},
		{"declined", func() {
			js[any](b, `EkycConnect.reset()`)
			b.state("notice")
			b.press("decline")
			b.state("declined")
		}},
	}
}

// Screenshots go to the documents when SCREENSHOTS is set, which make e2e does.
func TestEveryStateHasItsPicture(t *testing.T) {
	dir := t.TempDir()
	if os.Getenv("SCREENSHOTS") != "" {
		dir = filepath.Join("..", "..", "docs", "img")
		require.NoError(t, os.MkdirAll(dir, 0o755))
	}
	relay := startRelay(t)
	for _, l := range looks {
		t.Run(l.name, func(t *testing.T) {
			site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", l.attrs), Style: true})
			b := newLook(t, l)
			b.open(site.URL)
			for _, s := range scenes(b) {
				s.goTo()
				b.shoot(filepath.Join(dir, s.name+"-"+l.name+".png"))
			}
		})
		t.Run(l.name+" trouble", func(t *testing.T) {
			for name, sitekey := range map[string]string{"error": "pk_test_down", "waiting": "pk_test_busy", "starting": "pk_test_slow"} {
				site := newPartner(t, form{Relay: relay, Markup: widget(sitekey, l.attrs), Style: true})
				b := newLook(t, l)
				b.open(site.URL)
				b.state("notice")
				b.press("agree")
				b.state(name)
				b.shoot(filepath.Join(dir, name+"-"+l.name+".png"))
			}
		})
		t.Run(l.name+" without wasm", func(t *testing.T) {
			site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", `mode="hosted" `+l.attrs), Style: true})
			b := newLook(t, l)
			b.open(site.URL)
			b.until(`!!` + part("retry"))
			b.shoot(filepath.Join(dir, "separate-"+l.name+".png"))
		})
	}
	if os.Getenv("SCREENSHOTS") == "" {
		return // drawing the contact sheet takes longer than all the pictures
	}
	var names []string
	for _, l := range looks {
		if l.name != "wide" { // it would be shrunk to nothing
			names = append(names, l.name)
		}
	}
	compose(t, dir, []string{"notice", "starting", "waiting", "captcha", "done", "declined", "error", "separate"}, names, filepath.Join(dir, "contact-sheet.png"))
}

func newLook(t *testing.T, l look) *tab {
	t.Helper()
	b := newTab(t)
	b.do(
		emulation.SetDeviceMetricsOverride(l.width, 760, 1.5, l.width < 500),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: l.scheme},
			{Name: "prefers-reduced-motion", Value: "reduce"},
		}),
	)
	return b
}

// shoot takes the page, as far as there is something on it.
func (b *tab) shoot(file string) {
	b.t.Helper()
	var picture []byte
	size := js[[]float64](b, `[innerWidth, document.querySelector('main').getBoundingClientRect().bottom + scrollY + 16]`)
	clip := &page.Viewport{Width: size[0], Height: size[1], Scale: 1}
	b.do(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		picture, err = page.CaptureScreenshot().WithClip(clip).WithCaptureBeyondViewport(true).Do(ctx)
		return err
	}))
	require.NotEmpty(b.t, picture)
	require.NoError(b.t, os.WriteFile(file, picture, 0o644))
}
