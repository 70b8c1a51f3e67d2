// Package notice makes the notices that a person reads before consenting: from
// the words of each language (lang/), the operator's words ([Purpose]) and one
// template (view.html). Each notice is rendered once at start, as nested arrays
// ["tag", {attribute: value}, child…] which the widget paints, and checked: one
// that lacks something that the DPDP Act and Rules or the Aadhaar Act ask for
// stops the relay from starting.
package notice

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

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
}

// Options say how notices are served.
type Options struct {
	AllowDrafts bool // offer languages that no native speaker has reviewed
	Test        bool // mark every view as a test
}

// Catalogue holds every notice in use. It is safe for concurrent use.
type Catalogue struct {
	notices  map[string]map[string]*Notice // by purpose, then tag
	order    map[string]negotiator         // by purpose
	warnings []string
}

// New renders and checks every notice. An error names the purpose, the
// language and the setting, and says what to add.
func New(purposes map[string]Purpose, opts Options) (*Catalogue, error) {
	languages, err := Languages()
	if err != nil {
		return nil, err
	}
	c := &Catalogue{notices: map[string]map[string]*Notice{}, order: map[string]negotiator{}}
	for _, id := range slices.Sorted(maps.Keys(purposes)) {
		if err := c.add(id, purposes[id], languages, opts); err != nil {
			return nil, fmt.Errorf("notice: purpose %s: %w", id, err)
		}
	}
	return c, nil
}

func (c *Catalogue) add(id string, p Purpose, languages []Language, opts Options) error {
	known := make(map[string]Language, len(languages))
	for _, l := range languages {
		known[l.Tag] = l
	}
	for tag := range p.Texts {
		if _, ok := known[tag]; !ok {
			return fmt.Errorf("texts.%s: this language is not built in: there are %s", tag, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
	}
	if _, ok := p.Texts[english]; !ok {
		return fmt.Errorf("texts.%s is missing: English is shown when no other language fits, and must be offered (DPDP Act s.5(3))", english)
	}
	if p.ID == "" {
		p.ID = id
	}
	if p.VendorPurpose == "" {
		p.VendorPurpose = p.Texts[english].Purpose
	}
	if err := lintPurpose(p); err != nil {
		return err
	}
	pages := make([]page, 0, len(p.Texts))
	var offered []wire.Language
	var tags []string
	for _, l := range languages {
		text, ok := p.Texts[l.Tag]
		if !ok {
			continue
		}
		if text.Processor == "" {
			text.Processor = "Deepvue"
		}
		if err := lintText(p, text); err != nil {
			return fmt.Errorf("texts.%s: %w", l.Tag, err)
		}
		if l.Status == Draft && !opts.AllowDrafts {
			continue
		}
		offered = append(offered, wire.Language{Tag: l.Tag, Name: l.Name, Dir: l.Dir})
		tags = append(tags, l.Tag)
		pages = append(pages, page{Purpose: p, Language: l, Text: text, Test: opts.Test, fill: filler(p, text).Replace})
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
	c.order[id] = newNegotiator(tags)
	c.warn(id, p, languages, opts)
	return nil
}

// Pick is the notice of a purpose in the language that fits best: the one asked
// for (BCP 47), else by the browser's Accept-Language, else English. ok is
// false for an unknown purpose.
func (c *Catalogue) Pick(purpose, requested, acceptLanguage string) (n *Notice, ok bool) {
	order, ok := c.order[purpose]
	if !ok {
		return nil, false
	}
	return c.notices[purpose][order.pick(requested, acceptLanguage)], true
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

// All yields every notice in use, by purpose, then in the order offered.
func (c *Catalogue) All() iter.Seq[*Notice] {
	return func(yield func(*Notice) bool) {
		for _, id := range slices.Sorted(maps.Keys(c.order)) {
			for _, tag := range c.order[id].tags {
				if !yield(c.notices[id][tag]) {
					return
				}
			}
		}
	}
}

// Warnings are what the operator should know but may decide, a sentence each.
func (c *Catalogue) Warnings() []string { return slices.Clone(c.warnings) }

func (c *Catalogue) warn(id string, p Purpose, languages []Language, opts Options) {
	add := func(format string, args ...any) {
		c.warnings = append(c.warnings, fmt.Sprintf("purpose %s: ", id)+fmt.Sprintf(format, args...))
	}
	if p.VendorPurpose != p.Texts[english].Purpose {
		add("vendor_purpose differs from texts.%s.purpose: the vendor is told something else than the person", english)
	}
	if p.AlternativeURL == "" {
		add("alternative_url is empty: the page must listen for ekyc-decline and offer another ID itself")
	}
	for _, l := range languages {
		text, ok := p.Texts[l.Tag]
		switch {
		case !ok:
			add("texts.%s is missing: the notice is not offered in %s", l.Tag, l.Name)
			continue
		case l.Status == Draft && opts.AllowDrafts:
			add("%s (%s) is offered although no native speaker has reviewed its words", l.Tag, l.Name)
		case l.Status == Draft:
			add("%s (%s) is not offered: its words are a draft", l.Tag, l.Name)
		}
		if p.OVSERegistration == "" && text.OVSEBasis == "" {
			add("neither ovse_registration nor texts.%s.ovse_basis is there: whoever verifies Aadhaar offline must be registered with UIDAI", l.Tag)
		}
	}
}
