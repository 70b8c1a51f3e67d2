package e2e

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// finding is a rule of axe-core that a page breaks, or that axe could not judge.
type finding struct {
	ID, Help string
	Nodes    []string // what it says of each element
}

// axe judges the whole page, a widget's inside too, by WCAG 2.2 A and AA and by the
// rules that axe calls best practice.
func axe(b *tab) (broken, unsure []finding) {
	b.t.Helper()
	source, err := os.ReadFile("node/node_modules/axe-core/axe.min.js")
	require.NoError(b.t, err, "make test fetches it: npm ci in server/internal/e2e/node")
	if !js[bool](b, `!!globalThis.axe`) {
		js[any](b, string(source)+`; 0`)
	}
	found := js[struct{ Broken, Unsure []finding }](b, `axe.run(document, {
		resultTypes: ['violations', 'incomplete'],
		runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'],
	}).then(r => {
		const list = l => l.map(f => ({ID: f.id, Help: f.help, Nodes: f.nodes.map(n => n.target.join(' ') + ': ' + (n.any.concat(n.all, n.none)[0]?.message))}));
		return {Broken: list(r.violations), Unsure: list(r.incomplete)};
	})`)
	return found.Broken, found.Unsure
}

func TestAxeFindsNothingInAnyStateAndTheme(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	for attrs, guises := range map[string][]guise{
		``: {
			{name: "light", media: map[string]string{"prefers-color-scheme": "light"}},
			{name: "dark", media: map[string]string{"prefers-color-scheme": "dark"}},
			{name: "forced colours", media: map[string]string{"forced-colors": "active"}},
		},
		`theme="contrast"`: {{name: "contrast"}},
		`lang="ur"`:        {{name: "phone, right to left", width: 320}},
	} {
		t.Run("widget "+attrs, func(t *testing.T) {
			walk(t, relay, attrs, guises[0], func(b *tab, name string) {
				b.each(guises, func(g guise) {
					broken, unsure := axe(b)
					require.Empty(t, broken, "%s, %s", name, g.name)
					if g.media["forced-colors"] == "" { // these colours are the system's; axe cannot tell them
						require.Empty(t, unsure, "%s, %s", name, g.name)
					}
				})
				b.as(guises[0])
			})
		})
	}
}

func TestAxeFindsNothingInTheNoticeOfAnyLanguage(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", ""), Style: true})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	languages := js[[]string](b, `[...`+part("language")+`.options].map(o => o.value)`)
	require.Contains(t, strings.Join(languages, " "), "ur")
	for _, lang := range languages {
		js[any](b, `EkycConnect.setLanguage('`+lang+`')`)
		b.openNotice()
		broken, _ := axe(b)
		require.Empty(t, broken, lang)
	}
}
