package notice

import (
	"strings"

	"golang.org/x/text/language"
)

// negotiator picks one of the languages offered for a purpose.
type negotiator struct {
	tags      []string // of the notices; English first
	supported []language.Tag
	matcher   language.Matcher
}

func newNegotiator(tags []string) negotiator {
	n := negotiator{tags: tags}
	for _, t := range tags {
		n.supported = append(n.supported, language.Make(t))
	}
	n.matcher = language.NewMatcher(n.supported)
	return n
}

// pick is the best of the languages for what was asked for, else for the
// browser's Accept-Language, else English. What cannot be read counts as not
// said.
func (n negotiator) pick(requested, acceptLanguage string) string {
	// Tags and a browser's header are far shorter; the parsers' work grows with them.
	if len(requested) <= 64 {
		if tag, err := language.Parse(requested); err == nil {
			if i, ok := n.match(tag); ok {
				return n.tags[i]
			}
		}
	}
	if len(acceptLanguage) <= 1024 {
		if wanted, _, err := language.ParseAcceptLanguage(acceptLanguage); err == nil {
			for _, tag := range wanted {
				if i, ok := n.match(tag); ok {
					return n.tags[i]
				}
			}
		}
	}
	return english
}

// match takes a language only for itself, in the same script. The tables behind
// the matcher also guess what its readers may make out, sometimes confidently
// (English for Tamil, where Hindi may be next on the reader's list) and sometimes
// far off (Bodo for Goan Konkani).
func (n negotiator) match(tag language.Tag) (int, bool) {
	tag = alias(tag)
	_, i, confidence := n.matcher.Match(tag)
	return i, confidence > language.No && reads(tag) == reads(n.supported[i])
}

// reads is the language and script that a reader of tag needs.
func reads(tag language.Tag) [2]string {
	base, _ := tag.Base()
	script, _ := tag.Script()
	return [2]string{base.String(), script.String()}
}

// alias maps what people and browsers ask for to the tag of a language file
// where the matching tables do not know the way.
func alias(tag language.Tag) language.Tag {
	// knn, npi, ory, … to the language that they are the main form of.
	if whole, err := language.All.Canonicalize(tag); err == nil {
		tag = whole
	}
	base, script, _ := tag.Raw()
	switch base.String() {
	case "gom": // Goan Konkani, whose macrolanguage is kok
		return language.Make("kok")
	case "sat": // Santali is written in Ol Chiki unless said otherwise
		if s := script.String(); s == "Olck" || s == "Zzzz" {
			return language.Make("sat")
		}
	case "mni": // Manipuri without a script: as the tables have it, Bengali
		if s := script.String(); s == "Zzzz" || strings.EqualFold(s, "Beng") {
			return language.Make("mni-Beng")
		}
	}
	return tag
}
