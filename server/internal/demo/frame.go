package demo

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"ekycconnect/server/internal/notice"
)

// passes is the test sitekey with which all goes well.
const passes = "pk_test_pass"

// outcomes says what each test sitekey shows.
var outcomes = map[string]string{
	passes:                 "all goes well, with any letters",
	"pk_test_slow":         "the vendor takes 3 seconds",
	"pk_test_busy":         "busy vendor, the third try passes",
	"pk_test_down":         "the vendor is down",
	"pk_test_rejected":     "the vendor refuses the bank",
	"pk_test_badjpeg":      "the picture is broken",
	"pk_test_expired":      "tokens are born expired",
	"pk_test_wrongcaptcha": "generate-otp refuses the first letters",
}

// What can be chosen for the widget, the default first.
var (
	themes = []string{"auto", "light", "dark", "contrast"}
	modes  = []string{"inline", "hosted"}
	widths = []string{"full", "600", "360", "320", "280"} // CSS pixels
)

// The pages with a form.
const (
	playground = "playground"
	account    = "account"
)

// frame is what every page has: where it stands, and the choices to keep.
type frame struct {
	Root string // of the demo, relative to the page, so that any path before it works
	At   string // the page with the form that this one is or came from

	Sitekey, Purpose, Lang, Theme, Mode, Width string
}

type field struct{ Name, Value string }

// Kept are the choices, as the fields of a form.
func (f frame) Kept() []field {
	return []field{{"sitekey", f.Sitekey}, {"lang", f.Lang}, {"theme", f.Theme}, {"mode", f.Mode}, {"width", f.Width}}
}

// Query carries the choices in links.
func (f frame) Query() template.URL {
	query := url.Values{}
	for _, kept := range f.Kept() {
		query.Set(kept.Name, kept.Value)
	}
	return template.URL(query.Encode()) // encoded
}

// Home leads to the page with the form.
func (f frame) Home() template.URL {
	path := template.URL(f.Root) + "/"
	if f.At == account {
		path += "demo/account"
	}
	return path + "?" + f.Query()
}

// frameOf reads the choices of a request; what it does not know is ignored.
func frameOf(r *http.Request, root string) frame {
	one := func(name string, of []string) string {
		if v := r.FormValue(name); slices.Contains(of, v) {
			return v
		}
		return of[0]
	}
	f := frame{
		Root: root, At: one("at", []string{playground, account}), Sitekey: passes, Purpose: notice.SandboxPurpose,
		Theme: one("theme", themes), Mode: one("mode", modes), Width: one("width", widths),
	}
	if key := r.FormValue("sitekey"); outcomes[key] != "" {
		f.Sitekey = key
	}
	if lang := r.FormValue("lang"); len(lang) <= 35 { // BCP 47: the longest usual tag
		f.Lang = lang
	}
	return f
}

// chooser is one of the playground's choices.
type chooser struct {
	Name, Label string
	Choices     []choice
}

type choice struct {
	Value, Label string
	Selected     bool
}

// choosers are those of the playground.
func (d *demo) choosers(f frame) []chooser {
	sitekey := chooser{Name: "sitekey", Label: "Test sitekey"}
	for _, key := range d.sitekeys() {
		sitekey.Choices = append(sitekey.Choices, choice{key, key + ": " + outcomes[key], key == f.Sitekey})
	}
	lang := chooser{"lang", "Language", []choice{{"", "Automatic", f.Lang == ""}}}
	for _, l := range d.languages {
		lang.Choices = append(lang.Choices, choice{l.Tag, l.Name, l.Tag == f.Lang})
	}
	of := func(name, label string, values []string, chosen, unit string) chooser {
		c := chooser{Name: name, Label: label}
		for _, v := range values {
			words := strings.ToUpper(v[:1]) + v[1:]
			if v[0] <= '9' {
				words += unit
			}
			c.Choices = append(c.Choices, choice{v, words, v == chosen})
		}
		return c
	}
	return []chooser{
		sitekey, lang,
		of("theme", "Theme", themes, f.Theme, ""),
		of("mode", "Mode", modes, f.Mode, ""),
		of("width", "Width", widths, f.Width, " px"),
	}
}
