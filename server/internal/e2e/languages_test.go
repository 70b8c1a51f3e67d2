package e2e

import (
	"html/template"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// languages are all that the relay has words for.
var languages = strings.Fields("as bn brx doi en gu hi kn kok ks mai ml mni-Beng mni-Mtei mr ne or pa sa sat sd ta te ur")

// TestEveryLanguageIsShownWholeOnASmallPhone opens a page in each language and
// looks at the whole notice.
func TestEveryLanguageIsShownWholeOnASmallPhone(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	b := newLook(t, look{"phone", 320, "light", ""})
	rule := template.HTML("<style>" + placeRule(t) + "</style>")
	read := map[string]string{}
	var shots []shot
	for _, tag := range languages {
		b.open(newPartner(t, form{Relay: relay, Markup: rule + widget("pk_test_pass", `lang="`+tag+`"`), Style: true}).URL)
		b.state("notice")
		require.Empty(t, js[[]string](b, brokenWords), tag)
		require.LessOrEqual(t, js[float64](b, `document.querySelector('ekyc-connect').shadowRoot.querySelector('.ekyc').getBoundingClientRect().height`),
			js[float64](b, `parseFloat(getComputedStyle(document.querySelector('ekyc-connect')).minHeight) || 544`), "%s: the place that the documents keep for it", tag)
		b.openNotice()
		require.ElementsMatch(t, languages, js[[]string](b, `[...`+part("language")+`.options].map(o => o.value)`))
		view := js[struct{ Lang, Dir, Chosen, Words string }](b, `(() => {
			const v = `+part("view")+`;
			return {Lang: v.lang, Dir: getComputedStyle(v).direction, Chosen: `+part("language")+`.value, Words: `+part("panel-notice")+`.innerText};
		})()`)
		require.Equal(t, tag, view.Lang)
		require.Equal(t, tag, view.Chosen)
		dir := "ltr"
		if slices.Contains([]string{"ks", "sd", "ur"}, tag) {
			dir = "rtl"
		}
		require.Equal(t, dir, view.Dir, tag)
		require.Empty(t, read[view.Words], "%s reads like another", tag)
		read[view.Words] = tag
		require.Empty(t, js[[]string](b, misfits), tag)
		if forDocuments {
			file := filepath.Join(t.TempDir(), tag+".png")
			b.shoot(file)
			shots = append(shots, shot{tag, file})
		}
	}
	if forDocuments {
		contactSheet(t, slices.Collect(slices.Chunk(shots, 8)), 0.55, filepath.Join("..", "..", "docs", "img", "languages.png"))
	}
}
