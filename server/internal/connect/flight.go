package connect

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// flights lets callers with the same key share one run of a function. Unlike
// x/sync's singleflight it has a context of its own, which ends only when all
// callers have left: one client that leaves must not cancel the call of the others,
// and a call that nobody waits for must not go on.
type flights[T any] struct {
	mu    sync.Mutex
	byKey map[string]*flight[T]
}

type flight[T any] struct {
	callers int // guarded by flights.mu
	cancel  context.CancelFunc
	done    chan struct{} // made by the first who waits for the run of another; guarded by flights.mu
	result  T
	err     error
}

// do runs the function, or waits for the run that another caller with the same key
// has begun. The first caller's own goroutine runs it, and stays until its end also
// when that caller has left and others wait.
func (f *flights[T]) do(ctx context.Context, key string, run func(context.Context) (T, error)) (T, error) {
	var none T
	if ctx.Err() != nil {
		return none, ctx.Err() // has left already: nothing is begun
	}
	f.mu.Lock()
	if f.byKey == nil {
		f.byKey = map[string]*flight[T]{}
	}
	one := f.byKey[key]
	if one == nil {
		shared, cancel := context.WithCancel(context.WithoutCancel(ctx))
		defer cancel()
		one = &flight[T]{callers: 1, cancel: cancel}
		f.byKey[key] = one
		f.mu.Unlock()
		stop := context.AfterFunc(ctx, func() { f.leave(key, one) })
		defer stop()
		one.result, one.err = recovered(shared, run)
		f.mu.Lock()
		f.forget(key, one)
		if one.done != nil {
			close(one.done)
		}
		f.mu.Unlock()
		if ctx.Err() != nil {
			return none, ctx.Err()
		}
		return one.result, one.err
	}
	one.callers++
	if one.done == nil {
		one.done = make(chan struct{})
	}
	done := one.done
	f.mu.Unlock()

	select {
	case <-done:
		return one.result, one.err
	case <-ctx.Done():
		f.leave(key, one)
		return none, ctx.Err()
	}
}

// leave ends the run if nobody waits for it any more.
func (f *flights[T]) leave(key string, one *flight[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if one.callers--; one.callers == 0 {
		f.forget(key, one) // who comes now starts anew instead of joining a cancelled run
		one.cancel()
	}
}

// recovered runs the function and makes an error of a panic, which all callers get.
// The panic's value may quote its input, so the error names its type only.
func recovered[T any](ctx context.Context, run func(context.Context) (T, error)) (result T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic of type %T: %s", p, debug.Stack())
		}
	}()
	return run(ctx)
}

// forget needs f.mu.
func (f *flights[T]) forget(key string, one *flight[T]) {
	if f.byKey[key] == one {
		delete(f.byKey, key)
	}
}
