package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// road leads to a relay. A test can block it for one route at a time, and open
// it again, as often as it likes.
type road struct {
	URL string

	mu    sync.Mutex
	rules map[string]http.HandlerFunc // by the end of the path
	ended context.Context             // with the test: whatever is held is let go of
}

func newRoad(t *testing.T, relay string) *road {
	t.Helper()
	to, err := url.Parse(relay)
	require.NoError(t, err)
	r := &road{rules: map[string]http.HandlerFunc{}, ended: t.Context()}
	proxy := httputil.NewSingleHostReverseProxy(to)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if rule := r.rule(req.URL.Path); rule != nil {
			rule(w, req)
		} else {
			proxy.ServeHTTP(w, req)
		}
	}))
	t.Cleanup(s.Close)
	r.URL = s.URL
	return r
}

func (r *road) rule(path string) http.HandlerFunc {
	r.mu.Lock()
	defer r.mu.Unlock()
	for end, rule := range r.rules {
		if strings.HasSuffix(path, end) {
			return rule
		}
	}
	return nil
}

func (r *road) set(end string, rule http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rules[end] = rule
}

func (r *road) open(end string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.rules, end)
}

// hold lets requests of a route wait until the browser gives them up, or the
// returned function breaks them: these and, until the route is opened, all later
// ones, since a browser repeats one whose connection was not new.
func (r *road) hold(end string) (drop func()) {
	dropped := make(chan struct{})
	r.set(end, func(_ http.ResponseWriter, req *http.Request) {
		select {
		case <-dropped:
		case <-req.Context().Done():
		case <-r.ended.Done():
		}
		panic(http.ErrAbortHandler)
	})
	return sync.OnceFunc(func() { close(dropped) })
}

// refuse answers a route with a problem, as the relay would.
func (r *road) refuse(end string, status int, code string, retryAfter int) {
	r.set(end, func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", req.Header.Get("Origin"))
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"type":"about:blank","title":"t","status":%d,"code":%q,"retryable":true,"fault":"vendor","request_id":"r-1","retry_after":%d}`, status, code, retryAfter)
	})
}
