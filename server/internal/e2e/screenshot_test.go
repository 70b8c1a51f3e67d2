package e2e

import (
	"context"
	"fmt"
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
		{"captcha", func() { b.press("agree"); b.state("captcha"); b.still("submit") }},
		{"done", func() { b.answer("abc12"); b.press("submit"); b.state("done") }},
		{"declined", func() {
			js[any](b, `EkycConnect.reset()`)
			b.state("notice")
			b.press("decline")
			b.state("declined")
		}},
	}
}

// states that have a picture, in the order of the contact sheets.
var states = []string{"notice", "starting", "waiting", "captcha", "done", "declined", "error", "separate"}

// forDocuments tells whether pictures go to the documents, as make e2e has it.
var forDocuments = os.Getenv("SCREENSHOTS") != ""

func TestEveryStateHasItsPicture(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	if !forDocuments { // other tests measure what is wrong in a look; this one has each picture be taken once
		takePictures(t, relay, looks[0], t.TempDir())
		return
	}
	dir := filepath.Join("..", "..", "docs", "img")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	var names []string
	for _, l := range looks {
		takePictures(t, relay, l, dir)
		if l.name != "wide" { // it would be shrunk to nothing
			names = append(names, l.name)
		}
	}
	compose(t, dir, states, names, 0.55, filepath.Join(dir, "contact-sheet.png"))
}

// What a language's words and letters do to the widget is looked at on one sheet.
func TestEveryStateIsSeenInSixScriptsAtFourWidths(t *testing.T) {
	t.Parallel()
	if !forDocuments {
		return // TestEveryLanguageIsShownWholeOnASmallPhone measures what can be measured of it
	}
	dir := t.TempDir()
	relay := startRelay(t)
	var names []string
	for _, lang := range []string{"en", "hi", "ta", "ml", "ur", "sat"} {
		for _, width := range []int64{320, 360, 412, 768} {
			l := look{fmt.Sprintf("%s %d", lang, width), width, "light", fmt.Sprintf(`lang="%s"`, lang)}
			takePictures(t, relay, l, dir)
			names = append(names, l.name)
		}
	}
	compose(t, dir, states, names, 0.33, filepath.Join("..", "..", "docs", "img", "contact-sheet-scripts.png"))
}

// takePictures takes every state in one look: DIR/state-look.png.
func takePictures(t *testing.T, relay string, l look, dir string) {
	t.Helper()
	open := func(t *testing.T, sitekey, attrs string) *tab {
		t.Helper()
		b := newLook(t, l)
		b.open(newPartner(t, form{Relay: relay, Markup: widget(sitekey, attrs), Style: true}).URL)
		return b
	}
	shoot := func(b *tab, state string) { b.shoot(filepath.Join(dir, state+"-"+l.name+".png")) }
	t.Run(l.name, func(t *testing.T) {
		b := open(t, "pk_test_pass", l.attrs)
		for _, s := range scenes(b) {
			s.goTo()
			shoot(b, s.name)
		}
	})
	t.Run(l.name+" trouble", func(t *testing.T) {
		for state, sitekey := range map[string]string{"error": "pk_test_down", "waiting": "pk_test_busy", "starting": "pk_test_slow"} {
			b := open(t, sitekey, l.attrs)
			b.state("notice")
			b.press("agree")
			b.state(state)
			if state == "error" {
				b.still("retry")
			}
			shoot(b, state)
		}
	})
	t.Run(l.name+" without wasm", func(t *testing.T) {
		b := open(t, "pk_test_pass", `mode="hosted" `+l.attrs)
		b.until(`!!` + part("retry"))
		shoot(b, "separate")
	})
}

func newLook(t *testing.T, l look) *tab {
	t.Helper()
	b := newTab(t)
	b.look(l)
	return b
}

// look has the page that is there, and those that come, be seen in another way.
func (b *tab) look(l look) {
	b.t.Helper()
	b.do(
		emulation.SetDeviceMetricsOverride(l.width, 760, 1.5, l.width < 500),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: l.scheme},
			{Name: "prefers-reduced-motion", Value: "reduce"},
		}),
	)
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
