//go:build js && wasm

package widget

import (
	"syscall/js"

	"ekycconnect/wasm/flow"
	"ekycconnect/wasm/internal/jsx"
)

// paint has the loader fetch and paint the view anew, then puts back what was
// in the old one: letters, picture, focus.
func (w *Widget) paint(p *flow.Effect) {
	focused := ""
	if active := w.host.root.Get("activeElement"); active.Truthy() {
		focused = jsx.String(active.Call("getAttribute", "data-part"))
	}
	promise := w.host.value.Call("paint", p.Lang)
	jsx.Go(func() {
		_, err := jsx.Await(promise)
		if w.closed {
			return
		}
		if err != nil {
			w.handle(&flow.Event{Kind: flow.Unpainted, Seq: p.Seq, Problem: problem(err)})
			w.guarded(w.showLanguage)
			return
		}
		w.guarded(w.restoreTyped)
		w.guarded(w.show)
		w.guarded(func() { w.refocus(focused) })
		w.handle(&flow.Event{Kind: flow.Painted, Seq: p.Seq})
		if w.picture.Truthy() {
			w.draw(drawing{picture: w.picture})
		}
	})
}

// refocus puts the focus on the part that took the place of the one that had
// it, if the focus went nowhere else meanwhile.
func (w *Widget) refocus(part string) {
	w.whereIsFocus()
	if part == "" || w.focusInside || !w.focusNowhere {
		return
	}
	part = "[data-part=" + part + "]"
	if element := w.host.find("section:not([hidden]) " + part + ",footer " + part); element.Truthy() {
		element.Call("focus")
	}
}

// showLanguage puts the choice of languages back to the language shown.
func (w *Widget) showLanguage() { w.set("select", "value", w.host.lang()) }

func (w *Widget) restoreTyped() { w.set("input", "value", w.typed) }

// drawing is a promised picture. Without a number it is drawn again only and answers
// nothing.
type drawing struct {
	seq     int
	picture js.Value
}

// decode begins to read a picture, while the rest is shown.
func (w *Widget) decode(e *flow.Effect) {
	d := drawing{seq: e.Seq}
	_ = jsx.Try(func() { d.picture = w.env.Decode(e.Picture) }) // or it cannot be drawn
	w.draw(d)
}

// draw puts pictures onto the canvas one after the other, since decoding one
// may take longer than decoding the next.
func (w *Widget) draw(d drawing) {
	w.pictures = append(w.pictures, d)
	if w.drawing {
		return
	}
	w.drawing = true
	jsx.Go(func() {
		defer func() { w.drawing = false }()
		for len(w.pictures) > 0 && !w.closed {
			d := w.pictures[0]
			w.pictures = w.pictures[1:]
			w.drawOne(d)
		}
	})
}

func (w *Widget) drawOne(d drawing) {
	picture, err := jsx.Await(d.picture)
	if err == nil {
		err = jsx.Try(func() { w.env.Draw(w.host.part("captcha"), picture) })
	}
	switch {
	case w.closed || d.seq == 0:
	case err != nil:
		w.handle(&flow.Event{Kind: flow.Undrawable, Seq: d.seq})
	default:
		w.picture, w.stale = d.picture, w.typed != ""
		w.handle(&flow.Event{Kind: flow.Drawn, Seq: d.seq})
	}
}
