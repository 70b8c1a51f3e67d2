package httpapi

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"strings"

	"ekycconnect/server/internal/limit"
)

// AdminHandler is the operator's listener: never public.
func (a *API) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.Metrics.Handler())
	mux.HandleFunc("GET /healthz", a.healthz)
	mux.HandleFunc("GET /readyz", a.readyzInWords)
	mux.HandleFunc("GET /limits", a.limits)
	mux.HandleFunc("GET /log-level", a.logLevel)
	mux.HandleFunc("PUT /log-level", a.setLogLevel)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	for _, name := range []string{"goroutine", "threadcreate", "block", "mutex"} {
		mux.Handle("GET /debug/pprof/"+name, pprof.Handler(name))
	}
	for _, name := range []string{"heap", "allocs"} {
		mux.Handle("GET /debug/pprof/"+name, a.withoutOTPCalls(pprof.Handler(name)))
	}
	return mux
}

// withoutOTPCalls serves what looks at the heap, on which numbers and OTPs lie while a
// call with them runs: not then. Such a call that comes meanwhile waits.
func (a *API) withoutOTPCalls(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.otpCalls.TryLock() {
			http.Error(w, "a call with a number or an OTP is running, and the heap is not looked at meanwhile; ask again", http.StatusConflict)
			return
		}
		defer a.otpCalls.Unlock()
		h.ServeHTTP(w, r)
	})
}

// limitedNow is what one limit refuses at the moment.
type limitedNow struct {
	Limit     string          `json:"limit"`
	PerMinute int             `json:"per_minute"`
	Addresses []limit.Limited `json:"addresses"`
}

// limits lists the addresses that are limited now, from memory: a flood comes from
// strangers' addresses, and a proxy that is not trusted is one address for all. No
// address is ever written anywhere.
func (a *API) limits(w http.ResponseWriter, _ *http.Request) {
	now, l := a.Core.Clock(), a.Core.Limits
	reply := struct {
		Limits         []limitedNow   `json:"limits"`
		TrustedProxies []netip.Prefix `json:"trusted_proxies"`
	}{[]limitedNow{}, append([]netip.Prefix{}, a.TrustedProxies...)}
	for _, one := range l.All() {
		reply.Limits = append(reply.Limits, limitedNow{one.Name, one.PerMinute(), one.Limited(now)})
	}
	writeJSON(w, http.StatusOK, reply)
}

type levelReply struct {
	Level string `json:"level"`
}

func (a *API) logLevel(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, levelReply{strings.ToLower(a.Level.Level().String())})
}

// setLogLevel takes debug, info, warn or error, for this process alone. A page cannot
// send it: a PUT to another origin asks first.
func (a *API) setLogLevel(w http.ResponseWriter, r *http.Request) {
	body, refused := read(w, r)
	var level slog.Level
	if refused != nil || level.UnmarshalText(bytes.TrimSpace(body)) != nil || bytes.ContainsAny(body, "+-") {
		http.Error(w, "send debug, info, warn or error as the body", http.StatusBadRequest)
		return
	}
	was := a.Level.Level()
	a.Level.Set(level)
	a.Log.Warn("the level of the log was changed on the admin listener, until the next start", "from", was.String(), "to", level.String())
	a.logLevel(w, r)
}
