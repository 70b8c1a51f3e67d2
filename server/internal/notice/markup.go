package notice

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/net/html"
)

// controls are what a person could press or change before a script is there to answer.
var controls = []string{"button", "input", "select"}

// Markup is the view as HTML, with the choice of languages in it, as the loader paints
// it; but all controls are disabled, as long as nothing answers them. Where no script
// runs, a link leads to the hosted page.
func (n *Notice) Markup(hosted string) (string, error) {
	view, err := readElement(jsontext.Value(n.View), 0)
	if err != nil {
		return "", err
	}
	for _, l := range n.Languages {
		attrs := map[string]string{"value": l.Tag, "lang": l.Tag, "dir": l.Dir}
		if l.Tag == n.Ref.Lang {
			attrs["selected"] = ""
		}
		view.add("language", element{"option", attrs, l.Name})
	}
	// The page that it stands in may send no referrer; the hosted page learns the origin from it.
	link := element{"a", map[string]string{"href": hosted, "referrerpolicy": "strict-origin"}, view.message("open")}
	plain := element{"noscript", map[string]string{}, element{"p", map[string]string{}, link}}
	var out strings.Builder
	err = errors.Join(html.Render(&out, view.node()), html.Render(&out, plain.node()))
	return out.String(), err
}

// add gives the element of a part one more child.
func (e element) add(part string, child element) {
	for i, c := range e {
		if c, ok := c.(element); ok && c.attr("data-part") == part {
			e[i] = append(c, child)
		} else if ok {
			c.add(part, child)
		}
	}
}

// message is one of the texts that the widget can show.
func (e element) message(key string) (text string) {
	e.all(func(c element) {
		if slices.Contains(strings.Fields(c.attr("class")), key) {
			text = c.text()
		}
	})
	return text
}

func (e element) node() *html.Node {
	n := &html.Node{Type: html.ElementNode, Data: e.tag()}
	for _, name := range slices.Sorted(maps.Keys(e.attrs())) {
		n.Attr = append(n.Attr, html.Attribute{Key: name, Val: e.attr(name)})
	}
	if part := e.attr("data-part"); part != "" {
		n.Attr = append(n.Attr, html.Attribute{Key: "part", Val: part})
	}
	if slices.Contains(controls, e.tag()) {
		n.Attr = append(n.Attr, html.Attribute{Key: "disabled"})
	}
	for _, c := range e.children() {
		switch c := c.(type) {
		case element:
			n.AppendChild(c.node())
		case string:
			n.AppendChild(&html.Node{Type: html.TextNode, Data: c})
		}
	}
	return n
}
