package connect

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// flights lets callers with the same key share one run of a function. Unlike
// x/sync's singleflight it has a context of its own, which ends only when all
// callers have left: one impatient client must not cancel the others' call,
// and nobody's call must go on for nobody.
type flights[T any] struct {
	mu    sync.Mutex
	byKey map[string]*flight[T]
}

type flight[T any] struct {
	callers int // guarded by flights.mu
	cancel  context.CancelFunc
	done    chan struct{}
	result  T
	err     error
}

func (f *flights[T]) do(ctx context.Context, key string, run func(context.Context) (T, error)) (T, error) {
	f.mu.Lock()
	if f.byKey == nil {
		f.byKey = map[string]*flight[T]{}
	}
	one := f.byKey[key]
	if one == nil {
		shared, cancel := context.WithCancel(context.WithoutCancel(ctx))
		one = &flight[T]{cancel: cancel, done: make(chan struct{})}
		f.byKey[key] = one
		go func() {
			defer cancel()
			one.result, one.err = caught(shared, run)
			f.mu.Lock()
			f.forget(key, one)
			f.mu.Unlock()
			close(one.done)
		}()
	}
	one.callers++
	f.mu.Unlock()

	select {
	case <-one.done:
		return one.result, one.err
	case <-ctx.Done():
		f.mu.Lock()
		if one.callers--; one.callers == 0 {
			f.forget(key, one) // who comes now starts anew instead of joining a cancelled run
			one.cancel()
		}
		f.mu.Unlock()
		var none T
		return none, ctx.Err()
	}
}

// caught makes an error of a panic: this goroutine has no server above it that
// would, and one request must not end the process. The panic's value may quote
// its input, so only its type is told.
func caught[T any](ctx context.Context, run func(context.Context) (T, error)) (result T, err error) {
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
