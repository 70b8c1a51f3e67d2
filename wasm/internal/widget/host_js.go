//go:build js && wasm

package widget

import (
	"syscall/js"

	"ekycconnect/wasm/internal/jsx"
	"ekycconnect/wasm/wire"
)

// host is the loader's side of one element. Each of its methods may run code of
// the page, and that may call the widget again: so the widget's own fields are
// consistent before each call.
type host struct {
	value js.Value
	root  js.Value // the open shadow root
}

type params struct {
	sitekey, purpose, ticket, subject, retry, lang string
	disabled                                       bool
}

func (h host) params() params {
	v := h.value.Call("params")
	text := func(name string) string { return jsx.String(jsx.Field(v, name)) }
	return params{
		sitekey: text("sitekey"), purpose: text("purpose"), ticket: text("ticket"), subject: text("subject"),
		retry: text("retry"), lang: text("lang"), disabled: jsx.Field(v, "disabled").Truthy(),
	}
}

// part is the element of the view with this name, null if there is none.
func (h host) part(name string) js.Value {
	return h.root.Call("querySelector", `[data-part="`+name+`"]`)
}

func (h host) find(selector string) js.Value { return h.root.Call("querySelector", selector) }

// message is a text of the view in its language, "" if the view lacks it.
func (h host) message(key string) string {
	if p := h.find(`[class~="` + key + `"]`); p.Truthy() {
		return p.Get("textContent").String()
	}
	return ""
}

// lang is the language of the view that is shown.
func (h host) lang() string {
	return jsx.String(jsx.Field(jsx.Field(h.value.Call("view"), "notice"), "lang"))
}

// decision is what a press stands for now: the notice that is shown, and who
// the page says the person is. A ticket says it better than the page.
func (w *Widget) decision() wire.Decision {
	p := w.host.params()
	view := w.host.value.Call("view")
	d := wire.Decision{
		Sitekey: p.sitekey, Purpose: p.purpose, Ticket: p.ticket,
		Presentation:   jsx.String(jsx.Field(view, "presentation")),
		NoticeSHA256:   jsx.String(jsx.Field(jsx.Field(view, "notice"), "sha256")),
		IdempotencyKey: w.env.Key(),
		Client:         &wire.Client{Channel: "widget", Version: w.version, Build: w.build},
	}
	if p.ticket == "" {
		d.Subject = p.subject
	}
	return d
}

// problem reads what host.paint rejects with: what has no code was thrown by a view
// that cannot be painted.
func problem(err error) wire.Problem {
	reason := js.Undefined()
	if r, ok := err.(*jsx.Rejection); ok {
		reason = r.Reason
	}
	code := wire.Code(jsx.String(jsx.Field(reason, "code")))
	if code == "" {
		code = wire.AssetIntegrity
	}
	p := wire.ProblemOf(code)
	if v := jsx.Field(reason, "retryable"); v.Type() == js.TypeBoolean {
		p.Retryable = v.Bool()
	}
	p.RetryAfter = jsx.Int(jsx.Field(reason, "retryAfter"))
	p.RequestID, p.Detail = jsx.String(jsx.Field(reason, "requestId")), jsx.String(jsx.Field(reason, "detail"))
	return p
}
