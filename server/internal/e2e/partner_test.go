package e2e

import (
	"html/template"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// strict is the policy under which the whole journey must run.
const strict = "default-src 'none'; script-src RELAY 'wasm-unsafe-eval'; connect-src RELAY; require-trusted-types-for 'script'; trusted-types 'none'"

// partner is a company's site with a form on it.
type partner struct {
	URL     string
	posts   chan url.Values // what the form sent
	reports chan string     // what a page said of itself, where no test can ask it
}

type form struct {
	Relay  string
	Markup template.HTML     // within the form
	Policy string            // RELAY is replaced
	Style  bool              // the stylesheet of the screenshots, which no strict policy allows
	Late   template.HTML     // after the form: other scripts of the page
	Nonce  string            // of the script, for policies that ask for one
	Own    bool              // the page loads the script by itself
	Thanks string            // more of the page that follows the form
	Files  map[string]string // more that the site serves, by path

	Handlers map[string]http.HandlerFunc // what it answers by a program, by pattern
}

// widget is the markup of one widget.
func widget(sitekey, more string) template.HTML {
	return template.HTML(`<ekyc-connect sitekey="` + sitekey + `" purpose="account-opening" required ` + more + `></ekyc-connect>`)
}

// withOwn is a widget with the partner's own words inside.
func withOwn(sitekey string) template.HTML {
	return template.HTML(`<ekyc-connect sitekey="` + sitekey + `" purpose="account-opening" required><a id="own" href="/help">Ask us</a></ekyc-connect>`)
}

var pageHTML = template.Must(template.New("").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Open an account</title>
<link rel="icon" href="data:,">
{{if .Style}}<link rel="stylesheet" href="/style.css">{{end}}
{{if not .Own}}<script src="{{.Relay}}/v1/ekyc-connect.js" async{{with .Nonce}} nonce="{{.}}"{{end}}></script>{{end}}
</head>
<body>
<main>
<h1>Open an account</h1>
<form action="/onboard" method="post">
{{.Markup}}
<p><button id="continue">Continue</button></p>
</form>
{{.Late}}
</main>
</body>
</html>
`))

const style = `:root{color-scheme:light dark}
body{margin:24px;font-family:system-ui,sans-serif;background:#f3f5f8}
@media(prefers-color-scheme:dark){body{background:#0c0f14}}
ekyc-connect:not(:defined){display:block;min-block-size:34rem}
h1{margin-block:0 1.25rem;font-size:1.5rem}
#continue{padding:.75rem 1.5rem;border:0;border-radius:.5rem;background:light-dark(#17202c,#e8edf4);color:light-dark(#fff,#17202c);font:inherit}`

// newPartner serves p at / and takes its form at /onboard.
func newPartner(t *testing.T, p form) *partner {
	t.Helper()
	site := &partner{posts: make(chan url.Values, 10), reports: make(chan string, 100)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		if p.Policy != "" {
			w.Header().Set("Content-Security-Policy", strings.ReplaceAll(p.Policy, "RELAY", p.Relay))
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := pageHTML.Execute(w, p); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("GET /style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		_, _ = w.Write([]byte(style))
	})
	for path, text := range p.Files {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			kind := "text/html; charset=utf-8"
			if strings.HasSuffix(path, ".js") {
				kind = "text/javascript"
			}
			w.Header().Set("Content-Type", kind)
			_, _ = w.Write([]byte(text))
		})
	}
	for pattern, handler := range p.Handlers {
		mux.HandleFunc(pattern, handler)
	}
	mux.HandleFunc("POST /report", func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		site.reports <- string(text)
	})
	mux.HandleFunc("POST /onboard", func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		site.posts <- r.PostForm
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(`<!DOCTYPE html><title>Thank you</title><p id="thanks">Thank you</p>` + p.Thanks))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	site.URL = s.URL
	return site
}
