package notice

import (
	"html/template"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func stored(panel string) []byte {
	return []byte(`{"dir":"ltr","id":"n","lang":"en","panel":` + panel + `,"version":"1"}`)
}

func TestEveryNoticeIsReadBackAsItWasMade(t *testing.T) {
	c, err := New(map[string]Purpose{SandboxPurpose: Sandbox()}, Options{AllowDrafts: true})
	require.NoError(t, err)
	for n := range c.All() {
		s, err := ReadStored(n.Bytes)
		require.NoError(t, err)
		require.Equal(t, n.Ref.Lang, s.Lang)
		again, err := canonical(map[string]any{"id": s.ID, "version": s.Version, "lang": s.Lang, "dir": s.Dir, "panel": s.panel})
		require.NoError(t, err)
		require.Equal(t, string(n.Bytes), string(again))
		var parts []string
		markup := string(s.HTML(func(part, _ string) template.HTML { parts = append(parts, part); return "" }))
		require.Equal(t, []string{"language", "decline", "agree", "alternative"}, parts)
		require.NotContains(t, markup, "<button")
		require.NotContains(t, markup, "tabindex")
		require.Len(t, s.Contacts(), 2)
	}
}

func TestAStoredNoticeIsShownAsTextNeverAsMarkup(t *testing.T) {
	s, err := ReadStored(stored(`["section",{"class":"a\"><script>"},"<b>&amp;",["a",{"href":"https://x.example/?a=1&b=2"},"'link'"]]`))
	require.NoError(t, err)
	require.Equal(t, template.HTML(`<section class="a&#34;&gt;&lt;script&gt;">&lt;b&gt;&amp;amp;<a href="https://x.example/?a=1&amp;b=2">&#39;link&#39;</a></section>`),
		s.HTML(nil))
}

func TestAStoredNoticeIsReadStrictly(t *testing.T) {
	for name, panel := range map[string]string{
		"tag":       `["script",{},"x"]`,
		"inner tag": `["div",{},["iframe",{}]]`,
		"handler":   `["div",{"onclick":"x()"}]`,
		"style":     `["div",{"style":"x"}]`,
		"odd name":  `["div",{"data-x y=\"":"x"}]`,
		"link":      `["a",{"href":"javascript:x()"}]`,
		"no object": `["div","text"]`,
		"number":    `["div",{},1]`,
		"text":      `"text"`,
		"empty":     `[]`,
		"deep":      strings.Repeat(`["div",{},`, 40) + `"x"` + strings.Repeat("]", 40),
	} {
		_, err := ReadStored(stored(panel))
		require.Error(t, err, name)
	}
	_, err := ReadStored([]byte(`{"panel":["div",{}],"extra":1}`))
	require.Error(t, err)
}

func TestWordsAreFoundByTagAndByTheBrowser(t *testing.T) {
	w, err := NewWords(false)
	require.NoError(t, err)
	require.Equal(t, "hi", w.In("hi").Tag, "what was shown once is shown again, draft or not")
	require.Equal(t, "en", w.In("tlh").Tag)
	require.Equal(t, "en", w.Best("tlh, *").Tag)
	drafts, err := NewWords(true)
	require.NoError(t, err)
	require.Equal(t, "ur", drafts.Best("ur-PK, en").Tag)
	for _, l := range drafts.byTag {
		for key, text := range Named(l.Receipt, "R&D") {
			require.NotContains(t, text, "{", "%s.%s", l.Tag, key)
		}
	}
}
