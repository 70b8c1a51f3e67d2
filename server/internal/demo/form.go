package demo

import (
	"crypto/rand"
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
	"pk_test_wrongcaptcha": "the first letters are refused",
}

var themes = []string{"auto", "light", "dark", "contrast"}

// frame is what every page has: where it stands, and the choices to keep.
type frame struct {
	Root           string // of the demo, relative to the page, so that any path before it works
	Sitekey, Lang  string
	Theme, Purpose string
}

// Query carries the choices in links back to the form.
func (f frame) Query() template.URL {
	return template.URL(url.Values{"sitekey": {f.Sitekey}, "lang": {f.Lang}, "theme": {f.Theme}}.Encode()) // encoded
}

// frameOf reads the choices of a request; what it does not know is ignored.
func frameOf(r *http.Request, root string) frame {
	f := frame{Root: root, Sitekey: passes, Theme: "auto", Purpose: notice.SandboxPurpose}
	if key := r.FormValue("sitekey"); outcomes[key] != "" {
		f.Sitekey = key
	}
	if theme := r.FormValue("theme"); slices.Contains(themes, theme) {
		f.Theme = theme
	}
	if lang := r.FormValue("lang"); len(lang) <= 35 { // BCP 47: the longest usual tag
		f.Lang = lang
	}
	return f
}

type choice struct {
	Value, Label string
	Selected     bool
}

type formPage struct {
	frame
	Title, Notice       string
	Name, Mobile, Email string
	Application         string // the bank's own reference for this applicant: the consent's subject
	Retry               string // of siteverify, after the vendor refused the letters
	Sitekeys, Languages []choice
	Themes              []choice
}

func (d *demo) form(w http.ResponseWriter, r *http.Request) {
	p := d.page(frameOf(r, "."))
	p.Name, p.Mobile, p.Email = "Asha Rao", "+91 98000 00000", "asha@example.com"
	p.Application = "APP-" + rand.Text()[:10]
	d.render(w, r, http.StatusOK, "form.html", p)
}

// page is the form with its choices filled in.
func (d *demo) page(f frame) formPage {
	p := formPage{frame: f, Title: "Open an account"}
	for _, key := range d.sitekeys() {
		p.Sitekeys = append(p.Sitekeys, choice{key, outcomes[key], key == f.Sitekey})
	}
	p.Languages = []choice{{"", "Automatic", f.Lang == ""}}
	for _, l := range d.languages {
		p.Languages = append(p.Languages, choice{l.Tag, l.Name, l.Tag == f.Lang})
	}
	for _, theme := range themes {
		p.Themes = append(p.Themes, choice{theme, strings.ToUpper(theme[:1]) + theme[1:], theme == f.Theme})
	}
	return p
}
