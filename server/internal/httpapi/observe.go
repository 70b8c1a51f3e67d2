package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"path"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"ekycconnect/server/internal/connect"
	"ekycconnect/wasm/wire"
)

// observation is the ResponseWriter of one request, with notes for its log line and the
// metrics. As it is handed down anyway, nothing has to be found by the context.
type observation struct {
	http.ResponseWriter
	status  int
	id      string
	code    wire.Code // of the problem, if one was answered
	verdict string    // siteverify's error code
	cause   error     // for the log only
	trail   connect.Trail
}

// seen is the observation of the request that w answers.
func seen(w http.ResponseWriter) *observation {
	if o, ok := w.(*observation); ok {
		return o
	}
	return &observation{}
}

func (o *observation) refused(e *connect.Error) {
	if o.code, o.cause = e.Code, e.Cause; e.Consent != nil {
		o.trail.Consent = e.Consent.ID
	}
}

func (o *observation) failed(err error) { o.cause = err }

// common is what every answer begins with; a route may set others.
var common = http.Header{
	"X-Content-Type-Options":  {"nosniff"},
	"Referrer-Policy":         {"no-referrer"},
	"Cache-Control":           {"no-store"},
	"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"},
}

// observe wraps the whole surface: request id, common headers, one log line and
// one count per request, and an end to panics. It logs the route's pattern,
// never the path or the query, which may be a capability or hold a subject.
func (a *API) observe(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		o := &observation{ResponseWriter: w, id: requestID()}
		r = r.WithContext(connect.WithTrail(r.Context(), &o.trail))
		h := w.Header()
		maps.Copy(h, common)
		h.Set("X-Request-Id", o.id)
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				// The value of a panic may quote its input: only its type is logged.
				o.cause = fmt.Errorf("panic of type %T: %s", p, debug.Stack())
				if o.status == 0 {
					a.problem(o, r, fmt.Errorf("panic: %w", o.cause))
				}
			}
			a.finish(r, o, time.Since(start))
		}()
		if !clean(r.URL.EscapedPath()) {
			a.notFound(o, r) // the mux would answer with a redirect, which no client of a JSON route expects
			return
		}
		mux.ServeHTTP(o, r)
	})
}

// clean reports whether the mux takes the path as it is. "*" is no path: the mux would
// answer it without a word.
func clean(p string) bool { return p != "*" && (p == path.Clean(p) || p == path.Clean(p)+"/") }

func (a *API) finish(r *http.Request, o *observation, took time.Duration) {
	route := r.Pattern
	if route == "" || route == "/" {
		route = "other"
	}
	code, level := string(o.code)+o.verdict, slog.LevelInfo
	// Who has left is answered by whatever was waited for, which is not to blame.
	if left := r.Context().Err(); left != nil && errors.Is(o.cause, context.Canceled) {
		o.status, code = statusLeft, "client_left"
	}
	a.Metrics.request(route, r.Method, o.status, code, took)
	switch {
	case o.status < 500:
	case o.code.Fault() == wire.FaultVendor && o.code.Known():
		level = slog.LevelWarn // nothing here is broken
	default:
		level = slog.LevelError
	}
	attrs := []slog.Attr{
		slog.String("request_id", o.id), slog.String("method", method(r.Method)), slog.String("route", route),
		slog.Int("status", o.status), slog.Float64("took_ms", float64(took.Microseconds())/1000),
	}
	for _, known := range [...]slog.Attr{
		slog.String("site", o.trail.Site), slog.String("account", o.trail.Account), slog.String("consent", o.trail.Consent), slog.String("trace_id", traceID(r)),
	} {
		if known.Value.String() != "" {
			attrs = append(attrs, known)
		}
	}
	if code != "" {
		attrs = append(attrs, slog.String("code", code))
	}
	if o.cause != nil {
		attrs = append(attrs, slog.String("error", o.cause.Error()))
	}
	a.Log.LogAttrs(r.Context(), level, "request", attrs...)
}

// traceparent is the header of W3C Trace Context, of the versions that are known.
var traceparent = regexp.MustCompile(`^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$`)

// traceID is the trace that the client says the request belongs to, "" if none: what is
// not of the standard's form is not logged.
func traceID(r *http.Request) string {
	said := r.Header["Traceparent"]
	if len(said) != 1 {
		return ""
	}
	found := traceparent.FindStringSubmatch(said[0])
	if found == nil || strings.Trim(found[1], "0") == "" {
		return ""
	}
	return found[1]
}

// statusLeft is nginx's status for a client that did not wait for its answer.
const statusLeft = 499

// method bounds what an attacker can put into logs and metric labels.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodPost, http.MethodHead, http.MethodOptions:
		return m
	}
	return "other"
}

func requestID() string {
	var b [12]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// WriteHeader implements [http.ResponseWriter]; the first status is the one.
func (o *observation) WriteHeader(status int) {
	if o.status == 0 {
		o.status = status
	}
	o.ResponseWriter.WriteHeader(status)
}

func (o *observation) Write(b []byte) (int, error) {
	if o.status == 0 {
		o.status = http.StatusOK
	}
	return o.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (o *observation) Unwrap() http.ResponseWriter { return o.ResponseWriter }
