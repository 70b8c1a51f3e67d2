package hosted

import (
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"ekycconnect/server/internal/pagestyle"
)

var (
	//go:embed page.css
	css string
	//go:embed page.js
	js string

	// Both stand in the page itself; the policy knows them by their hashes.
	style  = pagestyle.With(css)
	script = template.JS(js)

	policy = "default-src 'none'; img-src data:; style-src " + pagestyle.Source(style) + "; script-src " + pagestyle.Source(script) +
		"; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)

// headers keeps the page out of caches, frames, search engines and other sites'
// logs. There is no Cross-Origin-Opener-Policy: it would cut the page from the
// window that waits for its answer. Forms must carry the page's Origin, which
// they would not under the policy no-referrer.
func headers(w http.ResponseWriter, formsTo ...string) {
	allowed := policy
	for _, to := range formsTo {
		if source := sourceOf(to); source != "" {
			allowed += " " + source
		}
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", allowed)
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "strict-origin")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Robots-Tag", "noindex, nofollow")
}

// sourceOf is where a form that leads to a checked URL may go, as policies have
// it. They know no IPv6 address: there the scheme must do.
func sourceOf(to string) string {
	u, err := url.Parse(to)
	switch {
	case err != nil || u.Host == "":
		return ""
	case strings.HasPrefix(u.Host, "["):
		return u.Scheme + ":"
	}
	return u.Scheme + "://" + u.Host
}
