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
func filler(p Purpose, t Text) *strings.Replacer {
	return strings.NewReplacer(
		"{controller}", t.Controller,
		"{address}", t.Address,
		"{processor}", t.Processor,
		"{service}", t.Service,
		"{contact_name}", t.ContactName,
		"{ovse_registration}", p.OVSERegistration,
	)
}
