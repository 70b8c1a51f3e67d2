// Package demo is the sandbox's partner: a bank's onboarding form with the
// widget in it, and the back end behind the form, which redeems the token at
// the relay over HTTP as any partner would, and goes on through the relay to the
// verified person's card. It shows developers what to build
// and is served in the sandbox alone.
//
// The secrets of the test sitekeys stay on this side; no page holds one.
package demo

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strings"
	texttemplate "text/template"

	"ekycconnect/server/internal/notice"
	"ekycconnect/server/internal/secret"
	"ekycconnect/wasm/wire"
	web "ekycconnect/web/demo"
)

// Options is what the demo needs to know.
type Options struct {
	// Relay gives the base URL for the back end's own calls to the relay.
	Relay func() string
	// Secrets are the test sitekeys' secrets.
	Secrets map[string]secret.String
	Log     *slog.Logger
}

// policy is the strictest policy under which the widget works, plus the page's
// own style sheet, icon and form.
const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; style-src 'self'; " +
	"img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

// portrait is the policy of the page with the person's photo, which came as data.
var portrait = strings.Replace(policy, "img-src 'self'", "img-src 'self' data:", 1)

type demo struct {
	Options
	pages     *template.Template
	code      *texttemplate.Template
	languages []wire.Language
	words     []notice.Language // English first
	texts     []text            // of each language's file, in their order
	client    *http.Client
	visits    visits
}

// New makes the demo: GET / the playground, GET /demo/account an onboarding form,
// GET /demo/words a language beside English, GET /demo/… their files, POST /demo/… the bank's back end.
func New(o Options) (http.Handler, error) {
	pages, err := template.ParseFS(web.Files, "*.html")
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	d := &demo{Options: o, pages: pages, client: &http.Client{
		Transport:     &http.Transport{}, // no proxy: the relay is on this machine
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if d.code, err = parseSnippets(); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	if d.languages, err = offered(); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	if d.words, err = notice.Languages(); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	english, err := notice.Source(d.words[0].Tag)
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	d.texts = textsOf(english)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", d.form(".", playground))
	mux.HandleFunc("GET /demo/account", d.form("..", account))
	mux.HandleFunc("GET /demo/words", d.showWords)
	mux.HandleFunc("POST /demo/words", d.takeWords)
	mux.HandleFunc("GET /demo/{file}", d.file)
	mux.HandleFunc("POST /demo/onboard", d.onboard)
	mux.HandleFunc("POST /demo/number", d.press("aadhaar_number", (*demo).sendOTP))
	mux.HandleFunc("POST /demo/otp", d.press("otp", (*demo).checkOTP))
	mux.HandleFunc("POST /demo/another", d.another)
	return mux, nil
}

// offered lists the languages that the sandbox's notice can be shown in.
func offered() ([]wire.Language, error) {
	all, err := notice.Languages()
	if err != nil {
		return nil, err
	}
	texts := notice.Sandbox().Texts
	var languages []wire.Language
	for _, l := range all {
		if _, ok := texts[l.Tag]; ok {
			languages = append(languages, wire.Language{Tag: l.Tag, Name: l.Name, Dir: l.Dir})
		}
	}
	return languages, nil
}

var types = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

// file serves what the pages load; the templates are not among it.
func (d *demo) file(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	body, err := fs.ReadFile(web.Files, name)
	kind, known := types[path.Ext(name)]
	if err != nil || !known {
		d.render(w, r, http.StatusNotFound, "result.html", outcome{
			frame: frameOf(r, ".."), Title: "No such page", Tone: "bad", Lead: "The demo has no page at this address.", Back: "To the form",
		})
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-cache")
	if _, err := w.Write(body); err != nil {
		d.Log.DebugContext(r.Context(), "demo: page not delivered", "error", err)
	}
}

// render writes a whole page or, if the template fails, nothing of it.
func (d *demo) render(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	var page bytes.Buffer
	if err := d.pages.ExecuteTemplate(&page, name, data); err != nil {
		d.Log.ErrorContext(r.Context(), "demo: page not rendered", "page", name, "error", err)
		http.Error(w, "the demo page could not be made", http.StatusInternalServerError)
		return
	}
	rules := policy
	if name == "person.html" {
		rules = portrait
	}
	for name, value := range map[string]string{
		"Content-Type":            "text/html; charset=utf-8",
		"Content-Security-Policy": rules,
		"X-Content-Type-Options":  "nosniff",
		"Referrer-Policy":         "same-origin",
		"Cache-Control":           "no-store",
	} {
		w.Header().Set(name, value)
	}
	w.WriteHeader(status)
	if _, err := page.WriteTo(w); err != nil && !errors.Is(err, http.ErrBodyNotAllowed) {
		d.Log.DebugContext(r.Context(), "demo: page not delivered", "error", err)
	}
}

// sitekeys lists the test sitekeys that the demo has secrets for, the one where
// all goes well first.
func (d *demo) sitekeys() []string {
	var keys []string
	for key := range d.Secrets {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int {
		switch {
		case a == passes:
			return -1
		case b == passes:
			return 1
		}
		return strings.Compare(a, b)
	})
	return keys
}
