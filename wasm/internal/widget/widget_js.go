//go:build js && wasm

// Package widget binds one element of the page to its flow: it turns clicks,
// replies and timers into events, and the flow's screen and effects into the
// painted parts, requests and events of the page. It holds no words (all texts
// are in the view) and decides nothing (package flow does).
package widget

import (
	"syscall/js"

	"ekycconnect/wasm/flow"
	"ekycconnect/wasm/internal/jsx"
	"ekycconnect/wasm/internal/relay"
	"ekycconnect/wasm/wire"
)

// Core is what all widgets of a page share.
type Core struct {
	Relay          *relay.Client
	Version, Build string // for the consent record
	Env            Env
}

// Widget is one bound element. Its methods must not wait: they run in callbacks
// of the page.
type Widget struct {
	host           host
	flow           *flow.Flow
	relay          *relay.Client
	version, build string
	env            Env
	clock          *clock
	listeners      jsx.Listeners

	queue    []*flow.Event
	handling bool
	closed   bool

	call      *relay.Call // the newest request
	expiresAt int         // of the token; ms since 1970
	typed     string      // letters in the field, kept over a new view
	stale     bool        // the picture is newer than the letters
	picture   js.Value    // promised; the newest, drawn again into a new view
	drawing   bool
	pictures  []drawing
	alerts    int
	// Where the focus was before the panels changed: in this widget; on no control at all.
	focusInside, focusNowhere bool
	late                      *jsx.Timer // for a focus that follows
	zoom                      int
	contrast                  bool
	disabled                  bool
	lastCall                  int
	unanswered                []unanswered
}

// unanswered is a call of the page that waits for its result.
type unanswered struct {
	call   int
	result chan error
}

// Bind takes over an element whose view is painted.
func (c Core) Bind(value js.Value) *Widget {
	w := &Widget{
		host:  host{value: value, root: value.Get("root")},
		relay: c.Relay, version: c.Version, build: c.Build, env: c.Env,
		zoom: 1,
	}
	w.clock = newClock(c.Env, w.handle)
	p := w.host.params()
	w.flow = flow.New(p.sitekey)
	w.disabled = p.disabled
	w.listen()
	w.handle(&flow.Event{Kind: flow.Bound, Session: p.retry, Lang: w.host.lang()})
	w.choices()
	w.early()
	return w
}

// early carries out the press that came before the wasm did.
func (w *Widget) early() {
	press := w.host.value.Call("press")
	if part := jsx.String(jsx.Field(press, "part")); part != "" {
		w.press(part, jsx.Field(press, "own").Truthy(), false)
	}
}

// handle gives an event to the flow and carries out what comes of it. Page code
// that runs meanwhile may cause more events: they wait their turn.
func (w *Widget) handle(e *flow.Event) {
	w.queue = append(w.queue, e)
	if w.handling {
		return
	}
	w.handling = true
	defer func() { w.handling = false }()
	for len(w.queue) > 0 && !w.closed {
		e := w.queue[0]
		w.queue = w.queue[1:]
		effects := w.flow.Handle(e)
		w.each(effects, true) // under way while the rest is shown
		w.whereIsFocus()
		w.guarded(w.show)
		w.each(effects, false)
	}
}

// each carries out the effects that begin or end what takes long, or the others.
func (w *Widget) each(effects []flow.Effect, long bool) {
	for i := range effects {
		if e := &effects[i]; long == (e.Do == flow.Post || e.Do == flow.Cancel || e.Do == flow.Draw) {
			w.guarded(func() { w.carryOut(e) })
		}
	}
}

// guarded keeps one failing step, for one a method that the page has replaced,
// from holding up the others.
func (w *Widget) guarded(step func()) {
	defer jsx.Guard()
	step()
}

// Reset puts the widget back to the notice, as form.reset() does.
func (w *Widget) Reset() { w.handle(&flow.Event{Kind: flow.Reset}) }

// Restore is for a page that came back from the browser's cache: deadlines may
// have passed, requests may have been dropped.
func (w *Widget) Restore() {
	w.clock.check()
	w.handle(&flow.Event{Kind: flow.Resumed})
}

// Changed is told of an attribute of the element.
func (w *Widget) Changed(attribute string) {
	p := w.host.params()
	switch attribute {
	case "sitekey", "purpose":
		w.handle(&flow.Event{Kind: flow.Replaced, Sitekey: p.sitekey})
	case "lang":
		w.handle(&flow.Event{Kind: flow.Language, Lang: p.lang})
	case "retry":
		if p.retry != "" {
			w.handle(&flow.Event{Kind: flow.Retry, Session: p.retry})
		}
	case "disabled":
		w.disabled = p.disabled
		w.show()
	case "theme", "loading", "field":
		w.choices()
	}
}

// Retry asks for a new picture under the same consent; the channel gives one
// result. The page's attribute wins over the session in hand.
func (w *Widget) Retry() <-chan error {
	call, result := w.answerable()
	w.handle(&flow.Event{Kind: flow.Retry, Session: w.host.params().retry, Call: call})
	return result
}

// SetLanguage paints the view anew; the channel gives one result.
func (w *Widget) SetLanguage(lang string) <-chan error {
	call, result := w.answerable()
	w.handle(&flow.Event{Kind: flow.Language, Lang: lang, Call: call})
	return result
}

func (w *Widget) answerable() (int, <-chan error) {
	result := make(chan error, 1)
	if w.closed {
		result <- failure(wire.SessionInvalid)
		return 0, result
	}
	w.lastCall++
	w.unanswered = append(w.unanswered, unanswered{w.lastCall, result})
	return w.lastCall, result
}

func (w *Widget) settle(call int, code wire.Code) {
	for i, u := range w.unanswered {
		if u.call != call {
			continue
		}
		w.unanswered = append(w.unanswered[:i], w.unanswered[i+1:]...)
		if code == "" {
			u.result <- nil
		} else {
			u.result <- failure(code)
		}
		return
	}
}

func failure(code wire.Code) error {
	return &jsx.Failure{
		Message: "ekyc-connect: " + string(code),
		Fields:  []any{"name", "EkycConnectError", "code", string(code), "retryable", code.Retryable()},
	}
}

// Close lets go of the element: no listener, timer or request stays.
func (w *Widget) Close() {
	if w.closed {
		return
	}
	w.closed = true
	w.listeners.Close()
	w.clock.close()
	w.late.Stop()
	if w.call != nil {
		w.call.Abort()
	}
	for len(w.unanswered) > 0 {
		w.settle(w.unanswered[0].call, wire.SessionInvalid)
	}
}
