package notice

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"strings"

	"ekycconnect/wasm/wire"
)

//go:embed view.html
var viewHTML string

var views = template.Must(template.New("").Parse(viewHTML))

// page is what view.html sees: one purpose in one language.
type page struct {
	Purpose
	Language
	Text      Text
	Languages []wire.Language // offered for the purpose
	Test      bool

	fill func(string) string
}

// anchor is a link that was checked by lint, so html/template need not.
type anchor struct {
	Href template.URL
	Text string
}

// T is the text of a key, with the operator's words in.
func (p page) T(key string) (string, error) {
	s, err := p.Language.say(key)
	return p.fill(s), err
}

// Part marks an element for the widget's code and for the partner's CSS.
func (p page) Part(name string) template.HTMLAttr {
	return template.HTMLAttr(`data-part="` + name + `"`)
}

// Tags are the languages that the notice is offered in. They are hashed with
// it; their own names come beside the view, and the widget puts them in.
func (p page) Tags() string {
	tags := make([]string, len(p.Languages))
	for i, l := range p.Languages {
		tags[i] = l.Tag
	}
	return strings.Join(tags, " ")
}

// Link is a link whose words are the text of a key.
func (p page) Link(href, key string) (anchor, error) {
	text, err := p.T(key)
	return anchor{template.URL(href), text}, err
}

// Mail is the contact's e-mail, nil without one.
func (p page) Mail() *anchor {
	if p.Contact.Email == "" {
		return nil
	}
	return &anchor{template.URL("mailto:" + p.Contact.Email), p.Contact.Email}
}

// Phone is the contact's telephone, nil without one.
func (p page) Phone() *anchor {
	if p.Contact.Phone == "" {
		return nil
	}
	return &anchor{template.URL(p.Contact.tel()), p.Contact.Phone}
}

// Messages are all that the widget says by itself.
func (p page) Messages() []message { return p.Language.messages(p.fill) }

// render makes the notice of one purpose in one language.
func (p page) render(id string) (*Notice, element, error) {
	var markup bytes.Buffer
	if err := views.ExecuteTemplate(&markup, "view", p); err != nil {
		return nil, nil, err
	}
	view, err := shape(markup.String())
	if err != nil {
		return nil, nil, err
	}
	panel := view.part("panel-notice")
	if panel == nil {
		return nil, nil, fmt.Errorf("view.html has no panel-notice")
	}
	exact, err := canonical(map[string]any{
		"id": p.ID, "version": p.Version, "lang": p.Tag, "dir": p.Dir, "panel": panel,
	})
	if err != nil {
		return nil, nil, err
	}
	whole, err := canonical(view)
	if err != nil {
		return nil, nil, err
	}
	sum := sha256.Sum256(exact)
	return &Notice{
		Purpose:       id,
		Ref:           wire.NoticeRef{ID: p.ID, Version: p.Version, Lang: p.Tag, Dir: p.Dir, SHA256: hex.EncodeToString(sum[:])},
		Languages:     p.Languages,
		View:          whole,
		Bytes:         exact,
		VendorPurpose: p.VendorPurpose,
		Controller:    p.Text.Controller,
	}, panel, nil
}
