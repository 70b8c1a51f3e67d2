//go:build js && wasm

package widget

import (
	"syscall/js"

	"ekycconnect/wasm/flow"
	"ekycconnect/wasm/internal/jsx"
	"ekycconnect/wasm/wire"
)

// sayAlert puts an alert at the field that it is of, or else below the panel. Set in
// anew, it is heard in every engine.
func (w *Widget) sayAlert(s *flow.Screen, text string) {
	element := w.host.part("error")
	if s.Alerts == w.alerts && element.Get("textContent").String() == text {
		return
	}
	w.alerts = s.Alerts
	// Some engines read out how a field is described when it changes under the focus.
	if field := w.host.root.Get("activeElement"); named(field, "answer") {
		field.Call("setAttribute", "aria-describedby", "hint")
	}
	element.Set("textContent", text)
	element.Call("setAttribute", "role", "alert")
	at, how := "status", "after"
	if s.Panel == "captcha" && text != "" {
		at, how = "answer", "before"
	}
	w.host.part(at).Call(how, element)
}

// typing is how letters are typed that are no words.
var typing = [...]struct {
	name  string
	value any
}{{"enterKeyHint", "go"}, {"autocomplete", "off"}, {"autocapitalize", "none"}, {"autocorrect", false}, {"spellcheck", false}}

// showPicture sets how the picture is looked at.
func (w *Widget) showPicture() {
	width, filter := "", ""
	if w.zoom > 1 {
		width = jsx.Itoa(15*w.zoom) + "rem"
	}
	if w.contrast {
		filter = "grayscale(1) contrast(3)"
	}
	style := w.host.part("captcha").Get("style")
	style.Set("width", width)
	style.Set("filter", filter)
	pressed := func(part string, on bool) { w.host.part(part).Call("setAttribute", "aria-pressed", on) }
	pressed("enlarge", w.zoom > 1)
	pressed("contrast", w.contrast)
}

// say puts the texts where they are seen and heard.
func (w *Widget) say(s *flow.Screen) {
	alert, seen := w.text(s.Alert, 0), ""
	if s.Left > 0 {
		seen = w.text(s.Status, s.Left)
	}
	w.set("[data-part=status]", "textContent", w.text(s.Status, s.Seconds))
	w.set("[data-slot=seen]", "textContent", seen)
	w.set("[data-slot=reason]", "textContent", alert+wire.Brief(s.Request))
	w.set("[data-part=panel-done] button", "hidden", !s.Soon)
	w.sayAlert(s, alert)
}

// show makes the painted parts say what the flow's screen says. It looks every
// part up anew: a view may have been painted since.
func (w *Widget) show() {
	s := w.flow.Screen()
	panel := "[data-part=panel-" + s.Panel + "]"
	w.set("section:not("+panel+")", "hidden", true)
	w.set(panel, "hidden", false)
	w.mark("button,a[data-part]", "aria-disabled", s.Quiet)
	if s.Locked || w.disabled {
		w.mark("[data-part=agree],[data-part=decline],[data-part=reload],[data-part=submit]", "aria-disabled", true)
	}
	w.mark("[aria-busy]", "aria-busy", false)
	if s.Busy != "" {
		w.mark("[data-part="+string(s.Busy)+"]", "aria-busy", true)
	}
	w.mark("canvas", "aria-busy", s.Picture)
	w.mark("input", "aria-invalid", s.Wrong)
	w.set("input,select", "disabled", w.disabled)
	for _, t := range typing {
		w.set("input", t.name, t.value)
	}
	if s.Receipt != "" {
		// There a consent is withdrawn as well: by a press, never by anything that a
		// page could do here.
		w.set("footer a", "href", s.Receipt)
		w.set("footer a", "hidden", false)
	}
	w.showPicture()
	w.say(&s)
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

// set gives a property of all that the selector finds. What has the value already is
// left alone: a text that is written again is read out again.
func (w *Widget) set(selector, property string, value any) {
	to := js.ValueOf(value)
	all := w.host.root.Call("querySelectorAll", selector)
	for i := range all.Length() {
		if element := all.Index(i); !element.Get(property).Equal(to) {
			element.Set(property, to)
		}
	}
}

// focus makes a step known to who cannot see it. It never takes the focus from another
// place of the page.
func (w *Widget) focus(e *flow.Effect) {
	if !w.focusInside && (e.Calm || !w.focusNowhere) {
		return
	}
	tag := "h2"
	if e.Field {
		tag = "input"
	}
	if to := w.host.find("section:not([hidden]) " + tag); to.Truthy() && !to.Equal(w.host.root.Get("activeElement")) {
		// The alert is heard with it, where the person waits for what comes of a press, and with
		// the field in any case.
		if (e.Field || !e.Calm) && to.Call("hasAttribute", "aria-describedby").Bool() {
			w.mark("[data-part=error]", "role", false)
		}
		if e.Calm && e.Field {
			w.late.Stop()
			// Firefox tells a screen reader of no field in a panel that has just been shown.
			w.late = jsx.After(100, func() { to.Call("focus") })
		} else {
			to.Call("focus")
		}
	}
}

// mark sets an ARIA state of all that the selector finds, or takes it off.
func (w *Widget) mark(selector, state string, on bool) {
	how := "removeAttribute"
	if on {
		how = "setAttribute"
	}
	all := w.host.root.Call("querySelectorAll", selector)
	for i := range all.Length() {
		all.Index(i).Call(how, state, "true")
	}
}

// whereIsFocus notes where the focus is before the panels change, since hiding the
// element that has the focus moves it to the document.
func (w *Widget) whereIsFocus() {
	w.focusInside = w.host.root.Get("activeElement").Truthy()
	w.focusNowhere = w.host.value.Call("unfocused").Truthy()
}
