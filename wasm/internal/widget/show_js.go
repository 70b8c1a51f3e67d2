//go:build js && wasm

package widget

import (
	"syscall/js"

	"ekycconnect/wasm/flow"
	"ekycconnect/wasm/internal/jsx"
	"ekycconnect/wasm/wire"
)

var panels = []string{"notice", "captcha", "done", "declined", "error"}

// asking are the controls that ask something of the relay.
var asking = []flow.Part{flow.Agree, flow.Decline, flow.Reload, flow.Submit}

// show makes the painted parts say what the flow's screen says. It looks every
// part up anew: a view may have been painted since.
func (w *Widget) show() {
	s := w.flow.Screen()
	for _, name := range panels {
		if panel := w.host.part("panel-" + name); panel.Truthy() {
			panel.Set("hidden", name != s.Panel)
		}
	}
	for _, part := range asking {
		w.mark(string(part), "aria-disabled", s.Locked || w.disabled)
		w.mark(string(part), "aria-busy", s.Busy == part)
	}
	w.mark("captcha", "aria-busy", s.Picture)
	w.mark("answer", "aria-invalid", s.Wrong)
	for _, name := range []string{"answer", "language"} {
		if field := w.host.part(name); field.Truthy() {
			field.Set("disabled", w.disabled)
		}
	}
	w.showReceipt()
	w.showPicture()
	w.say(s)
}

// showReceipt makes the links of a consent lead to its receipt, where it is
// withdrawn as well: by a press there, never by anything that a page could do here.
func (w *Widget) showReceipt() {
	for _, name := range []string{"receipt", "withdraw"} {
		if link := w.host.part(name); link.Truthy() && w.receipt != "" {
			link.Set("href", w.receipt)
			link.Set("hidden", false)
		}
	}
}

// mark sets an ARIA state, or takes it off.
func (w *Widget) mark(part, attribute string, on bool) {
	element := w.host.part(part)
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

// say puts the texts into the two live regions and the panel of errors. A text
// that stays is not written again: it would be read out again.
func (w *Widget) say(s flow.Screen) {
	write := func(element js.Value, text string, again bool) {
		if element.Truthy() && (again || element.Get("textContent").String() != text) {
			element.Set("textContent", text)
		}
	}
	alert := w.text(s.Alert, s.Seconds)
	write(w.host.part("status"), w.text(s.Status, s.Seconds), false)
	write(w.host.part("error"), alert, s.Alerts != w.alerts)
	w.alerts = s.Alerts
	if s.Panel == "error" {
		write(w.host.find(`[data-slot="reason"]`), alert, false)
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

// focusHeading makes a step known to who cannot see it. It never takes the
// focus from another place of the page.
func (w *Widget) focusHeading(calm bool) {
	if !w.focusInside && (calm || !w.focusNowhere) {
		return
	}
	heading := w.host.find(`[data-part="panel-` + w.flow.Screen().Panel + `"] [data-part="heading"]`)
	if heading.Truthy() {
		heading.Call("focus")
	}
}
