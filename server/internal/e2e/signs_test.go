package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/stretchr/testify/require"
)

// sign is what is painted before or after a part and is no text of it.
func sign(e, where string) string {
	return `getComputedStyle(` + e + `, '::` + where + `').content`
}

// They are for eyes alone: the trees of TestWhatAScreenReaderIsGivenInEachState have the words only.
func TestSignsStandBesideTheWords(t *testing.T) {
	relay := startRelay(t)
	b := newTab(t)
	b.open(newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", "")}).URL)
	b.state("notice")
	require.Equal(t, `"× " / ""`, js[string](b, sign(part("decline"), "before")))
	require.Equal(t, "0px 2px 2px 0px", js[string](b, `getComputedStyle(`+part("agree")+`, '::before').borderWidth`), "a tick, drawn")
	require.Equal(t, `"अ/A" / ""`, js[string](b, sign(part("language")+".parentNode", "after")))
}

func TestWhoWantsMoreContrastHasItWhereTheThemeIsTheirs(t *testing.T) {
	relay := startRelay(t)
	for _, scheme := range []string{"light", "dark"} {
		for theme, more := range map[string]bool{"": true, `theme="auto"`: true, `theme="contrast"`: true, `theme="light"`: false, `theme="dark"`: false} {
			b := newTab(t)
			b.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-contrast", Value: "more"}, {Name: "prefers-color-scheme", Value: scheme}}))
			b.open(newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", theme)}).URL)
			b.state("notice")
			looks := js[[]string](b, `(s => [s.backgroundColor, s.color, s.colorScheme])(getComputedStyle(`+part("view")+`))`)
			if want := []string{"rgb(0, 0, 0)", "rgb(255, 255, 255)", "dark"}; more {
				require.Equal(t, want, looks, "%s, %s", theme, scheme)
			} else {
				require.NotEqual(t, want, looks, "%s, %s", theme, scheme)
			}
		}
	}
}
