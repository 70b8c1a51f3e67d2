package consent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"ekycconnect/server/internal/consent/translog"
)

// SandboxOrigin is the log's name unless [WithLog] gives another.
const SandboxOrigin = "ekyc-connect-sandbox"

// LogOptions is how the log of a ledger's events is named and shown.
type LogOptions = translog.Options

// WithLog names the log. The default is the sandbox's name, every checkpoint
// published, no anchor.
func WithLog(o LogOptions) Option { return func(l *Ledger) { l.logOptions = o } }

// openLog begins the log, or continues it. If it must not be written to, the ledger
// starts all the same, to answer who asks: see [ErrLog].
func (l *Ledger) openLog(ctx context.Context, keys Keys) (err error) {
	if l.translog, err = translog.New(l.store, keys.Log, l.logOptions, l.log); err != nil {
		return fmt.Errorf("consent: %w", err)
	}
	var other *KeyError
	switch err = l.translog.Open(ctx, transact(l.store, keys, l.clock(), !l.beside, l.seen)); {
	case err == nil, errors.Is(err, ErrLog):
		return nil
	case errors.As(err, &other):
		return err
	}
	return fmt.Errorf("consent: open the log: %w", err)
}

// transact runs transactions of the log in a store whose keys these are: if one is
// another, the error is a *[KeyError] and nothing is read or written. A log key that the
// ledger does not hold a fingerprint of signs it from now on; other keys are taken over
// if adopts says so. seen is told the time of the newest event.
func transact(store Store, keys Keys, now time.Time, adopts bool, seen func(newest time.Time)) translog.Transact {
	return func(ctx context.Context, f func(translog.Tx) error) error {
		return store.Update(ctx, func(tx Tx) error {
			head, err := tx.Head(ctx)
			if err != nil {
				return err
			}
			missing, err := keys.compare(ctx, tx, now, adopts)
			if err == nil {
				err = keys.checkHead(ctx, tx, head)
			}
			if err != nil {
				return err
			}
			if err := f(logTx{tx, tx, seen}); err != nil || len(missing) == 0 {
				return err
			}
			return tx.Append(ctx, Batch{Fingerprints: missing})
		})
	}
}

// logTx is a [Tx] as the log needs it to be opened.
type logTx struct {
	translog.Reader
	tx   Tx
	seen func(newest time.Time)
}

func (t logTx) Size(ctx context.Context) (int64, error) {
	n, newest, err := t.tx.Size(ctx)
	if err == nil {
		t.seen(newest)
	}
	return n, err
}

func (t logTx) Entries(ctx context.Context, from int64, limit int) ([][32]byte, error) {
	events, err := t.tx.Range(ctx, from, limit)
	if err != nil || len(events) == 0 || events[0].Index != from {
		return nil, err
	}
	entries := make([][32]byte, len(events))
	for i := range events {
		entries[i] = logEntry(events[i])
	}
	return entries, nil
}

func (t logTx) Write(ctx context.Context, u translog.Update) error {
	return t.tx.Append(ctx, Batch{Log: u})
}

// logStopped is [ErrLog] and [ErrUnavailable] of a log that must not be written to.
func logStopped(why error) error { return &logError{why} }

type logError struct{ cause error }

func (e *logError) Error() string   { return "consent: nothing is recorded: " + e.cause.Error() }
func (e *logError) Unwrap() []error { return []error{ErrUnavailable, e.cause} }

// Checkpoint returns the newest published checkpoint, a signed note.
//
// Errors: [ErrNotFound] (none was published yet), [ErrUnavailable].
func (l *Ledger) Checkpoint(ctx context.Context) ([]byte, error) {
	return found(l.translog.Checkpoint(ctx))
}

// Tile returns a tile of the log: see [translog.Log.Tile].
//
// Errors: [ErrNotFound] (beyond the newest published checkpoint), [ErrUnavailable].
func (l *Ledger) Tile(ctx context.Context, tile tlog.Tile) ([]byte, error) {
	return found(l.translog.Tile(ctx, tile))
}

// LogKeys returns the verifier keys that the log was ever signed with, newest
// first, in signed-note form.
func (l *Ledger) LogKeys(ctx context.Context) ([]string, error) {
	return found(l.translog.LogKeys(ctx))
}

// Proof returns the C2SP tlog-proof (https://c2sp.org/tlog-proof) of the event
// at index: that the log's newest checkpoint covers it.
//
// Errors: [ErrNotFound] (the log has no such event), [ErrUnavailable].
func (l *Ledger) Proof(ctx context.Context, index int64) ([]byte, error) {
	p, err := found(l.translog.Proof(ctx, index))
	if err != nil {
		return nil, err
	}
	return p.Marshal(), nil
}

// found has what the log lacks be [ErrNotFound].
func found[T any](value T, err error) (T, error) {
	if errors.Is(err, translog.ErrNotFound) {
		err = ErrNotFound
	}
	return value, err
}

// ForkLog accepts that the store is behind the log's anchor, or unlike it: see
// [translog.AcceptLoss].
//
// Errors: *[KeyError]; the reason is missing; the log is not behind; [ErrLog] (the log
// does not agree with itself, which no fork mends); [ErrUnavailable].
func ForkLog(ctx context.Context, store Store, keys Keys, o LogOptions, reason string, now time.Time) (translog.Forked, error) {
	head, err := store.Head(ctx)
	if err == nil {
		err = CheckKeys(ctx, store, head, keys)
	}
	if err != nil {
		return translog.Forked{}, err
	}
	forked, err := translog.AcceptLoss(ctx, transact(store, keys, now, false, func(time.Time) {}), keys.Log, o, reason, now)
	if err != nil {
		return forked, fmt.Errorf("consent: %w", err)
	}
	return forked, nil
}
