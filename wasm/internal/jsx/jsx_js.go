//go:build js && wasm

// Package jsx is the one place where Go and the browser wait for each other:
// promises in both directions, listeners, timers, and texts of whatever
// JavaScript throws. Every js.Func made here has a stated end, and nothing
// here blocks inside a callback, since that would stop the program for good
// (golang/go#41310).
package jsx

import "syscall/js"

var (
	promise    = js.Global().Get("Promise")
	errorClass = js.Global().Get("Error")
	toString   = js.Global().Get("String")
	number     = js.Global().Get("Number")
	create     = js.Global().Get("Object").Get("create")
	reflectGet = js.Global().Get("Reflect").Get("get")
	console    = js.Global().Get("console")

	setTimeout   = js.Global().Get("setTimeout")
	clearTimeout = js.Global().Get("clearTimeout")
)

// live counts the js.Funcs that are not released, for the tests: the runtime
// keeps each of them, and all that it captures, for ever (golang/go#57435).
var live int

// Live is the number of functions for the page that are not released yet.
func Live() int { return live }

func newFunc(f func(args []js.Value)) js.Func {
	live++
	return js.FuncOf(func(_ js.Value, args []js.Value) any {
		defer Guard()
		f(args)
		return nil
	})
}

func release(f js.Func) {
	live--
	f.Release()
}

// Guard is deferred by every callback and goroutine: a panic that nobody
// recovers ends the program, and with it every widget of the page.
func Guard() {
	if r := recover(); r != nil {
		Report(r)
	}
}

// Report tells a page's developer of something, on the console.
func Report(what any) {
	defer func() { _ = recover() }() // a page may have replaced the console
	console.Call("error", "ekyc-connect: "+Text(what))
}

// Go runs f on a goroutine of its own, guarded.
func Go(f func()) {
	go func() {
		defer Guard()
		f()
	}()
}

// Try runs f and turns a panic, for one a JavaScript exception, into an error.
func Try(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &Failure{Message: "jsx: " + Text(r)}
		}
	}()
	f()
	return nil
}

// Text says in words what was thrown or recovered, whatever it is. Neither
// js.Error's own text nor a call of toString will do: both panic for a value
// that is no object (neelance/go#23).
func Text(what any) (text string) {
	text = "unknown error"
	defer func() { _ = recover() }() // a toString that throws
	switch what := what.(type) {
	case js.Error:
		return toString.Invoke(what.Value).String()
	case js.Value:
		return toString.Invoke(what).String()
	case string:
		return what
	case error:
		return what.Error()
	}
	return text
}

// Arg is the i-th argument of a callback, undefined if it is not there.
func Arg(args []js.Value, i int) js.Value {
	if i < len(args) {
		return args[i]
	}
	return js.Undefined()
}

// String is v if it is a string, else "".
func String(v js.Value) string {
	if v.Type() == js.TypeString {
		return v.String()
	}
	return ""
}

// Int is v if it is a whole number of at least 0 that fits a timer, else 0.
func Int(v js.Value) int {
	if v.Type() != js.TypeNumber {
		return 0
	}
	if f := v.Float(); f >= 0 && f < 1<<31 {
		return int(f)
	}
	return 0
}

// Itoa is n in decimal digits. (Package strconv would cost every visitor 8 KB.)
func Itoa(n int) string { return Text(js.ValueOf(n)) }

// Atoi is [Int] of the number that s stands for.
func Atoi(s string) int { return Int(number.Invoke(s)) }

// Object makes an object of names and values, which come in turn. It has no other
// members: a page may have added some to Object.prototype, and the browser would take
// them for options.
func Object(pairs ...any) js.Value {
	return set(create.Invoke(js.Null()), pairs)
}

func set(o js.Value, pairs []any) js.Value {
	for i := 1; i < len(pairs); i += 2 {
		o.Set(pairs[i-1].(string), pairs[i])
	}
	return o
}

// Field is v's member, undefined when v is no object or the getter throws.
// (Value.Get must not be used on what the page has made: a getter that throws
// in it ends the program, beyond any recover.)
func Field(v js.Value, name string) (member js.Value) {
	defer func() {
		if recover() != nil {
			member = js.Undefined()
		}
	}()
	if t := v.Type(); t != js.TypeObject && t != js.TypeFunction {
		return js.Undefined()
	}
	return reflectGet.Invoke(v, name)
}
