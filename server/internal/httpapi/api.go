// Package httpapi serves the relay's JSON routes: it turns requests into calls
// of the core and the core's refusals into RFC 9457 problems, and decides
// nothing else.
package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/hosted"
	"ekycconnect/server/internal/receiptpage"
	"ekycconnect/wasm/wire"
	"ekycconnect/web"
)

// API holds what the routes need. Its fields are set once, before Handler; [New] makes
// one of them.
type API struct {
	Core      *connect.Service
	Assets    *web.Assets
	PublicURL *url.URL     // as pages and partners see the relay; may carry a path
	Demo      http.Handler // GET / and below; nil outside the sandbox
	Receipts  *receiptpage.Pages
	Hosted    *hosted.Pages
	Metrics   *Metrics
	// TrustedProxies are the peers whose X-Forwarded-For names the visitor.
	TrustedProxies []netip.Prefix
	Log            *slog.Logger
	Level          *slog.LevelVar // of Log
	LogHidden      bool           // the log's checkpoints and tiles are for nobody
	// Degraded says in words what limps although requests are served.
	Degraded func() []string

	*serving
	views *views
}

// serving is what requests share.
type serving struct {
	draining atomic.Bool
	asking   singleflight.Group // whether the store is ready
	otpCalls sync.RWMutex       // read by calls with a number or an OTP, written by who looks at the heap
}

// New makes an API of its parts.
func New(parts API) *API {
	parts.serving, parts.views = &serving{}, &views{}
	return &parts
}

// With is the API over another core, which shares with the old one what is under way.
func (a *API) With(core *connect.Service, receipts *receiptpage.Pages, hosted *hosted.Pages) *API {
	other := *a
	other.Core, other.Receipts, other.Hosted, other.views = core, receipts, hosted, &views{}
	return &other
}

// Drain makes readyz say that no new work should be sent here.
func (a *API) Drain() { a.draining.Store(true) }

// Handler is the public listener's whole surface.
func (a *API) Handler() http.Handler {
	handler := a.observe(a.routes().mux)
	prefix := strings.TrimSuffix(a.PublicURL.Path, "/")
	if prefix == "" {
		return handler
	}
	// A proxy may pass the public path on or strip it: both work.
	stripped := http.StripPrefix(prefix, handler)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.EscapedPath(), prefix+"/") {
			stripped.ServeHTTP(w, r)
			return
		}
		handler.ServeHTTP(w, r)
	})
}

// Full answers a request for which the listener has no room.
func (a *API) Full() http.Handler {
	const detail, wait = "too many requests at a time; try again", time.Second
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/v1/siteverify") {
			retryAfter(w, wait)
			unread(w, http.StatusTooManyRequests, detail)
			return
		}
		a.problem(w, r, &connect.Error{Code: wire.RateLimited, Detail: detail, RetryAfter: wait})
	})
	return a.observe(mux)
}

// routes is everything that the public listener serves.
func (a *API) routes() *routes {
	routes := &routes{mux: http.NewServeMux(), api: a, served: map[string][]string{}}

	routes.asset("/v1/ekyc-connect.js", a.Assets.Loader())
	routes.asset("/v1/ekyc-connect.d.ts", a.Assets.Types())
	routes.asset("/v1/assets/{hash}/{name}", a.Assets.Immutable(http.HandlerFunc(a.notFound)))
	routes.asset("/v1/integrity.json", a.Assets.IntegrityJSON(strings.TrimSuffix(a.PublicURL.Path, "/")))

	routes.browser("/v1/view", http.MethodGet, a.view)
	routes.browser("/v1/sessions", http.MethodPost, a.sessions())
	routes.browser("/v1/declines", http.MethodPost, a.declines())
	routes.browser("/v1/captchas", http.MethodPost, a.captchas())
	routes.browser("/v1/answers", http.MethodPost, a.answers())

	routes.add("/v1/siteverify", map[string]http.HandlerFunc{http.MethodPost: a.siteverify, "": a.siteverifyMethod})
	routes.partner("/v1/fragments", http.MethodGet, a.fragment)
	routes.partner("/v1/tickets", http.MethodPost, a.tickets)
	routes.partner("/v1/generate-otp", http.MethodPost, a.generateOTP)
	routes.partner("/v1/verify-otp", http.MethodPost, a.verifyOTP)
	routes.partner("/v1/consents", http.MethodGet, a.consentsBySubject)
	routes.partner("/v1/consents/{id}", http.MethodGet, a.consentByID)
	routes.partner("/v1/consents/{id}/withdraw", http.MethodPost, a.withdraw)

	routes.add("/v1/hosted", map[string]http.HandlerFunc{http.MethodGet: a.hosted, http.MethodPost: a.hostedStep})
	routes.public("/v1/receipts/{capability}", a.receipt)
	routes.add("/v1/receipts/{capability}/withdraw", map[string]http.HandlerFunc{http.MethodPost: a.withdrawByReceipt})
	routes.public("/v1/notices/{sha256}", a.notice)
	routes.public("/v1/log/checkpoint", a.logCheckpoint)
	routes.public("/v1/log/tile/{path...}", a.logTile)
	routes.public("/v1/log/vkey", a.logKeys)
	routes.public("/v1/openapi.json", a.openAPI)
	routes.public("/healthz", a.healthz)
	routes.public("/readyz", a.readyz)
	if a.Demo != nil {
		routes.page("/{$}", a.Demo)
		routes.page("/demo/", a.Demo)
	}
	routes.add("/", map[string]http.HandlerFunc{"": a.notFound})
	return routes
}

// ready says why no request should come here, nil if all is well.
func (a *API) ready(ctx context.Context) (cause string) {
	if a.draining.Load() {
		return "draining: the relay is being stopped"
	}
	// One question at a time, and one answer for all who ask meanwhile: it takes the
	// writers' turn, and anybody may ask.
	_, err, _ := a.asking.Do("", func() (any, error) {
		err := a.Core.Ledger.Ready(context.WithoutCancel(ctx))
		if err != nil {
			a.Log.ErrorContext(ctx, "store is not ready", "error", err)
		}
		return nil, err
	})
	if err != nil {
		return "store: " + err.Error()
	}
	return ""
}
