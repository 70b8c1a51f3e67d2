// Package notice makes the notices that a person reads before consenting: from
// the words of each language (lang/), the operator's words ([Purpose]) and one
// template (view.html). Each notice is rendered once at start, as nested arrays
// ["tag", {attribute: value}, child…] which the widget paints, and checked: one
// that lacks something that the DPDP Act and Rules or the Aadhaar Act ask for
// stops the relay from starting.
package notice

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"ekycconnect/wasm/wire"
)

// Notice is one purpose in one language, as it is shown. It does not change.
type Notice struct {
	Purpose       string          // the purpose's id
	Ref           wire.NoticeRef  // names exactly these words
	Languages     []wire.Language // that the purpose can be shown in, English first
	View          []byte          // JSON: the whole widget, this notice's panel in it
	Bytes         []byte          // canonical JSON {dir, id, lang, panel, version}: what Ref.SHA256 is of
	VendorPurpose string          // what Deepvue and UIDAI are told
	Controller    string          // the company that asks, by its name in this language
}

// Options say how notices are served.
type Options struct {
	AllowDrafts bool // offer languages that no native speaker has reviewed
	Test        bool // mark every view as a test
}

// Catalogue holds every notice in use. It is safe for concurrent use.
type Catalogue struct {
	notices  map[string]map[string]*Notice // by purpose, then tag
	offered  map[string]negotiator         // by purpose
	warnings []string
}

// New renders and checks every notice. An error names the purpose, the
// language and the setting, and says what to add.
func New(purposes map[string]Purpose, opts Options) (*Catalogue, error) {
	languages, err := Languages()
	if err != nil {
		return nil, err
	}
	c := &Catalogue{notices: map[string]map[string]*Notice{}, offered: map[string]negotiator{}}
	for _, id := range slices.Sorted(maps.Keys(purposes)) {
		if err := c.add(id, purposes[id], languages, opts); err != nil {
			return nil, fmt.Errorf("notice: purpose %s: %w", id, err)
		}
	}
	return c, nil
}

func (c *Catalogue) add(id string, p Purpose, languages []Language, opts Options) error {
	if id == "" || len(id) > 64 {
		return errors.New("give the purpose an id of 1 to 64 characters")
	}
	p = p.complete(id)
	if err := lint(p, languages); err != nil {
		return err
	}
	var pages []page
	var offered []wire.Language
	var tags []string
	for _, l := range languages {
		text, ok := p.Texts[l.Tag]
		if !ok || l.Status == Draft && !opts.AllowDrafts {
			continue
		}
		pages = append(pages, page{Purpose: p, Language: l, Text: text, Test: opts.Test, fill: filler(p, text, l.Dir).Replace})
		offered = append(offered, wire.Language{Tag: l.Tag, Name: l.Name, Dir: l.Dir})
		tags = append(tags, l.Tag)
	}
	c.notices[id] = make(map[string]*Notice, len(pages))
	for _, page := range pages {
		page.Languages = offered
		n, panel, err := page.render(id)
		if err == nil {
			err = lintPanel(page, panel)
		}
		if err != nil {
			return fmt.Errorf("texts.%s: %w", page.Tag, err)
		}
		c.notices[id][page.Tag] = n
	}
	c.offered[id] = newNegotiator(tags)
	c.warnings = append(c.warnings, warn(id, p, languages, opts)...)
	return nil
}

// Pick is the notice of a purpose in the language that fits best: the one asked
// for (BCP 47), else by the browser's Accept-Language, else English. ok is
// false for an unknown purpose.
func (c *Catalogue) Pick(purpose, requested, acceptLanguage string) (n *Notice, ok bool) {
	offered, ok := c.offered[purpose]
	if !ok {
		return nil, false
	}
	return c.notices[purpose][offered.pick(requested, acceptLanguage)], true
}

// Current is the notice of a purpose with that SHA-256; ok is false if no such
// notice is in use (any more).
func (c *Catalogue) Current(purpose, sha256 string) (n *Notice, ok bool) {
	for _, n := range c.notices[purpose] {
		if n.Ref.SHA256 == sha256 {
			return n, true
		}
	}
	return nil, false
}

// Controller is the company that asks for a purpose now, by its name in a
// language or else in English; empty for an unknown purpose.
func (c *Catalogue) Controller(purpose, tag string) string {
	n := c.notices[purpose][tag]
	if n == nil {
		n = c.notices[purpose][english]
	}
	if n == nil {
		return ""
	}
	return n.Controller
}

// All yields every notice in use, by purpose, then in the order offered.
func (c *Catalogue) All() iter.Seq[*Notice] {
	return func(yield func(*Notice) bool) {
		for _, id := range slices.Sorted(maps.Keys(c.offered)) {
			for _, tag := range c.offered[id].tags {
				if !yield(c.notices[id][tag]) {
					return
				}
			}
		}
	}
}

// Warnings are what the operator should know but may decide, a sentence each.
func (c *Catalogue) Warnings() []string { return slices.Clone(c.warnings) }
