//go:build js && wasm

package widget

import (
	"syscall/js"

	"ekycconnect/wasm/flow"
	"ekycconnect/wasm/internal/jsx"
)

// listen listens at the shadow root, which outlives every view painted in it.
func (w *Widget) listen() {
	w.listeners.Add(w.host.root, "click", func(event js.Value) {
		part := target(event)
		if !part.Truthy() {
			return
		}
		own := w.host.value.Call("own", event).Truthy()
		if w.flow.Quiet() {
			event.Call("preventDefault") // a link's
			return
		}
		w.press(jsx.String(part.Call("getAttribute", "data-part")), own, false)
	})
	w.listeners.Add(w.host.root, "keydown", func(event js.Value) {
		if event.Get("key").String() == "Enter" && !event.Get("isComposing").Truthy() && named(target(event), "answer") {
			event.Call("preventDefault")
			w.press(string(flow.Submit), event.Get("isTrusted").Truthy(), true)
		}
	})
	w.listeners.Add(w.host.root, "input", func(event js.Value) {
		if part := target(event); named(part, "answer") {
			w.typed, w.stale = part.Get("value").String(), false
			part.Call("removeAttribute", "aria-invalid")
		}
	})
	w.listeners.Add(w.host.root, "focusin", func(event js.Value) {
		// The letters of an older picture are of no use: typing replaces them.
		if part := target(event); w.stale && named(part, "answer") {
			w.stale = false
			part.Call("select")
		}
	})
	w.listeners.Add(w.host.root, "focusout", func(event js.Value) {
		if part := target(event); named(part, "answer") {
			part.Call("setAttribute", "aria-describedby", "error hint")
		}
	})
	w.listeners.Add(w.host.root, "change", func(event js.Value) {
		if part := target(event); named(part, "language") {
			w.handle(&flow.Event{Kind: flow.Language, Lang: jsx.String(part.Get("value"))})
		}
	})
	w.listeners.Add(js.Global().Get("window"), "visibilitychange", func(js.Value) {
		w.clock.check()
	})
}

// target is the part that an event happened in, null if none.
func target(event js.Value) js.Value {
	v := event.Get("target")
	if jsx.Field(v, "closest").Type() != js.TypeFunction {
		return js.Null()
	}
	return v.Call("closest", "[data-part]")
}

func named(part js.Value, name string) bool {
	return part.Truthy() && jsx.String(part.Call("getAttribute", "data-part")) == name
}

// press takes a press of a part; own says that it was the person's, key that it was
// one of a key in the field.
func (w *Widget) press(part string, own, key bool) {
	switch part {
	case "enlarge":
		w.zoom = w.zoom%3 + 1
		w.show()
		return
	case "contrast":
		w.contrast = !w.contrast
		w.show()
		return
	}
	p := &flow.Event{Kind: flow.Press, Part: flow.Part(part), Trusted: own, Key: key}
	switch p.Part {
	case flow.Agree, flow.Decline:
		p.Decision = w.decision()
	case flow.Alternative:
		p.Decision = w.decision()
		p.Other = string(flow.ByOtherID)
	case flow.Submit:
		if answer := w.host.part("answer"); answer.Truthy() {
			p.Typed = answer.Get("value").String()
		}
	}
	if !w.disabled {
		w.handle(p)
	}
}
