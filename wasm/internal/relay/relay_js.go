//go:build js && wasm

// Package relay is the widget's client of the relay: one fetch a call, with a
// deadline, a bound on the answer, and every way to fail told as a
// [wire.Problem]. It never repeats a request; whether to do so is decided in
// package flow.
package relay

import (
	"syscall/js"

	"ekycconnect/wasm/internal/jsx"
	"ekycconnect/wasm/wire"
)

const (
	// The relay may hold a request for the vendor's line (8 s) and the vendor
	// (10 s) before it answers.
	vendorWait = 25_000 // ms
	wait       = 10_000 // ms
	// A picture is at most 256 KiB, as base64 342 KiB.
	maxReply = 512 << 10 // characters
)

// Client speaks to one relay.
type Client struct {
	base             string
	fetch            js.Value
	stringify, parse js.Value
}

// New makes a client of the relay at base (no slash at the end). fetch is the
// browser's, or a test's.
func New(base string, fetch js.Value) *Client {
	json := js.Global().Get("JSON")
	return &Client{base: base, fetch: fetch, stringify: json.Get("stringify"), parse: json.Get("parse")}
}

// Call is a request under way.
type Call struct {
	client     *Client
	route      string
	controller js.Value
	response   js.Value // a promise
}

// Start sends POST /v1/route. route is "sessions", "declines", "captchas" or "answers".
func (c *Client) Start(route string, body js.Value) *Call {
	controller := js.Global().Get("AbortController").New()
	call := &Call{client: c, route: route, controller: controller}
	_ = jsx.Try(func() { // a page's own fetch may throw
		call.response = c.fetch.Invoke(c.base+"/v1/"+route, jsx.Object(
			"method", "POST",
			// text/plain keeps the browser from asking first (no CORS preflight).
			"headers", jsx.Object("Content-Type", "text/plain"),
			"body", c.stringify.Invoke(body),
			"mode", "cors",
			"credentials", "omit",
			"cache", "no-store",
			"redirect", "error",
			"signal", controller.Get("signal"),
			// A refusal is to be recorded even if the person leaves the page next.
			"keepalive", route == "declines",
		))
	})
	return call
}

// Abort ends the call; Wait then fails with [wire.Network].
func (c *Call) Abort() { c.controller.Call("abort") }

// Wait waits for the whole answer: a reply, or a problem that is not nil. It must
// not run in a callback.
func (c *Call) Wait() (r wire.Reply, problem *wire.Problem) {
	problem = failure(wire.Network)
	_ = jsx.Try(func() { r, problem = c.wait() })
	return r, problem
}

func (c *Call) wait() (r wire.Reply, problem *wire.Problem) {
	limit := wait
	if c.route == "sessions" || c.route == "captchas" {
		limit = vendorWait
	}
	deadline := jsx.After(limit, c.Abort)
	defer deadline.Stop()

	response, err := jsx.Await(c.response)
	if err != nil {
		return r, failure(wire.Network)
	}
	text, err := read(response)
	if err != nil {
		return r, failure(wire.Network)
	}
	parsed := js.Undefined()
	_ = jsx.Try(func() { parsed = c.client.parse.Invoke(text) })
	if status := response.Get("status").Int(); status < 200 || status > 299 {
		return r, refusal(status, response.Get("headers"), parsed)
	}
	r, ok := wire.DecodeReply(parsed)
	if !ok {
		return r, failure(wire.Internal)
	}
	return r, nil
}

// read is the whole body as text. What is too long never reaches our memory.
func read(response js.Value) (js.Value, error) {
	text, err := jsx.Await(response.Call("text"))
	if err == nil && js.Global().Get("Object").Invoke(text).Length() > maxReply {
		text = js.ValueOf("") // judged by its status then
	}
	return text, err
}

// refusal is the problem of an answer that is none of 2xx, be it the relay's
// own or that of a proxy on the way.
func refusal(status int, headers, body js.Value) *wire.Problem {
	p, ok := wire.DecodeProblem(body)
	if !ok {
		p = *failure(byStatus(status))
	}
	p.Status = status
	if p.RetryAfter <= 0 {
		p.RetryAfter = jsx.Atoi(jsx.String(headers.Call("get", "Retry-After")))
	}
	if p.RequestID == "" {
		p.RequestID = jsx.String(headers.Call("get", "X-Request-Id"))
	}
	return &p
}

// byStatus names an answer that is no problem of the relay's.
func byStatus(status int) wire.Code {
	switch {
	case status == 413:
		return wire.BodyTooLarge
	case status == 429:
		return wire.RateLimited
	case status == 502 || status == 503 || status == 504:
		return wire.VendorUnavailable // something in front of the relay cannot reach it
	case status >= 500:
		return wire.Internal
	}
	return wire.InvalidRequest
}

func failure(code wire.Code) *wire.Problem { p := wire.ProblemOf(code); return &p }
