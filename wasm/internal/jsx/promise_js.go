//go:build js && wasm

package jsx

import "syscall/js"

// Failure is an error that reaches the page as an Error object with members.
type Failure struct {
	Message string
	Fields  []any // names and values in turn, as for Object
}

func (f *Failure) Error() string { return f.Message }

// Rejection is what a promise was rejected with: any value at all.
type Rejection struct{ Reason js.Value }

func (r *Rejection) Error() string { return Text(r.Reason) }

// Promise runs work on a goroutine and gives its result to the page. work may
// wait; its value must be one that js.ValueOf takes. An error or a panic
// rejects with an Error object.
func Promise(work func() (any, error)) js.Value {
	var resolve, reject js.Value
	executor := newFunc(func(args []js.Value) { resolve, reject = args[0], args[1] })
	p := promise.New(executor)
	release(executor) // it has run: the constructor calls it at once
	Go(func() {
		defer func() {
			if r := recover(); r != nil { // for one a result that js.ValueOf refuses
				reject.Invoke(errorClass.New("ekyc-connect: " + Text(r)))
			}
		}()
		value, err := work()
		if err != nil {
			reject.Invoke(errorValue(err))
			return
		}
		resolve.Invoke(value)
	})
	return p
}

func errorValue(err error) js.Value {
	switch err := err.(type) {
	case *Rejection:
		return err.Reason
	case *Failure:
		v := errorClass.New(err.Message)
		return set(v, err.Fields)
	}
	return errorClass.New(Text(err))
}

// Await waits for a promise, or for any value as the await of JavaScript does.
// The error is a [*Rejection]. It must run on a goroutine, never in a callback.
// Both callbacks live until one of them has run, however late: releasing them
// before would leave the page with a call to nothing (golang/go#57098).
func Await(p js.Value) (js.Value, error) {
	type result struct {
		value js.Value
		err   error
	}
	settled := make(chan result, 1)
	var fulfilled, rejected js.Func
	settle := func(r result) {
		release(fulfilled)
		release(rejected)
		settled <- r
	}
	fulfilled = newFunc(func(args []js.Value) { settle(result{value: Arg(args, 0)}) })
	rejected = newFunc(func(args []js.Value) { settle(result{err: &Rejection{Arg(args, 0)}}) })
	if wait.Truthy() {
		wait.Invoke(p, fulfilled, rejected)
	} else {
		promise.Call("resolve", p).Call("then", fulfilled, rejected)
	}
	r := <-settled
	return r.value, r.err
}

var wait js.Value

// WaitBy has [Await] wait by f(promise, fulfilled, rejected), which a page cannot
// have replaced as it can a promise's own methods.
func WaitBy(f js.Value) { wait = f }
