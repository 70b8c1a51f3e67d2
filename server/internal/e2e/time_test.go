package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// seenText is all the text of the widget that can be seen, and heard or not.
const seenText = `[...document.querySelector('ekyc-connect').shadowRoot.querySelectorAll('.ekyc > p')].filter(e => e.textContent && getComputedStyle(e).clipPath == 'none').map(e => e.textContent)`

// WCAG 2.2, 2.2.1: who needs longer is told in time, and goes on by one press.
func TestWhatEndsSoonIsToldAndAPressGoesOn(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", "")})
	b := newTab(t)
	b.do(onNewDocument(movableClock))
	b.open(site.URL)
	b.press("agree")
	b.state("captcha")
	js[any](b, listen)
	passes := func(seconds int) {
		js[any](b, fmt.Sprintf(`wall += %d, `, seconds*1000)+woken)
	}
	told := func(said string) {
		b.t.Helper()
		b.until(`said.length > 0`)
		require.Equal(t, []string{"status: " + said}, b.take("said"), "once")
		require.Equal(t, []string{said}, js[[]string](b, seenText), "once")
		require.Empty(t, b.take("went"))
	}
	passes(485)
	told("Please go on within 120 seconds.")
	passes(88)
	told("Please go on within 30 seconds.")
	b.answer("abc12")
	b.press("submit")
	b.state("done")
	b.take("said")
	b.take("went")
	first := b.field()

	js[any](b, `EkycConnect.reset(), 0`)
	b.state("notice")
	b.press("agree")
	b.state("captcha")
	b.answer("abc12")
	b.press("submit")
	b.state("done")
	b.take("said")
	b.take("went")
	require.Nil(t, js[any](b, part("retry")+` ?? null`), "there is time")
	passes(185)
	told("Please go on within 120 seconds.")
	passes(88)
	told("Please go on within 30 seconds.")
	second := b.field()
	b.press("retry")
	b.state("captcha")
	b.answer("abc12")
	b.press("submit")
	b.state("done")
	require.NotContains(t, []string{first, second}, b.field())
	require.Len(t, events(b, "consent"), 2, "the consent is the same")
	require.Equal(t, true, redeem(t, relay, b.field(), nil)["success"])
}

func TestTheSecondsOfAWaitAreSeenToPass(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	way := newRoad(t, relay)
	site := newPartner(t, form{Relay: way.URL, Markup: widget("pk_test_pass", "")})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	js[any](b, `EkycConnect.ready()`)
	js[any](b, listen)
	way.refuse("/v1/sessions", 503, "vendor_busy", 4)
	b.press("agree")
	// What is seen while the page counts down: a slow machine may miss some.
	seconds := js[[]int](b, `new Promise(done => {
		const seen = [], look = () => {
			const texts = `+seenText+`, [, left] = /in (\d) second/.exec(texts.join()) || [];
			if (left && texts.length === 1 && seen.at(-1) != left) seen.push(+left);
			left == 2 || seen.length && !left ? done(seen) : setTimeout(look, 20);
		};
		look();
	})`)
	require.Greater(t, len(seconds), 1)
	require.True(t, slices.IsSortedFunc(seconds, func(a, b int) int { return b - a }), "%v", seconds)
	way.open("/v1/sessions")
	b.state("captcha")
	heard := 0
	for _, said := range b.take("said") {
		if said == "status: Many people are using this now. It goes on by itself in 4 seconds." {
			heard++
		}
		require.NotContains(t, said, " 3 seconds")
	}
	require.Equal(t, 1, heard)
}
