//go:build js && wasm

package jsx

import "syscall/js"

// Listeners holds event listeners that end together. The zero value is ready.
type Listeners struct{ all []listener }

type listener struct {
	target js.Value
	event  string
	fn     js.Func
}

// Add calls f with each event of this type at target or below it, until Close: before
// any listener further down, which might stop it.
func (l *Listeners) Add(target js.Value, event string, f func(event js.Value)) {
	fn := newFunc(func(args []js.Value) { f(Arg(args, 0)) })
	target.Call("addEventListener", event, fn, true)
	l.all = append(l.all, listener{target, event, fn})
}

// Close takes every listener off its target, then releases it.
func (l *Listeners) Close() {
	for _, one := range l.all {
		_ = Try(func() { one.target.Call("removeEventListener", one.event, one.fn, true) })
		release(one.fn)
	}
	l.all = nil
}

// Timer is one setTimeout. Its callback is released when it has run or is
// stopped, whichever comes first.
type Timer struct {
	id   js.Value
	fn   js.Func
	over bool
}

// After calls f once, ms milliseconds from now, never before it returns.
func After(ms int, f func()) *Timer {
	t := &Timer{}
	t.fn = newFunc(func([]js.Value) {
		if t.end() {
			f()
		}
	})
	t.id = setTimeout.Invoke(t.fn, ms)
	return t
}

// Stop keeps the timer from firing; after it has fired Stop does nothing.
func (t *Timer) Stop() {
	if t == nil || t.over {
		return
	}
	clearTimeout.Invoke(t.id)
	t.end()
}

func (t *Timer) end() bool {
	if t.over {
		return false
	}
	t.over = true
	release(t.fn)
	return true
}
