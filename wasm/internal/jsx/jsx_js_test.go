//go:build js && wasm

package jsx

import (
	"errors"
	"syscall/js"
	"testing"

	"github.com/stretchr/testify/require"
)

// eval makes a JavaScript value; the test page has no policy against it.
func eval(t *testing.T, code string) js.Value {
	t.Helper()
	return js.Global().Call("eval", "("+code+")")
}

// balanced checks that everything that f made was released.
func balanced(t *testing.T, f func()) {
	t.Helper()
	before := live
	f()
	require.Equal(t, before, live, "functions that were not released")
}

// thrown are all the sorts of things that JavaScript code throws.
var thrown = map[string]string{
	`new Error("no")`:                        "Error: no",
	`"text"`:                                 "text",
	`null`:                                   "null",
	`undefined`:                              "undefined",
	`7`:                                      "7",
	`Symbol("s")`:                            "Symbol(s)",
	`({toString() { throw 1 }})`:             "unknown error",
	`({toString: null, valueOf: null})`:      "unknown error",
	`Object.create(null)`:                    "unknown error",
	`({})`:                                   "[object Object]",
	`new DOMException("gone", "AbortError")`: "AbortError: gone",
}

func TestTextSaysWhateverWasThrown(t *testing.T) {
	for code, want := range thrown {
		require.Equal(t, want, Text(eval(t, code)), code)

		thrower := eval(t, "() => { throw "+code+" }")
		err := Try(func() { thrower.Invoke() })
		require.EqualError(t, err, "jsx: "+want, code)
	}
	require.Equal(t, "x", Text(errors.New("x")))
	require.Equal(t, "unknown error", Text(struct{}{}))
	require.NoError(t, Try(func() {}))
	require.Error(t, Try(func() { js.ValueOf(1).Get("x") })) // a panic of syscall/js itself
}

func TestAwaitGivesTheValueOrTheReason(t *testing.T) {
	balanced(t, func() {
		v, err := Await(eval(t, `Promise.resolve(5)`))
		require.NoError(t, err)
		require.Equal(t, 5, v.Int())

		v, err = Await(js.ValueOf("plain"))
		require.NoError(t, err)
		require.Equal(t, "plain", v.String())

		v, err = Await(eval(t, `{then(ok) { ok(1); ok(2) }}`)) // settles twice
		require.NoError(t, err)
		require.Equal(t, 1, v.Int())

		for code, want := range thrown {
			_, err := Await(eval(t, "new Promise((ok, no) => no("+code+"))"))
			require.EqualError(t, err, want, code)
		}
		_, err = Await(eval(t, `new Promise(() => { throw "inside" })`))
		require.EqualError(t, err, "inside")
	})
}

func TestAwaitKeepsItsCallbacksUntilTheLateSettle(t *testing.T) {
	before := live
	settle := eval(t, `{}`)
	settle.Set("promise", eval(t, `(o => new Promise(ok => o.ok = ok))`).Invoke(settle))
	done := make(chan int, 1)
	Go(func() {
		v, _ := Await(settle.Get("promise"))
		done <- v.Int()
	})
	_, err := Await(eval(t, `new Promise(ok => setTimeout(ok, 1))`)) // let it begin
	require.NoError(t, err)
	require.Equal(t, before+2, live)
	settle.Call("ok", 9)
	require.Equal(t, 9, <-done)
	require.Equal(t, before, live)
}

func TestPromiseSettlesOnceWithWhatTheWorkGave(t *testing.T) {
	balanced(t, func() {
		v, err := Await(Promise(func() (any, error) { return "done", nil }))
		require.NoError(t, err)
		require.Equal(t, "done", v.String())

		v, err = Await(Promise(func() (any, error) { return nil, nil }))
		require.NoError(t, err)
		require.True(t, v.IsNull())

		_, err = Await(Promise(func() (any, error) {
			return nil, &Failure{Message: "no", Fields: []any{"code", "network", "retryable", true}}
		}))
		reason := err.(*Rejection).Reason
		require.True(t, reason.InstanceOf(errorClass))
		require.Equal(t, "network", reason.Get("code").String())
		require.True(t, reason.Get("retryable").Bool())

		_, err = Await(Promise(func() (any, error) { return nil, errors.New("plain") }))
		require.Equal(t, "plain", err.(*Rejection).Reason.Get("message").String())

		_, err = Await(Promise(func() (any, error) { return nil, &Rejection{js.ValueOf("as it was")} }))
		require.Equal(t, "as it was", err.(*Rejection).Reason.String())
	})
}

func TestAPanicInTheWorkRejects(t *testing.T) {
	balanced(t, func() {
		_, err := Await(Promise(func() (any, error) { panic("slip") }))
		require.EqualError(t, err, "Error: ekyc-connect: slip")

		_, err = Await(Promise(func() (any, error) { return struct{}{}, nil })) // no js value
		require.Error(t, err)

		_, err = Await(Promise(func() (any, error) { eval(t, `() => { throw null }`).Invoke(); return nil, nil }))
		require.EqualError(t, err, "Error: ekyc-connect: null")
	})
}

func TestListenersEndTogether(t *testing.T) {
	balanced(t, func() {
		target := eval(t, `new EventTarget()`)
		var l Listeners
		heard := 0
		l.Add(target, "x", func(js.Value) { heard++ })
		l.Add(target, "x", func(js.Value) { panic("a listener that panics harms nobody") })
		fire := func() { target.Call("dispatchEvent", js.Global().Get("Event").New("x")) }
		fire()
		fire()
		require.Equal(t, 2, heard)
		l.Close()
		fire()
		require.Equal(t, 2, heard)
		l.Close()
	})
}

func TestATimerFiresOnceOrIsStopped(t *testing.T) {
	balanced(t, func() {
		fired := make(chan bool, 2)
		timer := After(0, func() { fired <- true })
		require.True(t, <-fired)
		timer.Stop()

		stopped := After(1, func() { fired <- true })
		stopped.Stop()
		stopped.Stop()
		_, err := Await(eval(t, `new Promise(ok => setTimeout(ok, 20))`))
		require.NoError(t, err)
		require.Empty(t, fired)
		var none *Timer
		none.Stop()
	})
}

func TestReadingWhatThePageGives(t *testing.T) {
	require.Empty(t, String(js.Undefined()))
	require.Empty(t, String(js.ValueOf(3)))
	require.Equal(t, "a", String(js.ValueOf("a")))
	require.True(t, Field(js.Null(), "x").IsUndefined())
	require.True(t, Field(js.ValueOf("text"), "length").IsUndefined())
	require.True(t, Field(eval(t, `{get x() { throw "no" }}`), "x").IsUndefined())
	require.Equal(t, 1, Field(eval(t, `{x: 1}`), "x").Int())
	require.True(t, Arg(nil, 0).IsUndefined())

	for text, want := range map[string]int{"2": 2, "": 0, "-1": 0, "1e99": 0, "x": 0, "2147483647": 2147483647, "2.9": 2} {
		require.Equal(t, want, Atoi(text), "%q", text)
	}
	require.Equal(t, "-120", Itoa(-120))
	require.Equal(t, 0, Int(js.Global().Get("NaN")))
	require.Equal(t, `{"a":1,"b":"x"}`, js.Global().Get("JSON").Call("stringify", Object("a", 1, "b", "x")).String())
}
