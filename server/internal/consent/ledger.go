package consent

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"ekycconnect/server/internal/consent/translog"
)

// Ledger records consents and what follows from them. It is safe for concurrent use.
//
// A caller whose context ends while it waits gets the context's error and does
// not know the outcome: what the store committed stays committed, what was not
// yet begun is dropped. Asking again under the same idempotency key tells, and
// never writes twice.
type Ledger struct {
	store    Store
	hash     *hasher
	clock    func() time.Time
	log      *slog.Logger
	fatal    func(error)
	commits  func(callers int, took time.Duration)
	validity time.Duration
	outbox   outbox
	beside   bool

	logOptions LogOptions
	translog   *translog.Log

	last       atomic.Int64          // newest time given out, ms
	newest     atomic.Int64          // time of the newest event that is known, ms
	noticed    atomic.Pointer[ahead] // nil: nothing yet
	clockAhead func(by time.Duration)

	queue   chan *op
	drained chan struct{} // closed when the committing goroutine has ended
	dead    atomic.Bool   // an outcome is unknown: nothing may be said any more

	closing sync.RWMutex // held for reading while an op is handed over
	closed  bool
}

// Option changes how a Ledger works.
type Option func(*Ledger)

// WithFatal sets what ends the process when the outcome of a commit is not
// known. The default logs and exits with 1. If it returns, the ledger refuses
// everything.
func WithFatal(end func(error)) Option { return func(l *Ledger) { l.fatal = end } }

// WithValidity sets for how long a consent allows vendor calls, as its record
// says: 30 minutes by default, at least as long as a session lives.
func WithValidity(d time.Duration) Option { return func(l *Ledger) { l.validity = d } }

// Beside opens the ledger for a command of the operator's: a ledger of before there were
// fingerprints takes none over. A relay that serves decides which keys are the ledger's.
func Beside() Option { return func(l *Ledger) { l.beside = true } }

// WithCommits tells f of each transaction: for how many callers it was, and how
// long it took.
func WithCommits(f func(callers int, took time.Duration)) Option {
	return func(l *Ledger) { l.commits = f }
}

// New starts a ledger on a store, which it closes in the end. clock tells the
// time; a clock that goes backwards is followed if it was far ahead (see [MaxAhead]). If a key is not the ledger's, the error is
// a *[KeyError].
func New(store Store, keys Keys, clock func() time.Time, log *slog.Logger, options ...Option) (*Ledger, error) {
	hash, err := newHasher(keys)
	if err != nil {
		return nil, err
	}
	l := &Ledger{
		store: store, hash: hash, clock: clock, log: log,
		validity:   30 * time.Minute,
		commits:    func(int, time.Duration) {},
		clockAhead: func(time.Duration) {},
		logOptions: LogOptions{Origin: SandboxOrigin},
		queue:      make(chan *op, maxGroup),
		drained:    make(chan struct{}),
	}
	l.fatal = func(err error) {
		l.log.Error("the ledger cannot continue, so this process ends; after a restart it reads what the disk holds", "error", err)
		os.Exit(1)
	}
	for _, option := range options {
		option(l)
	}
	if err := l.openLog(context.Background(), keys); err != nil {
		return nil, err
	}
	go l.commitGroups()
	go l.publishRegularly()
	return l, nil
}

// Ready returns nil if a decision made now could be recorded; else the error
// wraps [ErrUnavailable].
func (l *Ledger) Ready(ctx context.Context) error {
	l.closing.RLock()
	closed := l.closed
	l.closing.RUnlock()
	if closed || l.dead.Load() {
		return fmt.Errorf("consent: ledger has ended: %w", ErrUnavailable)
	}
	if err := l.translog.Err(); err != nil {
		return logStopped(err)
	}
	return l.store.Ready(ctx)
}

// Close refuses what comes from now on, commits what was handed over before,
// and closes the store.
func (l *Ledger) Close() error {
	l.closing.Lock()
	if l.closed {
		l.closing.Unlock()
		<-l.drained
		return nil
	}
	l.closed = true
	close(l.queue)
	l.closing.Unlock()
	<-l.drained
	l.translog.Close()
	return l.store.Close()
}
