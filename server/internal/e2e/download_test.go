package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// The view comes last here, and the program is there before it.
func TestTheProgramIsAskedForBesideTheViewAndAtLowPriority(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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

// byHand stops the clock of the loader's 15 s: waits counts how often they have begun, and
// passes takes some from those that began last.
const byHand = `
globalThis.waits = 0;
{
	const plain = setTimeout;
	let left, over;
	window.setTimeout = (f, ms, ...more) => {
		if (ms !== 15000) return plain(f, ms, ...more);
		waits++;
		[left, over] = [ms, f];
	};
	globalThis.passes = ms => (left -= ms) <= 0 && over();
}
`

// drip sends the relay's answer for a route in ten parts, each when it is asked for, and
// closes given once the browser is gone or has all.
func (r *road) drip(t *testing.T, relay, end string) (next, given chan struct{}) {
	t.Helper()
	to, err := url.Parse(relay)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(to)
	next, given = make(chan struct{}), make(chan struct{})
	r.set(end, func(w http.ResponseWriter, req *http.Request) {
		defer close(given)
		req.Header.Del("Accept-Encoding")
		whole := httptest.NewRecorder()
		proxy.ServeHTTP(whole, req)
		for name, values := range whole.Header() {
			if name != "Content-Length" { // a proxy passes each part on at once
				w.Header()[name] = values
			}
		}
		w.WriteHeader(whole.Code)
		body := whole.Body.Bytes()
		for i := range 10 {
			select {
			case <-next:
			case <-req.Context().Done():
				panic(http.ErrAbortHandler)
			}
			_, _ = w.Write(body[len(body)*i/10 : len(body)*(i+1)/10])
			_ = http.NewResponseController(w).Flush()
		}
	})
	return next, given
}

func TestABodyThatFallsSilentIsGivenUpAndOneThatIsSlowIsNot(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	for _, end := range []string{"/v1/view", ".wasm"} {
		t.Run(end, func(t *testing.T) {
			way := newRoad(t, relay)
			// One body at a time: the program waits until the view is there.
			g := newGate(t, way.URL, func(r *http.Request) bool { return end == "/v1/view" && isWasm(r) })
			site := newPartner(t, form{Relay: g.URL, Markup: widget("pk_test_pass", "")})
			b := newTab(t)
			b.do(onNewDocument(byHand))
			// sends has a part be sent, and waits until the page has read it.
			sends := func(next chan struct{}) {
				t.Helper()
				before := js[int](b, `waits`)
				select {
				case next <- struct{}{}:
				case <-b.ctx.Done():
					require.FailNow(t, "nobody asks for "+end)
				}
				b.until(fmt.Sprintf(`waits > %d`, before))
			}
			next, given := way.drip(t, relay, end)
			b.open(site.URL)
			if end == ".wasm" {
				b.state("notice")
				b.press("agree")
			}
			for range 5 {
				sends(next)
			}
			// Again, since what the page has read last may have begun another wait.
			b.until(`(passes(15000), document.querySelector('ekyc-connect').dataset.state === 'error')`)
			require.Equal(t, "network", events(b, "error")[0]["code"])
			select {
			case <-given:
			case <-b.ctx.Done():
				require.FailNow(t, "the browser still waits")
			}

			next, _ = way.drip(t, relay, end)
			js[any](b, `new Promise(over => setTimeout(over, 1000))`) // for so long after agree no button acts
			b.press("retry")
			for range 10 {
				sends(next)
				js[any](b, `passes(10000)`) // 100 s in all
			}
			b.state("notice")
			if end == "/v1/view" {
				g.open()
			}
			b.finish()
			require.Len(t, events(b, "error"), 1)
		})
	}
}
