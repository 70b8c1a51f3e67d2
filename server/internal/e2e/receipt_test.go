package e2e

import (
	"bytes"
	"image/png"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	qr "github.com/piglig/go-qr"
	"github.com/stretchr/testify/require"
)

// receipt makes a decision on the hosted page and opens its receipt.
func (b *tab) receipt(relay, lang, decision string) (address string) {
	b.t.Helper()
	b.open(relay + "/v1/hosted?" + url.Values{
		"sitekey": {"pk_test_pass"}, "purpose": {"account-opening"}, "state": {"state-of-this-visit"}, "origin": {relay}, "lang": {lang},
	}.Encode())
	b.on("notice", decision)
	b.do(chromedp.WaitVisible(`[data-part=receipt]`, chromedp.ByQuery))
	address = js[string](b, `document.querySelector('[data-part=receipt]').href`)
	b.open(address)
	b.do(chromedp.WaitVisible(`.state`, chromedp.ByQuery))
	return address
}

// withdraw presses the receipt's one button.
func (b *tab) withdraw() {
	b.t.Helper()
	b.click(`document.querySelector('button')`, 1)
	b.do(chromedp.WaitVisible(".ended", chromedp.ByQuery)) // another document: what is polled for would be lost
}

var receiptLooks = []struct {
	look
	contrast string // prefers-contrast
}{
	{look{"light", 768, "light", "en"}, ""}, {look{"dark", 768, "dark", "en"}, ""}, {look{"contrast", 768, "dark", "en"}, "more"},
	{look{"phone", 320, "light", "en"}, ""}, {look{"hindi", 320, "dark", "hi"}, ""}, {look{"urdu", 320, "light", "ur"}, ""},
}

func TestTheReceiptIsSoundInEveryStateAndLook(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	relay := startRelay(t)
	for _, lang := range []string{"en", "hi", "ur"} {
		t.Run(lang, func(t *testing.T) {
			b := newTab(t)
			seen := func(state string) {
				t.Helper()
				for _, l := range receiptLooks {
					if l.attrs != lang {
						continue
					}
					b.look(l.look)
					b.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
						{Name: "prefers-color-scheme", Value: l.scheme}, {Name: "prefers-contrast", Value: l.contrast},
					}))
					b.sound()
					require.Zero(t, js[int](b, `document.scripts.length`))
					if l.contrast == "more" && state == "given" {
						require.Equal(t, "rgb(0, 0, 0)", js[string](b, `getComputedStyle(document.querySelector('main')).backgroundColor`))
					}
					if forDocuments {
						b.shoot(filepath.Join(dir, "receipt-"+state+"-"+l.name+".png"))
					}
				}
			}
			b.receipt(relay, lang, "decline")
			seen("refused")
			b.receipt(relay, lang, "agree")
			seen("given")
			before := js[string](b, `document.title`)
			b.withdraw()
			require.Equal(t, "H1", js[string](b, `document.activeElement.tagName`), "a screen reader goes on from what has come of it")
			require.NotEqual(t, before, js[string](b, `document.title`))
			seen("withdrawn")
		})
	}
	if forDocuments {
		var names []string
		for _, l := range receiptLooks {
			names = append(names, l.name)
		}
		compose(t, dir, []string{"receipt-given", "receipt-refused", "receipt-withdrawn"}, names, 0.55, filepath.Join("..", "..", "docs", "img", "receipt.png"))
	}
}

// Paper shows all that was agreed to, and leads back to the button.
func TestThePrintedReceiptHoldsTheNoticeAndLeadsToTheWithdrawal(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	b := newTab(t)
	for _, lang := range []string{"en", "hi", "ur"} {
		b.look(look{lang, 768, "dark", lang})
		address := b.receipt(relay, lang, "agree")
		onScreen := js[[]string](b, `[...document.querySelectorAll('.panel :is(h2, h3, p, li, summary, .choice)')].map(e => e.innerText)`)
		require.Greater(t, len(onScreen), 30)
		b.do(emulation.SetEmulatedMedia().WithMedia("print").WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}))
		require.Equal(t, "rgb(23, 32, 44)", js[string](b, `getComputedStyle(document.body).color`), "paper is light")
		require.Equal(t, onScreen, js[[]string](b, `[...document.querySelectorAll('.panel :is(h2, h3, p, li, summary, .choice)')].filter(e => e.checkVisibility()).map(e => e.innerText)`))
		require.Equal(t, address, js[string](b, `document.querySelector('.address .code').innerText`))
		require.False(t, js[bool](b, `document.querySelector('button').checkVisibility()`))
		require.True(t, js[bool](b, `document.querySelector('form p').checkVisibility()`), "how to withdraw")

		var picture []byte
		b.do(chromedp.Screenshot(".qr", &picture, chromedp.ByQuery))
		drawn, err := png.Decode(bytes.NewReader(picture))
		require.NoError(t, err)
		read, err := qr.Decode(drawn)
		require.NoError(t, err)
		require.Equal(t, address, read)
	}
}
