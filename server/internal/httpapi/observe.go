package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"time"

	"ekycconnect/server/internal/connect"
	"ekycconnect/wasm/wire"
)

// request-scoped notes for the log line and the metrics of one request.
type observation struct {
	id      string
	code    wire.Code // of the problem, if one was answered
	verdict string    // siteverify's error code
	cause   error     // for the log only
}

type observationKey struct{}

// seen is the observation of r's request.
func seen(r *http.Request) *observation {
	if o, ok := r.Context().Value(observationKey{}).(*observation); ok {
		return o
	}
	return &observation{}
}

func (o *observation) refused(e *connect.Error) { o.code, o.cause = e.Code, e.Cause }
func (o *observation) failed(err error)         { o.cause = err }

// observe wraps the whole surface: request id, common headers, one log line and
// one count per request, and an end to panics. It logs the route's pattern,
// never the path or the query, which may be a capability or hold a subject.
func (a *API) observe(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		o := &observation{id: requestID()}
		r = r.WithContext(context.WithValue(r.Context(), observationKey{}, o))
		h := w.Header()
		h.Set("X-Request-Id", o.id)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		out := &statusWriter{ResponseWriter: w}
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				// The value of a panic may quote its input: only its type is logged.
				o.cause = fmt.Errorf("panic of type %T: %s", p, debug.Stack())
				if out.status == 0 {
					a.problem(out, r, fmt.Errorf("panic: %w", o.cause))
				}
			}
			a.finish(r, o, out.status, time.Since(start))
		}()
		if !clean(r.URL.EscapedPath()) {
			a.notFound(out, r) // the mux would answer with a redirect, which no client of a JSON route expects
			return
		}
		mux.ServeHTTP(out, r)
	})
}

// clean reports whether the mux takes the path as it is.
func clean(p string) bool { return p == "*" || p == path.Clean(p) || p == path.Clean(p)+"/" }

func (a *API) finish(r *http.Request, o *observation, status int, took time.Duration) {
	route := r.Pattern
	if route == "" || route == "/" {
		route = "other"
	}
	a.Metrics.request(route, r.Method, status, string(o.code)+o.verdict, took)
	level := slog.LevelInfo
	switch {
	case status < 500:
	case o.code.Fault() == wire.FaultVendor && o.code.Known():
		level = slog.LevelWarn // nothing here is broken
	default:
		level = slog.LevelError
	}
	attrs := []slog.Attr{
		slog.String("request_id", o.id), slog.String("method", method(r.Method)), slog.String("route", route),
		slog.Int("status", status), slog.Duration("took", took),
	}
	if code := string(o.code) + o.verdict; code != "" {
		attrs = append(attrs, slog.String("code", code))
	}
	if o.cause != nil {
		attrs = append(attrs, slog.String("error", o.cause.Error()))
	}
	a.Log.LogAttrs(r.Context(), level, "request", attrs...)
}

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

// statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
