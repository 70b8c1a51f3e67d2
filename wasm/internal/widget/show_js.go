//go:build js && wasm

package widget

import (
	"syscall/js"

	"ekycconnect/wasm/flow"
	"ekycconnect/wasm/internal/jsx"
	"ekycconnect/wasm/wire"
)

var panels = []string{"notice", "captcha", "done", "declined", "error"}

// show makes the painted parts say what the flow's screen says. It looks every
// part up anew: a view may have been painted since.
func (w *Widget) show() {
	s := w.flow.Screen()
	for _, name := range panels {
		if panel := w.host.part("panel-" + name); panel.Truthy() {
			panel.Set("hidden", name != s.Panel)
		}
	}
	w.showControls(&s)
	mark(w.host.part("captcha"), "aria-busy", s.Picture)
	mark(w.host.part("answer"), "aria-invalid", s.Wrong)
	for _, name := range []string{"answer", "language"} {
		if field := w.host.part(name); field.Truthy() {
			field.Set("disabled", w.disabled)
		}
	}
	w.showReceipt(s.Receipt)
	w.showPicture()
	w.say(&s)
}

// showReceipt makes the links of a consent lead to its receipt, where it is
// withdrawn as well: by a press there, never by anything that a page could do here.
func (w *Widget) showReceipt(url string) {
	for _, name := range []string{"receipt", "withdraw"} {
		if link := w.host.part(name); link.Truthy() && url != "" {
			link.Set("href", url)
			link.Set("hidden", false)
		}
	}
}

// showControls says of every control whether it does something now.
func (w *Widget) showControls(s *flow.Screen) {
	all := w.host.root.Call("querySelectorAll", "button,a[data-part]")
	for i := range all.Length() {
		control := all.Index(i)
		off := s.Quiet
		part := flow.Part(jsx.String(control.Call("getAttribute", "data-part")))
		switch part {
		case flow.Agree, flow.Decline, flow.Reload, flow.Submit: // they ask something of the relay
			off = off || s.Locked || w.disabled
		}
		mark(control, "aria-disabled", off)
		mark(control, "aria-busy", part != "" && part == s.Busy)
	}
}

// mark sets an ARIA state, or takes it off.
func mark(element js.Value, attribute string, on bool) {
	switch {
	case !element.Truthy():
	case on:
		element.Call("setAttribute", attribute, "true")
	default:
		element.Call("removeAttribute", attribute)
	}
}

// showPicture sets how the picture is looked at.
func (w *Widget) showPicture() {
	if canvas := w.host.part("captcha"); canvas.Truthy() {
		width, filter := "", ""
		if w.zoom > 1 {
			width = jsx.Itoa(15*w.zoom) + "rem"
		}
		if w.contrast {
			filter = "grayscale(1) contrast(3)"
		}
		style := canvas.Get("style")
		style.Set("width", width)
		style.Set("filter", filter)
	}
	pressed := func(part string, on bool) {
		if button := w.host.part(part); button.Truthy() {
			button.Call("setAttribute", "aria-pressed", on)
		}
	}
	pressed("enlarge", w.zoom > 1)
	pressed("contrast", w.contrast)
}

// say puts the texts where they are seen and heard. A text that stays is not written
// again: it would be read out again.
func (w *Widget) say(s *flow.Screen) {
	write := func(selector, text string) {
		if element := w.host.find(selector); element.Truthy() && element.Get("textContent").String() != text {
			element.Set("textContent", text)
		}
	}
	alert := w.text(s.Alert, 0)
	w.sayAlert(s, alert)
	write("[data-part=status]", w.text(s.Status, s.Seconds))
	seen := ""
	if s.Left > 0 {
		seen = w.text(s.Status, s.Left)
	}
	write("[data-slot=seen]", seen)
	if s.Panel == "error" {
		write("[data-slot=reason]", alert)
	}
	if again := w.host.find("[data-part=panel-done] button"); again.Truthy() {
		again.Set("hidden", !s.Soon)
	}
}

// sayAlert puts an alert at the field that it is of, or else below the panel.
func (w *Widget) sayAlert(s *flow.Screen, text string) {
	element, again := w.host.part("error"), s.Alerts != w.alerts
	w.alerts = s.Alerts
	if !element.Truthy() || !again && element.Get("textContent").String() == text {
		return
	}
	element.Call("removeAttribute", "role")
	element.Set("textContent", text)
	at, how := "status", "after"
	if s.Panel == "captcha" && text != "" {
		at, how = "answer", "before"
	}
	if near := w.host.part(at); near.Truthy() {
		near.Call(how, element)
	}
	w.unsaid = again && text != ""
}

// announce has an alert heard, unless the focus has just gone to what it describes:
// it would be heard twice.
func (w *Widget) announce() {
	if w.unsaid {
		w.unsaid = false
		w.host.part("error").Call("setAttribute", "role", "alert")
	}
}

func (w *Widget) text(key string, seconds int) string {
	if key == "" {
		return ""
	}
	text := w.host.message(key)
	if text == "" {
		text = w.host.message(string(wire.Code(key).Fault()))
	}
	if text == "" {
		text = w.host.message("unknown")
	}
	const slot = "{seconds}"
	for i := 0; i+len(slot) <= len(text); i++ {
		if text[i:i+len(slot)] == slot {
			return text[:i] + jsx.Itoa(seconds) + text[i+len(slot):]
		}
	}
	return text
}

// whereIsFocus notes where the focus is before the panels change, since hiding the
// element that has the focus moves it to the document.
func (w *Widget) whereIsFocus() {
	w.focusInside = w.host.root.Get("activeElement").Truthy()
	w.focusNowhere = w.host.value.Call("unfocused").Truthy()
}

// focus makes a step known to who cannot see it. It never takes the focus from another
// place of the page.
func (w *Widget) focus(e *flow.Effect) {
	if !w.focusInside && (e.Calm || !w.focusNowhere) {
		return
	}
	panel := w.flow.Screen().Panel
	to := w.host.find(`[data-part="panel-` + panel + `"] [data-part="heading"]`)
	if e.Field {
		to = w.host.part("answer")
		if to.Equal(w.host.root.Get("activeElement")) {
			return
		}
	}
	if to.Truthy() {
		to.Call("focus")
		w.unsaid = w.unsaid && !e.Field && panel != "error"
	}
}
