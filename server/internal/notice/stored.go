package notice

import (
	"errors"
	"fmt"
	"html"
	"html/template"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Stored is a notice as it was kept: the exact panel that somebody was shown,
// whatever the templates and words of today are.
type Stored struct {
	ID, Version, Lang, Dir string
	panel                  element
}

// maxDepth is far above that of any notice.
const maxDepth = 32

// ReadStored reads [Notice].Bytes. It takes nothing that the loader would not
// have painted.
func ReadStored(exact []byte) (Stored, error) {
	var text struct {
		ID      string         `json:"id"`
		Version string         `json:"version"`
		Lang    string         `json:"lang"`
		Dir     string         `json:"dir"`
		Panel   jsontext.Value `json:"panel"`
	}
	if err := json.Unmarshal(exact, &text, json.RejectUnknownMembers(true)); err != nil {
		return Stored{}, fmt.Errorf("notice: read a stored notice: %w", err)
	}
	panel, err := readElement(text.Panel, 0)
	if err != nil {
		return Stored{}, fmt.Errorf("notice: read a stored notice: %w", err)
	}
	return Stored{text.ID, text.Version, text.Lang, text.Dir, panel}, nil
}

func readElement(raw jsontext.Value, depth int) (element, error) {
	var members []jsontext.Value
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, err
	}
	if len(members) < 2 || depth > maxDepth {
		return nil, errors.New("an element is [tag, attributes, child…], not too deep")
	}
	var tag string
	attrs := map[string]string{}
	if err := errors.Join(json.Unmarshal(members[0], &tag), json.Unmarshal(members[1], &attrs)); err != nil {
		return nil, err
	}
	if !slices.Contains(tags, tag) {
		return nil, fmt.Errorf("tag <%.20s> is not allowed in a view", tag)
	}
	for name, value := range attrs {
		if !allowed(name) || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzB-") != "" {
			return nil, fmt.Errorf("attribute %.20s of <%s> is not allowed in a view", name, tag)
		}
		if name == "href" && !linkable(value) {
			return nil, errors.New("a link in the view is not https, mailto or tel")
		}
	}
	e := element{tag, attrs}
	for _, raw := range members[2:] {
		if raw.Kind() == '[' {
			child, err := readElement(raw, depth+1)
			if err != nil {
				return nil, err
			}
			e = append(e, child)
			continue
		}
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, err
		}
		e = append(e, text)
	}
	return e, nil
}

// Contacts are the notice's addresses for questions: mailto: and tel: links.
func (s Stored) Contacts() (links []Link) {
	s.panel.all(func(e element) {
		if href := e.attr("href"); strings.HasPrefix(href, "mailto:") || strings.HasPrefix(href, "tel:") {
			links = append(links, Link{template.URL(href), e.text()})
		}
	})
	return links
}

// Link is a link that [ReadStored] has checked.
type Link struct {
	Href template.URL
	Text string
}

// controlTags are what a page shows in its own way, or not at all.
var controlTags = []string{"button", "select", "input", "form", "label", "canvas", "output"}

// HTML is the panel as markup. What could be operated is what control makes of
// it, by its data-part and its text; details are open.
func (s Stored) HTML(control func(part, text string) template.HTML) template.HTML {
	var out strings.Builder
	s.panel.write(&out, control)
	return template.HTML(out.String())
}

func (e element) write(out *strings.Builder, control func(part, text string) template.HTML) {
	if part := e.attr("data-part"); slices.Contains(controlTags, e.tag()) || part == "alternative" {
		out.WriteString(string(control(part, e.text())))
		return
	}
	out.WriteString("<" + e.tag())
	for _, name := range slices.Sorted(maps.Keys(e.attrs())) {
		if name == "part" || name == "tabindex" {
			continue // of the widget's shadow tree
		}
		out.WriteString(" " + name + `="` + html.EscapeString(e.attr(name)) + `"`)
	}
	if e.tag() == "details" {
		out.WriteString(" open")
	}
	out.WriteString(">")
	for _, child := range e.children() {
		switch child := child.(type) {
		case string:
			out.WriteString(html.EscapeString(child))
		case element:
			child.write(out, control)
		}
	}
	out.WriteString("</" + e.tag() + ">")
}
