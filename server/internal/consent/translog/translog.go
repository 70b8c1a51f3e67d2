package translog

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"ekycconnect/server/internal/consent/translog/checkpoint"
)

// Options is how a log is named and shown.
type Options struct {
	Origin       string        // its name, and that of its keys; the same for ever
	PublishEvery time.Duration // time between two published checkpoints; 0 publishes each
	Anchor       string        // file for the newest checkpoint, outside the store; "" for none
}

// Log is a transparency log in a store. Append and Committed must be called by one
// goroutine at a time; all other methods are safe for concurrent use.
type Log struct {
	origin    string
	every     time.Duration
	keys      []checkpoint.Key // each signs; the newest first
	verifiers note.Verifiers   // of keys
	store     Reader
	anchor    *anchor // nil if there is none
	cache     hashCache
	log       *slog.Logger
	stopped   atomic.Pointer[error] // why nothing is appended any more; nil while it may be

	// Of the goroutine that appends.
	newest    tree
	published int64 // size of the newest published checkpoint when it was last read

	// For whoever asks whether there is a checkpoint to publish.
	size  atomic.Int64 // of newest
	shown atomic.Int64 // published

	warming     sync.WaitGroup
	stopWarming func()
}

// tree is the log's tree at some size.
type tree struct {
	head Head
	root tlog.Hash
	edge map[int64]tlog.Hash // what root was computed from and the next leaves are, by stored index
}

// New returns the log in store, signed with the Ed25519 keys that are made from
// seeds (32 secret random bytes each, the newest first). It must be opened before
// anything is appended.
func New(store Reader, seeds [][]byte, o Options, log *slog.Logger) (*Log, error) {
	l := &Log{origin: o.Origin, every: o.PublishEvery, store: store, log: log, stopWarming: func() {}}
	if o.Anchor != "" {
		l.anchor = newAnchor(o.Anchor, log)
	}
	if len(seeds) == 0 {
		return nil, errors.New("translog: there is no key to sign the log with")
	}
	var public []note.Verifier
	for _, seed := range seeds {
		key, err := checkpoint.NewKey(o.Origin, seed)
		if err != nil {
			return nil, fmt.Errorf("translog: %w", err)
		}
		verifier, err := note.NewVerifier(key.Public)
		if err != nil {
			return nil, fmt.Errorf("translog: %w", err)
		}
		l.keys, public = append(l.keys, key), append(public, verifier)
	}
	l.verifiers = note.VerifierList(public...)
	return l, nil
}

// Close ends what runs in the background and has the anchor hold the newest
// checkpoint. Nothing may be appended any more. It must be called once after Open.
func (l *Log) Close() {
	l.stopWarming()
	l.warming.Wait()
	l.anchor.close()
}

// ErrStopped says that nothing is appended before somebody has looked at the log:
// it is behind a checkpoint that was seen before, unlike it, or does not agree with
// itself.
var ErrStopped = errors.New("translog: the log needs a decision of its operator")

// ErrNotFound says that the log has no such entry or tile, or not yet.
var ErrNotFound = errors.New("translog: not found")

// stop ends all appending until the process is started anew.
func (l *Log) stop(err error) {
	if l.stopped.CompareAndSwap(nil, &err) {
		l.log.Error("the log takes no entries any more", "error", err)
	}
}

// Err returns nil while entries can be appended, and afterwards why not: an error
// that is [ErrStopped].
func (l *Log) Err() error {
	if why := l.stopped.Load(); why != nil {
		return *why
	}
	return nil
}

// stopError is [ErrStopped] with its cause, whose text is all it says.
type stopError struct{ cause error }

func (e *stopError) Error() string   { return e.cause.Error() }
func (e *stopError) Unwrap() []error { return []error{ErrStopped, e.cause} }

func stopped(format string, args ...any) error { return &stopError{fmt.Errorf(format, args...)} }

// rolledBack is the error of a log that lost entries, with the remedy.
func rolledBack(format string, args ...any) error {
	return stopped("log_rolled_back: "+format+
		"; find the newer data, or stop the relay and accept the loss with `relay log fork --reason TEXT`", args...)
}

// missing tells a store that lacks hashes from one that cannot be read now.
func missing(err error) error {
	if errors.Is(err, ErrMissing) {
		return stopped("%w; `relay log verify` finds out more", err)
	}
	return err
}
