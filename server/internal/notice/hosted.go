package notice

import (
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"ekycconnect/wasm/wire"
)

// Panels are the panels of the widget's view by their names ("panel-notice" …),
// for the page that shows them as plain HTML. panel-notice is, to the byte, the
// one in Bytes.
func (n *Notice) Panels() (map[string]Stored, error) {
	view, err := readElement(jsontext.Value(n.View), 0)
	if err != nil {
		return nil, fmt.Errorf("notice: read a view: %w", err)
	}
	panels := map[string]Stored{}
	for _, child := range view.children() {
		panel, ok := child.(element)
		if name := panelName(panel, ok); name != "" {
			delete(panel.attrs(), "hidden") // who shows one decides which
			panel = slices.DeleteFunc(panel, hidden)
			panels[name] = Stored{n.Ref.ID, n.Ref.Version, n.Ref.Lang, n.Ref.Dir, panel}
		}
	}
	return panels, nil
}

// hidden finds what only the widget shows, by script.
func hidden(child any) bool {
	e, ok := child.(element)
	if ok {
		_, ok = e.attrs()["hidden"]
	}
	return ok
}

func panelName(e element, ok bool) string {
	if !ok || !strings.HasPrefix(e.attr("data-part"), "panel-") {
		return ""
	}
	return e.attr("data-part")
}

// Href is where a part of the panel leads, empty if it is no link.
func (s Stored) Href(part string) template.URL {
	if e := s.panel.part(part); e != nil {
		return template.URL(e.attr("href"))
	}
	return ""
}

// Pick is the language for what was asked for, else for a browser's
// Accept-Language, else English.
func (w *Words) Pick(requested, acceptLanguage string) Language {
	return w.byTag[w.offer.pick(requested, acceptLanguage)]
}

// Said is what a person is told of a code, in the widget and elsewhere.
// controller is the company's name; where nobody knows it, a text that needs it
// gives way to the general one.
func (l Language) Said(code wire.Code, controller string) string {
	key, ok := shared[code]
	if !ok {
		key = string(code)
	}
	text, ok := l.Messages[key]
	if !ok || controller == "" && strings.Contains(text, "{controller}") {
		text = l.Messages["unknown"]
	}
	return l.named(text, controller)
}

// PageWords are the texts of the hosted page with the company's name in them.
func (l Language) PageWords(controller string) map[string]string {
	filled := maps.Clone(l.Page)
	for key, text := range filled {
		filled[key] = l.named(text, controller)
	}
	return filled
}

func (l Language) named(text, controller string) string {
	return strings.ReplaceAll(text, "{controller}", isolated(controller, l.Dir))
}

// Heading is the panel's heading.
func (s Stored) Heading() string {
	if e := s.panel.part("heading"); e != nil {
		return e.text()
	}
	return ""
}
