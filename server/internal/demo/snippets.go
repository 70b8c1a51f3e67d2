package demo

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"text/template"

	"ekycconnect/wasm/wire"
	files "ekycconnect/web/demo"
)

// snippet is code to copy, for the choices made.
type snippet struct{ ID, Label, Text string }

// snippets are the code for one side of the work.
type snippets struct {
	ID, Title, Hint string
	All             []snippet
}

// Labels by the template's name, in the order in which they are shown.
var (
	pageSnippets    = [][2]string{{"page.html.txt", "HTML"}, {"react.jsx.txt", "React"}, {"vue.vue.txt", "Vue"}}
	backEndSnippets = [][2]string{{"curl.sh.txt", "curl"}, {"go.go.txt", "Go"}, {"node.mjs.txt", "Node"}, {"python.py.txt", "Python"}, {"php.php.txt", "PHP"}}
)

// parseSnippets reads the templates. They are plain text: a page escapes the whole.
func parseSnippets() (*template.Template, error) {
	return template.ParseFS(files.Files, "snippets/*.txt")
}

// chosen is what a snippet shows. All of it is of closed lists or the relay's own, so that it needs no
// escaping in any of the languages.
type chosen struct {
	frame
	Relay string
}

// Attributes are those that differ from what the element does without them.
func (c chosen) Attributes() string {
	var out strings.Builder
	for _, a := range []struct{ name, value, without string }{{"lang", c.Lang, ""}, {"theme", c.Theme, themes[0]}, {"mode", c.Mode, modes[0]}} {
		if a.value != a.without {
			fmt.Fprintf(&out, ` %s="%s"`, a.name, a.value)
		}
	}
	return out.String()
}

// Preload is the address of the notice, letter for letter as the element will ask
// for it; only a page that knows its language can know it.
func (c chosen) Preload() string {
	if c.Lang == "" || c.Mode != modes[0] {
		return ""
	}
	query := "sitekey=" + url.QueryEscape(c.Sitekey) + "&amp;purpose=" + url.QueryEscape(c.Purpose) + "&amp;lang=" + url.QueryEscape(c.Lang)
	return c.Relay + "/v1/view?" + query
}

// snippets renders the code for the choices of a page.
func (d *demo) snippets(f frame) ([]snippets, error) {
	if !slices.ContainsFunc(d.languages, func(l wire.Language) bool { return l.Tag == f.Lang }) {
		f.Lang = ""
	}
	c := chosen{frame: f, Relay: d.Relay()}
	both := []snippets{
		{ID: "page", Title: "In your page"},
		{ID: "back-end", Title: "In your back end", Hint: "Three calls, as the person goes on: token, number, one-time password. EKYC_SECRET is the secret of this sitekey; README.md tells the sandbox's."},
	}
	if c.Preload() == "" {
		both[0].Hint = "Choose a language to see the line that has the notice fetched beside the script."
	}
	for i, list := range [][][2]string{pageSnippets, backEndSnippets} {
		for _, s := range list {
			var text strings.Builder
			if err := d.code.ExecuteTemplate(&text, s[0], c); err != nil {
				return nil, fmt.Errorf("demo: %w", err)
			}
			id, _, _ := strings.Cut(s[0], ".")
			both[i].All = append(both[i].All, snippet{id, s[1], text.String()})
		}
	}
	return both, nil
}
