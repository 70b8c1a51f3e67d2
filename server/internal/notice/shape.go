package notice

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// tags are all that the loader creates; it refuses a view with any other.
var tags = strings.Fields(`div section header footer h2 h3 p ul ol li dl dt dd span strong em bdi a button form label
	input select option output canvas details summary fieldset legend svg path`)

// attributes are all that a view sets, beside data-* and aria-*. The loader
// refuses on*, style, src, srcdoc, action and formaction.
var attributes = strings.Fields(`autocapitalize autocomplete autocorrect class d dir for height hidden href id inputmode
	lang maxlength part rel role selected spellcheck tabindex target type value viewBox width`)

// An element is ["tag", {attribute: value}, child…] in JSON. The object is
// always there, even empty; a child is an element or a string.
type element []any

func (e element) tag() string              { return e[0].(string) }
func (e element) attrs() map[string]string { return e[1].(map[string]string) }
func (e element) children() []any          { return e[2:] }
func (e element) attr(name string) string  { return e.attrs()[name] }
func (e element) part(name string) element { return e.find("data-part", name) }

// all visits e and everything below it, in the order of the document.
func (e element) all(visit func(e element)) {
	visit(e)
	for _, c := range e.children() {
		if c, ok := c.(element); ok {
			c.all(visit)
		}
	}
}

// find is the first element whose attribute has that value, nil if none.
func (e element) find(attr, value string) (found element) {
	e.all(func(c element) {
		if v, ok := c.attrs()[attr]; ok && v == value && found == nil {
			found = c
		}
	})
	return found
}

// text is all of e's text, a space between nodes.
func (e element) text() string {
	return e.textOf(func(element, element) bool { return true })
}

// textOf is the text of e without that of the elements which are not wanted; wanted gets
// each with its parent.
func (e element) textOf(wanted func(parent, child element) bool) string {
	var words []string
	for _, c := range e.children() {
		switch c := c.(type) {
		case string:
			words = append(words, strings.TrimSpace(c))
		case element:
			if wanted(e, c) {
				words = append(words, c.textOf(wanted))
			}
		}
	}
	return strings.Join(words, " ")
}

// canonical is v as RFC 8785 canonical JSON.
func canonical(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	value := jsontext.Value(b)
	if err := value.Canonicalize(); err != nil {
		return nil, err
	}
	return value, nil
}

// shape turns markup with one root element into nested arrays. Runs of white
// space become one blank; text that is only white space is dropped, and so is
// a blank at the very beginning or end of an element.
func shape(markup string) (element, error) {
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(strings.TrimSpace(markup)), body)
	if err != nil {
		return nil, err
	}
	if len(nodes) != 1 || nodes[0].Type != html.ElementNode {
		return nil, fmt.Errorf("the markup has %d roots, want one", len(nodes))
	}
	return shapeNode(nodes[0])
}

func shapeNode(n *html.Node) (element, error) {
	if !slices.Contains(tags, n.Data) {
		return nil, fmt.Errorf("tag <%s> is not allowed in a view", n.Data)
	}
	attrs := make(map[string]string, len(n.Attr))
	for _, a := range n.Attr {
		if !allowed(a.Key) || a.Namespace != "" {
			return nil, fmt.Errorf("attribute %s of <%s> is not allowed in a view", a.Key, n.Data)
		}
		if a.Key == "href" && !linkable(a.Val) {
			return nil, fmt.Errorf("a link in the view is not https, mailto or tel")
		}
		attrs[a.Key] = a.Val
	}
	e := element{n.Data, attrs}
	for c := range n.ChildNodes() {
		switch c.Type {
		case html.TextNode:
			if text := tidy(c); text != "" {
				e = append(e, text)
			}
		case html.ElementNode:
			child, err := shapeNode(c)
			if err != nil {
				return nil, err
			}
			e = append(e, child)
		}
	}
	return e, nil
}

func allowed(attribute string) bool {
	return slices.Contains(attributes, attribute) || strings.HasPrefix(attribute, "data-") || strings.HasPrefix(attribute, "aria-")
}

func tidy(n *html.Node) string {
	const space = " \t\r\n\f" // not the no-break space, which is a character
	words := strings.FieldsFunc(n.Data, func(r rune) bool { return strings.ContainsRune(space, r) })
	if len(words) == 0 {
		return ""
	}
	text := strings.Join(words, " ")
	if n.PrevSibling != nil && strings.ContainsRune(space, rune(n.Data[0])) {
		text = " " + text
	}
	if n.NextSibling != nil && strings.ContainsRune(space, rune(n.Data[len(n.Data)-1])) {
		text += " "
	}
	return text
}
