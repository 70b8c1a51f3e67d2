package notice

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/wire"
)

// What stands in a page before any script is what the loader would have painted, in
// every language; nothing acts yet.
func TestMarkupIsThePaintedViewWithItsControlsDisabled(t *testing.T) {
	all, err := whole()
	require.NoError(t, err)
	for n := range all.All() {
		markup, err := n.Markup("https://relay.example/v1/hosted?sitekey=pk_a&lang=en")
		require.NoError(t, err)
		want := painted(t, n)
		for _, l := range n.Languages {
			attrs := map[string]string{"value": l.Tag, "lang": l.Tag, "dir": l.Dir}
			if l == (wire.Language{Tag: n.Ref.Lang, Name: l.Name, Dir: n.Ref.Dir}) {
				attrs["selected"] = ""
			}
			want.add("language", element{"option", attrs, l.Name})
		}
		controls := 0
		want.all(func(e element) {
			if part := e.attr("data-part"); part != "" {
				e.attrs()["part"] = part
			}
			switch e.tag() {
			case "button", "input", "select":
				controls++
			}
		})
		markup, plain, ok := strings.Cut(markup, "<noscript>")
		require.True(t, ok)
		require.Regexp(t, `^<p><a href="https://relay\.example/v1/hosted\?sitekey=pk_a&amp;lang=en" referrerpolicy="strict-origin">[^<]+</a></p></noscript>$`, plain)
		const disabled = ` disabled=""`
		require.Equal(t, controls, strings.Count(markup, disabled), n.Ref.Lang)
		got, err := shape(strings.ReplaceAll(markup, disabled, ""))
		require.NoError(t, err)
		require.Equal(t, want, got, n.Ref.Lang)
	}
}
