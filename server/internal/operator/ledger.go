// Package operator is what an operator does with a ledger by hand, beside a relay that
// serves or without one: check it, go on from one that is behind, erase and hold
// records, export them, back the ledger up, move it to a database.
package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"time"

	"ekycconnect/server/internal/app"
	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/audit"
	"ekycconnect/server/internal/consent/postgres"
	"ekycconnect/server/internal/consent/sqlite"
	"ekycconnect/server/internal/secret"
)

// Ledger is where a ledger is and what its log is checked against.
type Ledger struct {
	config *config.Config // nil without a configuration
	data   string
	keys   config.Keys        // empty if there is only a directory and no keys file in it
	log    consent.LogOptions // Origin is "" if only the store tells
}

// Find finds the ledger of a configuration file, of a data directory, or of both: then
// the directory counts.
func Find(file, data string, env func(string) (string, bool)) (l Ledger, err error) {
	l = Ledger{data: data, log: consent.LogOptions{Anchor: filepath.Join(data, app.AnchorFile)}}
	keys := filepath.Join(data, config.KeysFile)
	if file != "" {
		c, err := config.LoadForLedger(file, env)
		if err != nil {
			return l, err
		}
		if data != "" {
			c.UseData(data)
		}
		l.config, l.data, l.log, keys = c, c.Data, app.LogOptions(c), c.Keys
	}
	l.keys, err = config.LoadKeys(keys)
	if file == "" && errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return l, err
}

// database is where the ledger is if it is not in a directory; zero if it is. A
// command of the operator's uses the role that may most of those that serve and
// erase.
func (l Ledger) database() secret.String {
	switch {
	case l.config == nil:
		return secret.String{}
	case !l.config.StoreEraser.IsZero():
		return l.config.StoreEraser.String
	}
	return l.config.Store.String
}

// name says where the ledger is.
func (l Ledger) name() string {
	if at := l.database(); !at.IsZero() {
		return postgres.Name(at)
	}
	return l.data
}

// mayErase says what is missing if the role of the database may not erase or hold.
func (l Ledger) mayErase(ctx context.Context) error {
	at := l.database()
	if at.IsZero() {
		return nil
	}
	about, err := postgres.Describe(ctx, at)
	if err == nil && about.Schema == 0 {
		return fmt.Errorf("%s %w", about.Name, postgres.ErrNoLedger)
	}
	if err == nil && !about.Erases {
		err = fmt.Errorf("the role %s of the database may not erase: name one that may in store_eraser", postgres.User(at))
	}
	return err
}

// beside opens the ledger for a command, beside relays that may serve.
func (l Ledger) beside(ctx context.Context) (consent.Store, error) {
	if at := l.database(); !at.IsZero() {
		return postgres.OpenExisting(ctx, at)
	}
	return sqlite.OpenShared(ctx, l.data)
}

// alone opens the ledger for a command that no relay may serve beside, as far as
// that can be seen to.
func (l Ledger) alone(ctx context.Context) (consent.Store, error) {
	if at := l.database(); !at.IsZero() {
		return postgres.OpenExisting(ctx, at)
	}
	return sqlite.OpenExisting(ctx, l.data)
}

// inspection reads a whole ledger.
type inspection interface {
	audit.Source
	consent.KeyReader
	Close() error
}

// inspect opens the whole ledger for reading, if the keys are its own.
func (l Ledger) inspect(ctx context.Context) (whole inspection, err error) {
	if l.config != nil && !l.config.Store.IsZero() { // the right to read is enough
		whole, err = postgres.Inspect(ctx, l.config.Store.String)
	} else {
		whole, err = sqlite.Inspect(ctx, l.data)
	}
	if err != nil {
		return nil, err
	}
	if err := l.checkKeys(ctx, whole); err != nil {
		return nil, errors.Join(err, whole.Close())
	}
	return whole, nil
}

// readable reports whether there is a ledger, and the keys are its own.
func (l Ledger) readable(ctx context.Context) error {
	whole, err := l.inspect(ctx)
	if err != nil {
		return err
	}
	return whole.Close()
}

// needsKeys says what to do if there are no keys, for a command that needs them.
func (l Ledger) needsKeys() error {
	if len(l.keys.Seal) > 0 {
		return nil
	}
	return fmt.Errorf("there is no keys file in %s, and the ledger cannot be opened without its keys: name the configuration with --config", l.data)
}

// checkKeys refuses keys that are not the ledger's. Without a keys file there are none.
func (l Ledger) checkKeys(ctx context.Context, whole inspection) error {
	if len(l.keys.Seal) == 0 {
		return nil
	}
	head, err := whole.Head(ctx)
	if err != nil {
		return err
	}
	return consent.CheckKeys(ctx, whole, head.Head, app.LedgerKeys(l.keys))
}

// open runs do on the ledger, beside a relay that may be serving. What has gone wrong
// meanwhile is told on stderr.
func (l Ledger) open(ctx context.Context, stderr io.Writer, do func(*consent.Ledger) error) (err error) {
	store, err := l.beside(ctx)
	if err != nil {
		return err
	}
	if err := l.needsKeys(); err != nil {
		return errors.Join(err, store.Close())
	}
	if l.log.Origin == "" {
		head, lost := store.Head(ctx)
		if lost != nil {
			return errors.Join(lost, store.Close())
		}
		l.log.Origin = head.Origin
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	ledger, err := consent.New(store, app.LedgerKeys(l.keys), time.Now, log,
		consent.WithLog(l.log), consent.WithOutbox(l.tells, nil), consent.Beside())
	if err != nil {
		return errors.Join(err, store.Close())
	}
	defer func() { err = errors.Join(err, ledger.Close()) }()
	return do(ledger)
}

// tells reports whether a site is told of what becomes of its consents; the
// relay that serves delivers it.
func (l Ledger) tells(sitekey string) bool {
	if l.config == nil {
		return false
	}
	site, ok := l.config.Site(sitekey)
	return ok && site.WebhookURL != ""
}
