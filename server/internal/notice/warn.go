package notice

import (
	"fmt"
	"strings"
)

// warn lists what an operator should know about a purpose but may decide.
func warn(id string, p Purpose, languages []Language, opts Options) (warnings []string) {
	add := func(format string, args ...any) {
		warnings = append(warnings, "purpose "+id+": "+fmt.Sprintf(format, args...))
	}
	if p.VendorPurpose != p.Texts[english].Purpose {
		add("vendor_purpose differs from texts.%s.purpose: the vendor is told something else than the person", english)
	}
	if p.AlternativeURL == "" {
		add("alternative_url is empty: the page must listen for ekyc-decline and offer another ID itself")
	}
	var missing []string
	for _, l := range languages {
		text, ok := p.Texts[l.Tag]
		switch {
		case !ok:
			missing = append(missing, l.Tag)
			continue
		case l.Status == Draft && opts.AllowDrafts:
			add("%s (%s) is offered although no native speaker has reviewed its words; have one read them (docs/languages.md)", l.Tag, l.Name)
		case l.Status == Draft:
			add("%s (%s) is not offered: no native speaker has reviewed its words; have one read them (docs/languages.md), or set allow_drafts", l.Tag, l.Name)
		}
		if p.OVSERegistration == "" && text.OVSEBasis == "" {
			add("neither ovse_registration nor texts.%s.ovse_basis is given: whoever verifies Aadhaar offline must be registered with UIDAI", l.Tag)
		}
	}
	if len(missing) > 0 {
		add("not offered, because texts has no words of yours: %s", strings.Join(missing, ", "))
	}
	return warnings
}
