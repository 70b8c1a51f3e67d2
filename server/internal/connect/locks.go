package connect

import (
	"context"
	"sync"
)

// locks serialises work by key; waiting ends with the context.
type locks struct {
	mu   sync.Mutex
	held map[string]*keyLock
}

type keyLock struct {
	turn chan struct{} // holds one element while somebody has the lock
	want int           // guarded by locks.mu: holders and waiters
}

// try takes the lock unless somebody has it.
func (l *locks) try(key string) (unlock func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[key] != nil {
		return nil, false
	}
	if l.held == nil {
		l.held = map[string]*keyLock{}
	}
	l.held[key] = &keyLock{}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.held, key)
	}, true
}

func (l *locks) lock(ctx context.Context, key string) (unlock func(), err error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = map[string]*keyLock{}
	}
	k := l.held[key]
	if k == nil {
		k = &keyLock{turn: make(chan struct{}, 1)}
		l.held[key] = k
	}
	k.want++
	l.mu.Unlock()

	select {
	case k.turn <- struct{}{}:
		return func() { <-k.turn; l.forget(key, k) }, nil
	case <-ctx.Done():
		l.forget(key, k)
		return nil, ctx.Err()
	}
}

// forget says that somebody neither has the lock nor waits for it any more.
func (l *locks) forget(key string, k *keyLock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k.want--; k.want == 0 {
		delete(l.held, key)
	}
}
