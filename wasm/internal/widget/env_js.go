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

	// Draw puts a JPEG, in base64, onto a canvas; an error where it is no picture.
	Draw func(canvas js.Value, jpeg string) error
}

// Browser is the real one, with the loader's clock and its source of what nobody can guess.
func Browser(now, random js.Value) Env {
	date := js.Global().Get("Date").Get("now")
	return Env{
		Wall: func() int { return date.Invoke().Int() },
		Mono: func() int { return now.Invoke().Int() },
		Key:  func() string { return random.Invoke().String() },
		Draw: draw,
	}
}

// draw needs nothing of the page's policy; an image of a data: or blob: URL would need
// img-src.
func draw(canvas js.Value, jpeg string) error {
	window, octets := js.Global().Get("window"), js.Global().Get("Uint8Array")
	// Each character stands for a byte: charCodeAt is called with its place alone, and
	// nothing crosses over to Go.
	text := window.Call("atob", jpeg)
	boxed := js.Global().Get("Object").Invoke(text)
	bytes := octets.Call("from", octets.New(boxed.Length()).Call("keys"), boxed.Get("charCodeAt"), text)
	picture, err := jsx.Await(window.Call("createImageBitmap", window.Get("Blob").New([]any{bytes}, jsx.Object("type", "image/jpeg"))))
	if err == nil {
		canvas.Set("width", picture.Get("width"))
		canvas.Set("height", picture.Get("height"))
		canvas.Call("getContext", "2d").Call("drawImage", picture, 0, 0)
	}
	return err
}
