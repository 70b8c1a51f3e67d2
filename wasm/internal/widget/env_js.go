//go:build js && wasm

package widget

import (
	"syscall/js"

	"ekycconnect/wasm/internal/jsx"
)

// Env is the browser as the widget uses it. Tests put their own in.
type Env struct {
	Wall func() int    // ms since 1970, by a clock that can be set
	Mono func() int    // ms, by a clock that may stop while the device sleeps
	Key  func() string // a fresh idempotency key

	// Decode begins to read a JPEG, in base64, and promises a picture.
	Decode func(jpeg string) js.Value
	// Draw puts the picture onto a canvas.
	Draw func(canvas, picture js.Value)
}

// Browser is the real one, with the loader's clock and its source of what nobody can guess.
func Browser(now, random js.Value) Env {
	date, parse := js.Global().Get("Date").Get("now"), js.Global().Get("JSON").Get("parse")
	return Env{
		Wall:   func() int { return date.Invoke().Int() },
		Mono:   func() int { return now.Invoke().Int() },
		Key:    func() string { return random.Invoke().String() },
		Decode: func(jpeg string) js.Value { return decode(parse, jpeg) },
		Draw:   draw,
	}
}

// decode needs nothing of the page's policy; an image of a data: or blob: URL would need
// img-src. The bytes cross over as one text of their numbers.
func decode(parse js.Value, jpeg string) js.Value {
	window := js.Global().Get("window")
	var numbers []byte
	for _, b := range window.Call("atob", jpeg).String() {
		b += 256 // which the array of bytes takes off again: so each has three digits
		numbers = append(numbers, ',', byte('0'+b/100), byte('0'+b/10%10), byte('0'+b%10))
	}
	bytes := js.Global().Get("Uint8Array").New(parse.Invoke("[" + string(numbers[1:]) + "]"))
	return window.Call("createImageBitmap", window.Get("Blob").New([]any{bytes}, jsx.Object("type", "image/jpeg")))
}

func draw(canvas, picture js.Value) {
	canvas.Set("width", picture.Get("width"))
	canvas.Set("height", picture.Get("height"))
	canvas.Call("getContext", "2d").Call("drawImage", picture, 0, 0)
}
