package notice

import (
	"html/template"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/wire"
)

func TestThePanelsOfAViewAreThoseThatTheWidgetPaints(t *testing.T) {
	c, err := New(map[string]Purpose{SandboxPurpose: Sandbox()}, Options{AllowDrafts: true})
	require.NoError(t, err)
	for n := range c.All() {
		panels, err := n.Panels()
		require.NoError(t, err)
		require.Len(t, panels, 5)
		exact, err := ReadStored(n.Bytes)
		require.NoError(t, err)
		require.Equal(t, exact, panels["panel-notice"])
		for name, panel := range panels {
			markup := string(panel.HTML(func(part, _ string) template.HTML { return "" }))
			require.True(t, strings.HasPrefix(markup, `<section data-part="`+name+`">`), markup)
		}
		require.Empty(t, exact.Href("alternative"))
	}
}

func TestWhereAnotherIDLeadsIsKnown(t *testing.T) {
	p := Sandbox()
	p.AlternativeURL = "https://bank.example/other?a=1&b=2"
	c, err := New(map[string]Purpose{SandboxPurpose: p}, Options{AllowDrafts: true})
	require.NoError(t, err)
	n, _ := c.Pick(SandboxPurpose, "en", "")
	panels, err := n.Panels()
	require.NoError(t, err)
	require.Equal(t, template.URL(p.AlternativeURL), panels["panel-declined"].Href("alternative"))
}

func TestEveryCodeIsSaidInTheWidgetsWords(t *testing.T) {
	words, err := NewWords(true)
	require.NoError(t, err)
	for _, tag := range []string{"en", "hi", "ur"} {
		l := words.In(tag)
		said := map[string]string{}
		for _, m := range l.messages(func(s string) string { return l.named(s, "Example Bank") }) {
			for _, key := range strings.Fields(m.Keys) {
				said[key] = m.Text
			}
		}
		for _, code := range wire.Codes() {
			if want, ok := said[string(code)]; ok && code != wire.WasmUnavailable { // of which only the widget speaks
				require.Equal(t, want, l.Said(code, "Example Bank"), code)
			}
			require.NotContains(t, l.Said(code, ""), "{")
		}
		require.Equal(t, l.Messages["unknown"], l.Said(wire.UnknownSitekey, ""))
		require.Equal(t, l.Messages["unknown"], l.Said("of-tomorrow", "x"))
		require.NotContains(t, l.PageWords("Example Bank")["title"], "{")
	}
	require.Equal(t, "ur", words.Pick("ur-PK", "hi").Tag)
	require.Equal(t, "hi", words.Pick("", "tlh, hi;q=0.5").Tag)
	require.Equal(t, "en", words.Pick("tlh", "").Tag)
}
