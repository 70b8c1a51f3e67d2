package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/translog"
)

// Step is where in a transaction something fails.
type Step string

// The steps, in their order.
const (
	Begin  Step = "begin"
	Claims Step = "claims"
	Events Step = "events"
	Size   Step = "size"
	Head   Step = "head" // the log's newest checkpoint
	Append Step = "append"
	Commit Step = "commit" // everything is written and then undone
	Lost   Step = "lost"   // the commit succeeds and its answer is lost
	Fsync  Step = "fsync"  // the commit fails, and nobody can tell how far it came
)

// Steps lists those after which nothing was written.
var Steps = []Step{Begin, Claims, Events, Size, Head, Append, Commit}

var errInjected = errors.New("storetest: injected")

// Faulty is a store that fails on demand and counts its transactions.
type Faulty struct {
	consent.Store

	mu   sync.Mutex
	next Step
	hold chan struct{}
	held chan struct{}
	done int
}

// Fail makes the next transaction fail at this step.
func (f *Faulty) Fail(at Step) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next = at
}

// Hold stops the next transaction before it begins: held is closed when it has
// come that far, and release lets it go on.
func (f *Faulty) Hold() (held <-chan struct{}, release func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hold, f.held = make(chan struct{}), make(chan struct{})
	return f.held, sync.OnceFunc(func() { close(f.hold) })
}

// Transactions is how many have ended.
func (f *Faulty) Transactions() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.done
}

// Reset starts the count of transactions anew.
func (f *Faulty) Reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done = 0
}

// Replace puts another store in the place of the one behind f, which is left
// open no longer.
func (f *Faulty) Replace(store consent.Store) {
	_ = f.Store.Close()
	f.Store = store
}

// Update implements [consent.Store].
func (f *Faulty) Update(ctx context.Context, do func(consent.Tx) error) error {
	f.mu.Lock()
	at, hold, held := f.next, f.hold, f.held
	f.next, f.held = "", nil
	f.mu.Unlock()
	if held != nil {
		close(held)
		<-hold
	}
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.done++
	}()
	unavailable := fmt.Errorf("storetest: %s: %w: %w", at, consent.ErrUnavailable, errInjected)
	if at == Begin {
		return unavailable
	}
	err := f.Store.Update(ctx, func(tx consent.Tx) error {
		if err := do(faultyTx{tx, at, unavailable}); err != nil {
			return err
		}
		if at == Commit || at == Fsync {
			return unavailable
		}
		return nil
	})
	if at == Lost || at == Fsync {
		return fmt.Errorf("storetest: %s: %w", at, consent.ErrUnknownOutcome)
	}
	return err
}

type faultyTx struct {
	consent.Tx
	at  Step
	err error
}

func (tx faultyTx) Claims(ctx context.Context, keys []consent.Key) ([]consent.Claim, error) {
	if tx.at == Claims {
		return nil, tx.err
	}
	return tx.Tx.Claims(ctx, keys)
}

func (tx faultyTx) Events(ctx context.Context, consents []uuid.UUID) ([]consent.Entry, error) {
	if tx.at == Events {
		return nil, tx.err
	}
	return tx.Tx.Events(ctx, consents)
}

func (tx faultyTx) Size(ctx context.Context) (int64, time.Time, error) {
	if tx.at == Size {
		return 0, time.Time{}, tx.err
	}
	return tx.Tx.Size(ctx)
}

func (tx faultyTx) Head(ctx context.Context) (translog.Head, error) {
	if tx.at == Head {
		return translog.Head{}, tx.err
	}
	return tx.Tx.Head(ctx)
}

func (tx faultyTx) Append(ctx context.Context, b consent.Batch) error {
	if tx.at == Append {
		return tx.err
	}
	return tx.Tx.Append(ctx, b)
}
