package httpapi

import (
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"ekycconnect/wasm/wire"
)

// routes registers paths; each path answers every method, so that a wrong one
// gets the relay's own problem.
type routes struct {
	mux    *http.ServeMux
	api    *API
	served map[string][]string // methods by path; a test holds openapi.json against them
}

// add serves path by method; "" stands for all others.
func (r *routes) add(path string, methods map[string]http.HandlerFunc) {
	allowed := make([]string, 0, len(methods))
	for method := range methods {
		if method != "" {
			allowed = append(allowed, method)
		}
	}
	slices.Sort(allowed)
	r.served[strings.ReplaceAll(path, "...}", "}")] = allowed
	r.api.Metrics.beginRoute(path, allowed)
	if above, ok := strings.CutSuffix(path, "/{path...}"); ok {
		r.mux.HandleFunc(above, r.api.notFound) // else the mux redirects from there
	}
	r.mux.HandleFunc(path, func(w http.ResponseWriter, req *http.Request) {
		serve := methods[req.Method]
		if serve == nil && req.Method == http.MethodHead {
			serve = methods[http.MethodGet]
		}
		if serve != nil {
			serve(w, req)
			return
		}
		if len(allowed) > 0 {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
		}
		if serve = methods[""]; serve == nil {
			r.api.problem(w, req, problem(wire.MethodNotAllowed, "this route takes "+strings.Join(allowed, ", ")))
			return
		}
		serve(w, req)
	})
}

// asset serves a file of the widget, which any page may load.
func (r *routes) asset(path string, h http.Handler) {
	r.add(path, map[string]http.HandlerFunc{
		http.MethodGet: h.ServeHTTP, http.MethodHead: h.ServeHTTP, http.MethodOptions: preflight,
	})
}

// browser serves a route that pages call.
func (r *routes) browser(path, method string, serve http.HandlerFunc) {
	r.add(path, map[string]http.HandlerFunc{method: serve, http.MethodOptions: preflight})
}

// partner serves a route for a partner's back end alone.
func (r *routes) partner(path, method string, serve partnerHandler) {
	r.add(path, map[string]http.HandlerFunc{method: r.api.authorized(serve)})
}

// public serves what anybody may read.
func (r *routes) public(path string, serve http.HandlerFunc) {
	r.add(path, map[string]http.HandlerFunc{http.MethodGet: serve})
}

// page serves the sandbox's demo, which has its own methods and headers.
func (r *routes) page(path string, h http.Handler) { r.mux.Handle(path, h) }

// preflight lets a page send application/json, and whatever header its own
// monitoring adds to requests. It gives nothing away: whether the origin may use
// the relay is decided by the request itself.
func preflight(w http.ResponseWriter, r *http.Request) {
	names := []string{"Content-Type"}
	for name := range strings.SplitSeq(strings.Join(r.Header.Values("Access-Control-Request-Headers"), ","), ",") {
		if name = strings.TrimSpace(name); httpguts.ValidHeaderFieldName(name) && !strings.EqualFold(name, names[0]) {
			names = append(names, name)
		}
	}
	h := w.Header()
	h.Set("Vary", "Access-Control-Request-Headers")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	h.Set("Access-Control-Allow-Headers", strings.Join(names, ", "))
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
}

func (a *API) notFound(w http.ResponseWriter, r *http.Request) {
	a.problem(w, r, problem(wire.NotFound, "there is no such route; see /v1/openapi.json"))
}
