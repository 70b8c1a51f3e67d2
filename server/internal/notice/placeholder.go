package notice

import (
	"regexp"
	"slices"
	"strings"
)

// A placeholder stands in braces in a language's text: {controller}.
var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

// seconds is the one placeholder that the widget fills in, not the relay.
const seconds = "{seconds}"

// placeholders are those of s, each once, sorted.
func placeholders(s string) []string {
	found := placeholder.FindAllString(s, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// filler puts the operator's words into a language's text. The words are taken
// as they are: braces in them are not looked at again.
func filler(p Purpose, t Text, dir string) *strings.Replacer {
	return strings.NewReplacer(
		"{controller}", isolated(t.Controller, dir),
		"{address}", isolated(t.Address, dir),
		"{processor}", isolated(t.Processor, dir),
		"{purpose}", isolated(t.Purpose, dir),
		"{service}", isolated(t.Service, dir),
		"{contact_name}", isolated(t.ContactName, dir),
		"{ovse_registration}", isolated(p.OVSERegistration, dir),
	)
}

// isolated keeps the operator's words whole in a text from right to left: else
// a Latin name with a dot or a number at its end would be torn apart and turn
// the words beside it. Characters do it, not <bdi>, because the widget shows
// some texts as plain text
// (https://www.w3.org/International/questions/qa-bidi-unicode-controls).
func isolated(words, dir string) string {
	if dir != "rtl" {
		return words
	}
	const firstStrongIsolate, popIsolate = "\u2068", "\u2069"
	return firstStrongIsolate + words + popIsolate
}
