package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// The view comes last here, and the program is there before it.
func TestTheProgramIsAskedForBesideTheViewAndAtLowPriority(t *testing.T) {
	g := newGate(t, startRelay(t), isView)
	site := newPartner(t, form{Relay: g.URL, Markup: widget("pk_test_pass", "") + widget("pk_test_pass", "")})
	b := newTab(t)
	var low atomic.Int32
	chromedp.ListenTarget(b.base, func(event any) {
		if e, ok := event.(*network.EventRequestWillBeSent); ok && strings.HasSuffix(e.Request.URL, ".wasm") && e.Request.InitialPriority == network.ResourcePriorityLow {
			low.Add(1)
		}
	})
	b.open(site.URL)
	<-g.seen
	const programs = `performance.getEntriesByType('resource').filter(r => r.name.endsWith('.wasm')).length`
	b.until(programs + ` === 1`)
	require.Equal(t, "loading", js[string](b, `EkycConnect.getState()`))
	g.open()
	b.finish(1)
	require.Equal(t, 1, js[int](b, programs))
	require.EqualValues(t, 1, low.Load())
}

func TestWhoSendsTheProgramByAnotherNameOrTypeIsTakenAtItsBytes(t *testing.T) {
	relay := startRelay(t)
	as := func(contentType string) func(http.ResponseWriter, *http.Request) bool {
		to, err := url.Parse(relay)
		require.NoError(t, err)
		proxy := httputil.NewSingleHostReverseProxy(to)
		proxy.ModifyResponse = func(r *http.Response) error {
			r.Header.Set("Content-Type", contentType)
			return nil
		}
		return func(w http.ResponseWriter, r *http.Request) bool {
			if isWasm(r) {
				proxy.ServeHTTP(w, r)
			}
			return isWasm(r)
		}
	}
	nothing := func(http.ResponseWriter, *http.Request) bool { return false }
	for name, c := range map[string]struct {
		script string
		change func(http.ResponseWriter, *http.Request) bool
	}{
		"a proxy's type":                    {"", as("application/octet-stream")},
		"an engine that compiles no stream": {`delete WebAssembly.compileStreaming`, nothing},
	} {
		t.Run(name, func(t *testing.T) {
			site := newPartner(t, form{Relay: behind(t, relay, c.change), Markup: widget("pk_test_pass", ""), Policy: strict})
			b := newTab(t)
			b.do(onNewDocument(c.script))
			b.open(site.URL)
			b.finish()
			require.Empty(t, events(b, "error"))
		})
	}
}

// hurried makes of the loader's 15 s 4.
const hurried = `{ const plain = setTimeout; window.setTimeout = (f, ms, ...more) => plain(f, ms === 15000 ? 4000 : ms, ...more) }`

// drip sends the relay's answer for a route in ten parts, with a pause before each, and
// after so many of them nothing more. The channel tells of each browser that gave it up.
func (r *road) drip(t *testing.T, relay, end string, pause time.Duration, parts int) (left chan struct{}) {
	t.Helper()
	to, err := url.Parse(relay)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(to)
	left = make(chan struct{}, 10)
	r.set(end, func(w http.ResponseWriter, req *http.Request) {
		req.Header.Del("Accept-Encoding")
		whole := httptest.NewRecorder()
		proxy.ServeHTTP(whole, req)
		for name, values := range whole.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(whole.Code)
		body := whole.Body.Bytes()
		for i := range parts {
			select {
			case <-time.After(pause):
			case <-req.Context().Done():
				panic(http.ErrAbortHandler)
			}
			_, _ = w.Write(body[len(body)*i/10 : len(body)*(i+1)/10])
			_ = http.NewResponseController(w).Flush()
		}
		if parts < 10 {
			<-req.Context().Done()
			left <- struct{}{}
			panic(http.ErrAbortHandler)
		}
	})
	return left
}

func TestABodyThatFallsSilentIsGivenUpAndOneThatIsSlowIsNot(t *testing.T) {
	relay := startRelay(t)
	for _, end := range []string{"/v1/view", ".wasm"} {
		t.Run(end, func(t *testing.T) {
			way := newRoad(t, relay)
			left := way.drip(t, relay, end, 0, 5)
			site := newPartner(t, form{Relay: way.URL, Markup: widget("pk_test_pass", "")})
			b := newTab(t)
			b.do(onNewDocument(hurried))
			b.open(site.URL)
			if end == ".wasm" {
				b.state("notice")
				b.press("agree")
			}
			b.state("error")
			require.Equal(t, "network", events(b, "error")[0]["code"])
			<-left
			way.drip(t, relay, end, 500*time.Millisecond, 10) // 5 s in all
			b.press("retry")
			b.state("notice")
			b.finish()
			require.Len(t, events(b, "error"), 1)
		})
	}
}
