package notice

import (
	"strings"

	"golang.org/x/text/language"
)

// negotiator picks one of the languages offered for a purpose.
type negotiator struct {
	tags    []string // of the notices; English first
	matcher language.Matcher
}

func newNegotiator(tags []string) negotiator {
	supported := make([]language.Tag, len(tags))
	for i, t := range tags {
		supported[i] = language.Make(t)
	}
	return negotiator{tags, language.NewMatcher(supported)}
}

// pick is the best of the languages for what was asked for, else for the
// browser's Accept-Language, else English. What cannot be read counts as not
// said.
func (n negotiator) pick(requested, acceptLanguage string) string {
	if tag, err := language.Parse(requested); err == nil {
		if i, ok := n.match(tag); ok {
			return n.tags[i]
		}
	}
	// A browser's header is far shorter; the parser's work grows with it.
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

// match takes a language only for itself or what its own readers read: the
// tables' weaker guesses cross scripts and families (Bodo for Goan Konkani).
func (n negotiator) match(tag language.Tag) (int, bool) {
	tag = alias(tag)
	_, i, confidence := n.matcher.Match(tag)
	return i, confidence >= language.High
}

// alias maps what people and browsers ask for to the tag of a language file
// where the matching tables do not know the way.
func alias(tag language.Tag) language.Tag {
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
