package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// finish takes the n-th widget from its notice to a token.
func (b *tab) finish(n ...int) { b.t.Helper(); b.finishAnd("done", n...) }

// finishAnd is for pages that do something with the token at once.
func (b *tab) finishAnd(state string, n ...int) {
	b.t.Helper()
	b.press("agree", n...)
	b.state("captcha", n...)
	b.answer("abc12", n...)
	b.press("submit", n...)
	b.state(state, n...)
}

func TestATabAsleepPastTheEndOfItsTimeSaysSo(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	for name, c := range map[string]struct{ clocks, state string }{
		"both clocks went on":                      {"wall = 3.6e6, mono = 3.6e6", "expired"},
		"only the one on the wall did":             {"wall = 3.6e6", "expired"},
		"the wall's was set back, the other ran":   {"wall = -9e7, mono = 3.6e6", "expired"},
		"the wall's was set back and no time went": {"wall = -9e7", "done"},
	} {
		t.Run(name, func(t *testing.T) {
			site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", "")})
			b := newTab(t)
			b.do(onNewDocument(movableClock))
			b.open(site.URL)
			b.finish()
			token := b.field()
			js[any](b, c.clocks+`, `+woken)
			b.state(c.state)
			if c.state == "done" {
				require.Equal(t, token, b.field())
				return
			}
			require.Equal(t, ".expired", b.field())
			require.True(t, js[bool](b, `EkycConnect.isExpired()`))
			require.Len(t, events(b, "expire"), 1)
			b.do(clickContinue)
			require.Empty(t, site.posts, "a form that needs a token is not sent without")
			b.press("retry")
			b.until(`['notice', 'captcha'].includes(EkycConnect.getState())`)
		})
	}
}

func TestASessionThatEndedInSleepIsOverWithoutAnswers(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", "")})
	b := newTab(t)
	b.do(onNewDocument(movableClock))
	b.open(site.URL)
	b.press("agree")
	b.state("captcha")
	b.answer("abc12")
	js[any](b, hourLater)
	b.state("expired")
	b.press("retry")
	b.state("notice")
	b.finish()
	require.Equal(t, true, redeem(t, relay, b.field(), nil)["success"])
}

func TestADeviceWhoseClockIsWrongGetsATokenAllTheSame(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	for name, skew := range map[string]string{"three days ahead": "2.6e8", "three days behind": "-2.6e8"} {
		t.Run(name, func(t *testing.T) {
			site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", "")})
			b := newTab(t)
			b.do(onNewDocument(movableClock+`wall = `+skew), chromedp.Navigate(site.URL))
			b.finish()
			left := js[float64](b, `seen.find(e => e.type === 'token').expiresAt - Date.now()`)
			require.InDelta(t, 5*60_000, left, 5*60_000, "by the device's own clock, in ms")
			require.Equal(t, true, redeem(t, relay, b.field(), nil)["success"])
		})
	}
}

func TestOfflineIsSaidAndGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", "")})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	js[any](b, `EkycConnect.ready()`)
	b.offline(true)
	b.press("agree")
	b.state("error")
	require.Equal(t, "network", events(b, "error")[0]["code"])
	require.Equal(t, ".unreachable", b.field())
	b.offline(false)
	b.press("retry")
	b.state("captcha")
	b.answer("abc12")
	b.offline(true)
	b.press("submit")
	b.state("error")
	require.Equal(t, ".unreachable", b.field())
	b.offline(false)
	b.press("retry")
	b.until(`['captcha', 'done'].includes(EkycConnect.getState())`)
	if js[string](b, `EkycConnect.getState()`) == "captcha" {
		b.press("submit")
	}
	b.state("done")
	require.Len(t, events(b, "consent"), 1)
	require.Equal(t, "abc12", redeem(t, relay, b.field(), nil)["captcha"])
}

func (b *tab) offline(off bool) {
	b.t.Helper()
	b.do(network.EmulateNetworkConditions(off, 0, -1, -1))
}
