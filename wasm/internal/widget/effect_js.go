//go:build js && wasm

package widget

import (
	"syscall/js"

	"ekycconnect/wasm/flow"
	"ekycconnect/wasm/internal/jsx"
	"ekycconnect/wasm/wire"
)

func (w *Widget) carryOut(e flow.Effect) {
	switch e := e.(type) {
	case flow.Enter:
		w.enter(e)
	case flow.Post:
		w.post(e)
	case flow.Cancel:
		w.call.Abort()
	case flow.Draw:
		w.draw(e)
	case flow.Paint:
		w.paint(e)
	case flow.Focus:
		w.focusHeading(e.Calm)
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

func (w *Widget) enter(e flow.Enter) {
	detail := map[string]any{}
	switch e.State {
	case flow.Done:
		// An estimate by the device's clock, for the page only; the widget's own
		// deadline does not rest on it.
		w.expiresAt = w.env.Wall() + float64(e.ExpiresIn)*1000
		detail["token"], detail["expiresAt"] = e.Token, w.expiresAt
	case flow.Waiting:
		detail["retryAfter"] = e.RetryAfter
	case flow.Error:
		if e.Unreachable {
			detail["unreachable"] = true
		}
	case flow.Notice: // the loader has said so already
		if w.host.state() == string(flow.Notice) {
			return
		}
	}
	w.host.value.Call("state", string(e.State), detail)
}

func (w *Widget) emit(e flow.Emit) {
	detail := map[string]any{}
	switch e.Type {
	case flow.EventConsent:
		detail["consentId"] = e.Consent.ID
		if e.Consent.ReceiptURL != "" {
			detail["receiptUrl"] = e.Consent.ReceiptURL
		}
	case flow.EventDecline:
		detail["consentId"], detail["alternative"], detail["reason"] = e.Consent.ID, e.Other, string(e.Reason)
	case flow.EventToken:
		detail["token"], detail["expiresAt"] = e.Token, w.expiresAt
	case flow.EventError:
		detail["code"], detail["retryable"] = string(e.Problem.Code), e.Problem.Retryable
		detail["fault"], detail["requestId"] = string(e.Problem.Fault), e.Problem.RequestID
	}
	w.host.value.Call("emit", e.Type, detail)
}

func (w *Widget) post(p flow.Post) {
	if w.call != nil {
		w.call.Abort() // of no effect on one that has ended
	}
	call := w.relay.Start(string(p.Route), body(p))
	w.call = call
	jsx.Go(func() {
		parsed, problem := call.Wait()
		if w.closed {
			return
		}
		if problem != nil {
			w.handle(flow.Failed{Seq: p.Seq, Problem: *problem})
			return
		}
		w.handle(outcome(p, parsed))
	})
}

func body(p flow.Post) map[string]any {
	switch p.Route {
	case flow.Declines:
		r := wire.DeclineRequest{Decision: p.Decision, Alternative: p.Other}
		return r.Encode()
	case flow.Captchas:
		r := wire.CaptchaRequest{Session: p.Session}
		return r.Encode()
	case flow.Answers:
		r := wire.AnswerRequest{Session: p.Session, Answer: p.Answer}
		return r.Encode()
	}
	return p.Decision.Encode()
}

func outcome(p flow.Post, parsed js.Value) flow.Event {
	ok := false
	var e flow.Event
	switch p.Route {
	case flow.Sessions:
		var r wire.SessionReply
		r, ok = wire.DecodeSessionReply(parsed)
		e = flow.Began{Seq: p.Seq, Reply: r}
	case flow.Declines:
		var r wire.DeclineReply
		r, ok = wire.DecodeDeclineReply(parsed)
		e = flow.Recorded{Seq: p.Seq, Reply: r}
	case flow.Captchas:
		var r wire.CaptchaReply
		r, ok = wire.DecodeCaptchaReply(parsed)
		e = flow.Pictured{Seq: p.Seq, Reply: r}
	case flow.Answers:
		var r wire.AnswerReply
		r, ok = wire.DecodeAnswerReply(parsed)
		e = flow.Answered{Seq: p.Seq, Reply: r}
	}
	if !ok {
		return flow.Failed{Seq: p.Seq, Problem: wire.ProblemOf(wire.Internal)}
	}
	return e
}
