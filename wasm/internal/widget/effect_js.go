//go:build js && wasm

package widget

import (
	"syscall/js"

	"ekycconnect/wasm/flow"
	"ekycconnect/wasm/internal/jsx"
	"ekycconnect/wasm/wire"
)

func (w *Widget) carryOut(e *flow.Effect) {
	switch e.Do {
	case flow.Enter:
		w.enter(e)
	case flow.Post:
		w.post(e)
	case flow.Cancel:
		w.call.Abort()
	case flow.Draw:
		w.decode(e)
	case flow.Paint:
		w.paint(e)
	case flow.Focus:
		w.focus(e)
	case flow.Clear:
		w.typed = ""
		w.restoreTyped()
	case flow.Wake:
		w.clock.wake(e)
	case flow.Settle:
		w.settle(e.Call, e.Code)
	case flow.Emit:
		w.emit(e)
	}
}

func (w *Widget) enter(e *flow.Effect) {
	detail := jsx.Object()
	switch e.State {
	case flow.Done:
		// An estimate by the device's clock, for the page only; the widget's own
		// deadline does not rest on it.
		w.expiresAt = w.env.Wall() + e.Seconds*1000
		detail = jsx.Object("token", e.Token, "expiresAt", w.expiresAt)
	case flow.Waiting:
		detail = jsx.Object("retryAfter", e.Seconds)
	case flow.Error:
		detail = jsx.Object("unreachable", e.Unreachable)
	}
	w.host.value.Call("state", string(e.State), detail)
}

func (w *Widget) emit(e *flow.Effect) {
	detail := jsx.Object()
	switch e.Event {
	case flow.EventConsent:
		detail.Set("consentId", e.Consent.ID)
		if e.Consent.ReceiptURL != "" {
			detail.Set("receiptUrl", e.Consent.ReceiptURL)
		}
	case flow.EventDecline:
		detail = jsx.Object("consentId", e.Consent.ID, "alternative", e.Other, "reason", string(e.Reason))
	case flow.EventToken:
		detail = jsx.Object("token", e.Token, "expiresAt", w.expiresAt)
	case flow.EventError:
		w.tell(&e.Problem)
		return
	}
	w.host.value.Call("emit", e.Event, detail)
}

func (w *Widget) post(e *flow.Effect) {
	if w.call != nil {
		w.call.Abort() // of no effect on one that has ended
	}
	call := w.relay.Start(string(e.Request.Route), body(e.Request))
	w.call = call
	seq := e.Seq
	jsx.Go(func() {
		reply, problem := call.Wait()
		switch {
		case w.closed:
		case problem != nil:
			w.handle(&flow.Event{Kind: flow.Failed, Seq: seq, Problem: *problem})
		default:
			w.handle(&flow.Event{Kind: flow.Replied, Seq: seq, Reply: reply})
		}
	})
}

func body(r flow.Request) js.Value {
	if r.Session != "" {
		return wire.EncodeSession(r.Session, r.Answer)
	}
	d := wire.DeclineRequest{Decision: r.Decision, Alternative: r.Other}
	return d.Encode()
}
