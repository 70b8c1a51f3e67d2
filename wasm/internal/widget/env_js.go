//go:build js && wasm

package widget

import "syscall/js"

// Env is the browser as the widget uses it. Tests put their own in.
type Env struct {
	Wall  func() int   // ms since 1970, by a clock that can be set
	Mono  func() int   // ms, by a clock that may stop while the device sleeps
	Bytes func([]byte) // fills with random bytes
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
	}
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
