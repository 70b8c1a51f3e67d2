//go:build js && wasm

package main

import (
	"syscall/js"

	"ekycconnect/wasm/internal/jsx"
	"ekycconnect/wasm/internal/widget"
)

// newAPI is the object that the loader gets: {bind(host) → handle}. It lives
// with the page.
func newAPI(core widget.Core) js.Value {
	return jsx.Object("bind", method(func(args []js.Value) any {
		if jsx.Arg(args, 0).Type() != js.TypeObject {
			return nil
		}
		return newHandle(core.Bind(args[0]))
	}))
}

// newHandle is what the loader holds of one widget: {reset(), close(),
// retry() → Promise, setLanguage(lang) → Promise, restore(), changed(name)}.
// Its functions live until close, which may be called again.
func newHandle(w *widget.Widget) js.Value {
	handle := jsx.Object()
	var funcs []js.Func
	add := func(name string, f func(args []js.Value) any) {
		fn := method(f)
		handle.Set(name, fn)
		funcs = append(funcs, fn)
	}
	add("reset", func([]js.Value) any { w.Reset(); return nil })
	add("restore", func([]js.Value) any { w.Restore(); return nil })
	add("changed", func(args []js.Value) any { w.Changed(jsx.String(jsx.Arg(args, 0))); return nil })
	add("retry", func([]js.Value) any { return promise(w.Retry()) })
	add("setLanguage", func(args []js.Value) any {
		return promise(w.SetLanguage(jsx.String(jsx.Arg(args, 0))))
	})
	add("close", func([]js.Value) any {
		w.Close()
		for _, f := range funcs {
			f.Release()
		}
		funcs = nil
		return nil
	})
	return handle
}

func promise(result <-chan error) js.Value {
	return jsx.Promise(func() (any, error) { return nil, <-result })
}

// method makes a function for the page that never ends the program.
func method(f func(args []js.Value) any) js.Func {
	return js.FuncOf(func(_ js.Value, args []js.Value) any {
		defer jsx.Guard()
		return f(args)
	})
}
