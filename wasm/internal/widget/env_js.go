//go:build js && wasm

package widget

import (
	"syscall/js"

	"ekycconnect/wasm/internal/jsx"
)

// Env is the browser as the widget uses it. Tests put their own in.
type Env struct {
	Wall  func() int   // ms since 1970, by a clock that can be set
	Mono  func() int   // ms, by a clock that may stop while the device sleeps
	Bytes func([]byte) // fills with random bytes

	// Draw puts a JPEG, in base64, onto a canvas; an error where it is no picture.
	Draw func(canvas js.Value, jpeg string) error
}

// Browser is the real one.
func Browser() Env {
	now, performance, crypto := js.Global().Get("Date").Get("now"), js.Global().Get("performance"), js.Global().Get("crypto")
	uint8Array := js.Global().Get("Uint8Array")
	return Env{
		Wall: func() int { return now.Invoke().Int() },
		Mono: func() int { return performance.Call("now").Int() },
		Bytes: func(b []byte) {
			a := uint8Array.New(len(b))
			crypto.Call("getRandomValues", a)
			js.CopyBytesToGo(b, a)
		},
		Draw: draw,
	}
}

// draw needs nothing of the page's policy; an image of a data: or blob: URL would need
// img-src.
func draw(canvas js.Value, jpeg string) error {
	window := js.Global().Get("window")
	var bytes []any
	for _, b := range window.Call("atob", jpeg).String() {
		bytes = append(bytes, int(b))
	}
	file := []any{js.Global().Get("Uint8Array").New(bytes)}
	picture, err := jsx.Await(window.Call("createImageBitmap", window.Get("Blob").New(file, jsx.Object("type", "image/jpeg"))))
	if err == nil {
		canvas.Set("width", picture.Get("width"))
		canvas.Set("height", picture.Get("height"))
		canvas.Call("getContext", "2d").Call("drawImage", picture, 0, 0)
	}
	return err
}

// key is a fresh idempotency key of 128 bits. Letters alone: with digits one
// in a thousand keys would hold what could be an Aadhaar number, and be refused.
func (e Env) key() string {
	var random [16]byte
	e.Bytes(random[:])
	var key [32]byte
	for i, b := range random {
		key[2*i], key[2*i+1] = 'a'+b>>4, 'a'+b&15
	}
	return string(key[:])
}
