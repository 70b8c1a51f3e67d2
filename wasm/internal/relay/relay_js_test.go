//go:build js && wasm

package relay_test

import (
	"syscall/js"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/internal/jsx"
	"ekycconnect/wasm/internal/relay"
	"ekycconnect/wasm/wire"
)

// fetch makes a double of the browser's fetch, and keeps what it was called
// with in .calls.
func fetch(code string) js.Value {
	return js.Global().Call("eval", `(() => {
		const calls = [];
		const f = (url, init) => { calls.push({url, init}); return (`+code+`)(url, init); };
		f.calls = calls;
		return f;
	})()`)
}

func post(route string, f js.Value) (wire.Reply, *wire.Problem) {
	return relay.New("https://relay.example/prefix", f).Start(route, jsx.Object("session", "s")).Wait()
}

func TestARequestCostsNoPreflightAndCarriesNoCookie(t *testing.T) {
	for _, route := range []string{"sessions", "declines", "captchas", "answers"} {
		f := fetch(`() => Promise.resolve(new Response('{"token":"t","expires_in":300}', {status: 201}))`)
		reply, problem := post(route, f)
		require.Nil(t, problem)
		require.Equal(t, wire.Reply{Token: "t", ExpiresIn: 300}, reply)

		require.Equal(t, 1, f.Get("calls").Length())
		call := f.Get("calls").Index(0)
		require.Equal(t, "https://relay.example/prefix/v1/"+route, call.Get("url").String())
		init := call.Get("init")
		require.Equal(t, "POST", init.Get("method").String())
		require.Equal(t, "omit", init.Get("credentials").String())
		require.Equal(t, "cors", init.Get("mode").String())
		require.Equal(t, "error", init.Get("redirect").String())
		require.Equal(t, "text/plain", init.Get("headers").Get("Content-Type").String())
		require.Equal(t, `{"session":"s"}`, init.Get("body").String())
		require.Equal(t, route == "declines", init.Get("keepalive").Bool())
		_, err := jsx.Await(js.Global().Get("Request").New(call.Get("url"), init).Call("text"))
		require.NoError(t, err, "a real browser takes these options")
	}
}

func TestEveryWayToFailIsAProblem(t *testing.T) {
	respond := func(body, init string) string {
		return `() => Promise.resolve(new Response(` + body + `, ` + init + `))`
	}
	html := "`<html>Bad Gateway</html>`"
	for name, c := range map[string]struct {
		fetch string
		want  wire.Problem
	}{
		"no connection":       {`() => Promise.reject(new TypeError("Failed to fetch"))`, wire.ProblemOf(wire.Network)},
		"a fetch that throws": {`() => { throw "replaced by the page" }`, wire.ProblemOf(wire.Network)},
		"a body that breaks off": {
			`() => Promise.resolve(new Response(new ReadableStream({start(c) { c.error("gone") }}), {status: 201}))`,
			wire.ProblemOf(wire.Network)},
		"a problem": {
			respond(`JSON.stringify({code: "vendor_busy", retryable: true, fault: "vendor", request_id: "r1", retry_after: 2})`, `{status: 503}`),
			wire.Problem{Status: 503, Code: wire.VendorBusy, Retryable: true, Fault: wire.FaultVendor, RequestID: "r1", RetryAfter: 2}},
		"a problem with headers": {
			respond(`JSON.stringify({code: "rate_limited", retryable: true, fault: "user"})`, `{status: 429, headers: {"Retry-After": "7", "X-Request-Id": "r2"}}`),
			wire.Problem{Status: 429, Code: wire.RateLimited, Retryable: true, Fault: wire.FaultUser, RequestID: "r2", RetryAfter: 7}},
		"a problem after the commit": {
			respond(`JSON.stringify({code: "vendor_timeout", retryable: true, fault: "vendor", consent: {id: "c"}})`, `{status: 504}`),
			wire.Problem{Status: 504, Code: wire.VendorTimeout, Retryable: true, Fault: wire.FaultVendor, Consent: &wire.Consent{ID: "c"}}},
		"a date as Retry-After": {
			respond(`JSON.stringify({code: "vendor_busy", retryable: true, fault: "vendor"})`, `{status: 503, headers: {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}}`),
			wire.Problem{Status: 503, Code: wire.VendorBusy, Retryable: true, Fault: wire.FaultVendor}},
		"a proxy's 502":            {respond(html, `{status: 502}`), of(wire.VendorUnavailable, 502)},
		"a proxy's 504":            {respond(html, `{status: 504}`), of(wire.VendorUnavailable, 504)},
		"a proxy's 413":            {respond(html, `{status: 413}`), of(wire.BodyTooLarge, 413)},
		"a proxy's 429":            {respond(html, `{status: 429}`), of(wire.RateLimited, 429)},
		"a proxy's 500":            {respond(html, `{status: 500}`), of(wire.Internal, 500)},
		"a proxy's 403":            {respond(html, `{status: 403}`), of(wire.InvalidRequest, 403)},
		"success that is HTML":     {respond(html, `{status: 200}`), wire.ProblemOf(wire.Internal)},
		"success that is empty":    {respond(`""`, `{status: 200}`), wire.ProblemOf(wire.Internal)},
		"success of another shape": {respond(`'{"token": 1}'`, `{status: 201}`), wire.ProblemOf(wire.Internal)},
		"success of a megabyte": {
			respond("`{\"token\":\"${'x'.repeat(1 << 20)}\"}`", `{status: 201}`), wire.ProblemOf(wire.Internal)},
	} {
		_, problem := post("sessions", fetch(c.fetch))
		require.NotNil(t, problem, name)
		require.Equal(t, c.want, *problem, name)
	}
}

func of(code wire.Code, status int) wire.Problem {
	p := wire.ProblemOf(code)
	p.Status = status
	return p
}

func TestAnAbortedCallEnds(t *testing.T) {
	f := fetch(`(url, init) => new Promise((ok, no) => init.signal.addEventListener("abort", () => no(init.signal.reason)))`)
	call := relay.New("", f).Start("sessions", jsx.Object())
	ended := make(chan *wire.Problem, 1)
	jsx.Go(func() {
		_, problem := call.Wait()
		ended <- problem
	})
	jsx.After(1, call.Abort)
	require.Equal(t, wire.Network, (<-ended).Code)
	call.Abort()
}
