// Package pagestyle is what the relay's own pages look like. Their styles stand in the
// page itself, so that one that is saved or printed is whole, and the page's policy
// knows them by their hash.
package pagestyle

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
)

//go:embed base.css
var base string

// With is what all pages share, then a page's own rules.
func With(css string) template.CSS { return template.CSS(base + css) }

// Source is a text of the page as its Content-Security-Policy names it.
// https://www.w3.org/TR/CSP3/#grammardef-hash-source
func Source[T ~string](text T) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
