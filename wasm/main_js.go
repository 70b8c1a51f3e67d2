//go:build js && wasm

// Command wasm is the widget's behaviour: it takes the elements that the loader
// has painted, drives each by its own state machine, and speaks to the relay.
// It holds no words, reads no storage and contacts nobody but the relay.
//
// The loader shows this program a global object of its own, which holds what
// web/src/browser.js lists and, as ekyc, what is meant for this program alone, so that
// several programs on one page never meet:
//
//	{base, version, build, now(), random(), wait(promise, fulfilled, rejected), ready(core)}
//
// base is the relay's address without a slash at the end; version and build
// name this program in consent records; now is performance.now, and random
// makes idempotency keys.
package main

import (
	"syscall/js"

	"ekycconnect/wasm/internal/jsx"
	"ekycconnect/wasm/internal/relay"
	"ekycconnect/wasm/internal/widget"
)

func main() {
	boot := js.Global().Get("ekyc")
	if boot.Type() != js.TypeObject {
		return // nobody waits for us
	}
	jsx.WaitBy(boot.Get("wait"))
	boot.Call("ready", newAPI(widget.Core{
		Relay:   relay.New(jsx.String(boot.Get("base")), js.Global().Get("fetch")),
		Version: jsx.String(boot.Get("version")),
		Build:   jsx.String(boot.Get("build")),
		Env:     widget.Browser(boot.Get("now"), boot.Get("random")),
	}))
	select {} // the program lives with the page
}
