//go:build engines

package e2e

import (
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The apps of the folder frameworks: the same form in each, built by its own tools.
// An app gives the test globalThis.app: state is what is shown (theme, disabled, shown,
// token), set(change) has the framework render a change of it; reset, where there is
// one, is how the framework resets a form.
var frameworks = []string{
	"react", "react-hydrated", "react-hook-form", "vue", "svelte", "solid", "lit", "angular",
	"htmx", "turbo", "alpine", "jquery", "jquery-form", "jquery-validation", "rails-ujs",
}

// app is the page of one of them.
type app struct {
	*tab
	name, relay string
	site        *partner
}

const (
	element = `document.querySelector('ekyc-connect')`
	sent    = `new FormData(document.forms[0]).get('ekyc-connect-response')`
)

func (a *app) set(change string) { a.t.Helper(); js[any](a.tab, `app.set(`+change+`), 0`) }

// What is tried in each, one after the other on one page.
var cases = []struct {
	name string
	try  func(a *app)
}{
	{"before the script", func(a *app) {
		a.open(a.site.URL + "/late")
		a.until(`!!globalThis.app && !!` + element)
		a.late(a.relay)
		a.state("notice")
		require.True(a.t, js[bool](a.tab, element+`.matches(':invalid:enabled')`))
	}},
	{"properties", func(a *app) {
		a.open(a.site.URL + "/early")
		a.until(`!!globalThis.app`)
		a.state("notice")
		require.Equal(a.t, []any{"pk_test_pass", "account-opening", "light", true}, js[[]any](a.tab, `(e => [e.sitekey, e.purpose, e.theme, e.required])(`+element+`)`))
		a.set(`{theme: 'dark'}`)
		a.until(element + `.getAttribute('theme') === 'dark'`)
	}},
	{"disabled=false", func(a *app) {
		require.True(a.t, js[bool](a.tab, element+`.matches(':enabled')`))
		for _, off := range []string{"true", "false"} {
			a.set(`{disabled: ` + off + `}`)
			a.until(element + `.matches(':disabled') === ` + off)
		}
	}},
	{"required", func(a *app) {
		js[any](a.tab, `document.addEventListener('invalid', () => { globalThis.refused = true }, true), 0`)
		a.click(`document.forms[0].lastElementChild`, 1)
		a.until(`globalThis.refused`)
		require.Empty(a.t, a.site.posts)
	}},
	{"rendered anew", func(a *app) {
		a.press("agree")
		a.state("captcha")
		a.answer("ab")
		js[any](a.tab, `globalThis.before = `+element+`, 0`)
		a.set(`{theme: 'light'}`)
		a.until(element + `.getAttribute('theme') === 'light'`)
		require.Equal(a.t, []any{true, "captcha", "ab"}, js[[]any](a.tab, `[before === `+element+`, before.dataset.state, `+part("answer")+`.value]`))
	}},
	{"token", func(a *app) {
		a.press("submit")
		a.state("done")
		token := js[string](a.tab, element+`.value`)
		require.NotRegexp(a.t, `^\.`, token)
		a.until(`app.state.token === '` + token + `'`)
	}},
	{"assigned", func(a *app) {
		token := js[string](a.tab, element+`.value`)
		a.set(`{token: 'nothing'}`)
		a.until(`app.state.token === 'nothing'`)
		require.Equal(a.t, token, js[string](a.tab, element+`.value`))
	}},
	{"reset", func(a *app) {
		js[any](a.tab, `(app.reset ? app.reset() : document.forms[0].reset()), 0`)
		a.state("notice")
		a.until(`app.state.token === '.unstarted'`)
	}},
	{"removed", func(a *app) {
		a.set(`{shown: false}`)
		a.until(`!` + element)
		require.Nil(a.t, js[any](a.tab, sent))
		a.set(`{shown: true}`)
		a.state("notice")
	}},
	{"sent", func(a *app) {
		a.finish()
		a.click(`document.forms[0].lastElementChild`, 1)
		var posted url.Values
		require.Eventually(a.t, func() bool {
			select {
			case posted = <-a.site.posts:
				return true
			default:
				return false
			}
		}, 20*time.Second, 20*time.Millisecond, "the form is sent")
		require.Len(a.t, posted["ekyc-connect-response"], 1)
		require.Equal(a.t, true, redeem(a.t, a.relay, posted.Get("ekyc-connect-response"), nil)["success"])
	}},
}

// shell is the page around an app's form; the script comes first, or later on.
var shell = template.Must(template.New("").Parse(`<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>Open an account</title>
<link rel="icon" href="data:,">
{{with .Relay}}<script src="{{.}}/v1/ekyc-connect.js"></script>{{end}}
<body>
<div id="app">{{.Form}}</div>
<script type="module" src="/{{.Name}}.js"></script>
</body>
</html>
`))

// newApp serves one of the frameworks' pages.
func newApp(t *testing.T, name, relay string) *app {
	t.Helper()
	const dist = "frameworks/dist"
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dist, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		files[strings.TrimPrefix(filepath.ToSlash(path), dist)] = string(text)
		return err
	}), "make frameworks builds them")
	// What the server has rendered, once or for each request.
	render := func(query map[string][]string) template.HTML {
		if ready, ok := files["/"+name+".html"]; ok {
			return template.HTML(ready)
		}
		text, err := os.ReadFile(filepath.Join("frameworks", name, "form.html"))
		if err != nil {
			return "" // the browser renders it
		}
		is := func(key, otherwise string) string { return append(slices.Clone(query[key]), otherwise)[0] }
		var out strings.Builder
		require.NoError(t, template.Must(template.New("").Parse(string(text))).Execute(&out, map[string]any{
			"Theme": is("theme", "light"), "Disabled": is("disabled", "false"), "Shown": is("shown", "true") == "true",
		}))
		return template.HTML(out.String())
	}
	page := func(relay string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			if err := shell.Execute(w, map[string]any{"Relay": relay, "Name": name, "Form": render(r.URL.Query())}); err != nil {
				t.Error(err)
			}
		}
	}
	var site *partner
	site = newPartner(t, form{Files: files, Handlers: map[string]http.HandlerFunc{
		"GET /late":  page(""),
		"GET /early": page(relay),
		"GET /form": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, render(r.URL.Query()))
		},
		// Turbo wants to be led on.
		"POST /applications": func(w http.ResponseWriter, r *http.Request) {
			if err := r.ParseForm(); err != nil {
				t.Error(err)
			}
			site.posts <- r.PostForm
			http.Redirect(w, r, "/late", http.StatusSeeOther)
		},
	}})
	return &app{tab: newTab(t), name: name, relay: relay, site: site}
}

func TestTheSameFormWorksInEachFramework(t *testing.T) {
	relay := startRelay(t)
	passed := table{}
	var columns []string
	for _, c := range cases {
		columns = append(columns, c.name)
	}
	for _, name := range frameworks {
		t.Run(name, func(t *testing.T) {
			a := newApp(t, name, relay)
			for _, c := range cases {
				passed.try(name, c.name, func() { c.try(a) })
			}
			require.Empty(t, slices.DeleteFunc(a.errors, func(text string) bool { return strings.Contains(text, "dev mode") }))
		})
	}
	passed.print(t, frameworks, columns)
}
