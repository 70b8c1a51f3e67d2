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
func headers(w http.ResponseWriter, formsTo []string) {
	allowed := strings.Join(append([]string{policy}, formsTo...), " ")
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", allowed)
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "strict-origin")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Robots-Tag", "noindex, nofollow")
}

// formsTo is where a visit's forms may lead besides the relay, as policies have it.
// Engines hold what a form is redirected to against its page's policy too. So it is
// not the return URL alone, which was checked, but wherever its handler may redirect:
// https, the partner's apps, and on a developer's machine the page that began.
func (p *Pages) formsTo(v *visit) []string {
	if v.Return == "" {
		return nil
	}
	to := []string{"https:"}
	for _, own := range []string{v.Return, v.Origin} {
		switch u, err := url.Parse(own); {
		case err != nil || u.Scheme != "http":
		case strings.HasPrefix(u.Host, "["):
			to = append(to, "http:") // policies know no IPv6 address
		default:
			to = append(to, "http://"+u.Host)
		}
	}
	for _, scheme := range p.core.AppSchemes(v.Site) {
		to = append(to, scheme+":")
	}
	return to
}
