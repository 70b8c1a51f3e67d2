package receiptpage

import (
	_ "embed"
	"net/http"

	"ekycconnect/server/internal/pagestyle"
)

//go:embed page.css
var css string

var (
	style = pagestyle.With(css)

	policy = "default-src 'none'; style-src " + pagestyle.Source(style) + "; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

// headers keeps the page out of caches, frames, search engines and other sites'
// logs. The form's POST must carry the page's Origin, which under the policy
// no-referrer it would not.
func (p *Pages) headers(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("X-Frame-Options", "DENY")
}
