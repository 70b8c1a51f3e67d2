package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/postgres"
	"ekycconnect/server/internal/consent/sqlite"
)

// AnchorFile is the usual name of the anchor, in the data directory.
const AnchorFile = "log.anchor"

// LogOptions is how the log of consents is named and shown.
func LogOptions(c *config.Config) consent.LogOptions {
	return consent.LogOptions{
		Origin: c.Log.Origin, PublishEvery: c.Log.PublishEvery, Anchor: filepath.Join(c.Data, AnchorFile),
	}
}

// LedgerKeys are the ledger's own keys out of the keys file.
func LedgerKeys(keys config.Keys) consent.Keys {
	k := consent.Keys{Lookup: keys.Lookup.Bytes(), Receipt: keys.Receipt.Bytes()}
	for _, key := range keys.Log {
		k.Log = append(k.Log, key.Bytes())
	}
	return k
}

// openLedgers opens the ledger that serves, then the one that erases.
func (r *Relay) openLedgers(ctx context.Context) (err error) {
	if r.store, err = openStore(ctx, r.config); err != nil {
		return err
	}
	wrapped := r.store
	if r.options.wrap != nil {
		wrapped = r.options.wrap(r.store)
	}
	if r.Ledger, err = r.openLedger(wrapped, LogOptions(r.config), consent.WithValidity(r.config.Lifetimes.Consent), consent.WithCommits(r.metrics.Commit), consent.WithClockAhead(r.metrics.ClockAhead)); err != nil {
		return err
	}
	r.Core.Ledger = r.Ledger
	r.metrics.Messages(func() (waiting, givenUp int, err error) { return r.Ledger.MessageCount(context.Background()) })
	if r.config.Store.IsZero() && !r.config.Sandbox {
		r.metrics.Backup(func() time.Time { return LastBackup(r.config.Data) })
	}
	return r.openEraser(ctx)
}

// openLedger starts a ledger on a store, of which webhooks are told.
func (r *Relay) openLedger(store consent.Store, log consent.LogOptions, more ...consent.Option) (*consent.Ledger, error) {
	ledger, err := consent.New(store, LedgerKeys(r.keys), r.options.clock, r.log,
		append(more, consent.WithLog(log), consent.WithOutbox(r.webhooks.Wants, r.webhooks.Notify))...)
	if err != nil {
		r.closers = append(r.closers, store.Close)
		return nil, err
	}
	r.closers = append(r.closers, ledger.Close)
	return ledger, nil
}

// openStore opens the database that the configuration names, or the file in its data
// directory.
func openStore(ctx context.Context, c *config.Config) (consent.Store, error) {
	if c.Store.IsZero() {
		return sqlite.Open(c.Data)
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil { // for the anchor
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	if !c.StoreOwner.IsZero() {
		if err := postgres.Migrate(ctx, c.StoreOwner.String, c.Store.String, c.StoreEraser.String); err != nil {
			return nil, err
		}
	}
	return postgres.Open(ctx, c.Store.String)
}

// openEraser opens the ledger by which what was kept long enough is erased: the one
// that serves, unless its role of the database may not erase. Then it is another one,
// with the role that may, on the same database as any other relay's; none if no such
// role is named.
func (r *Relay) openEraser(ctx context.Context) error {
	if r.config.Store.IsZero() {
		r.Eraser = r.Ledger
		return nil
	}
	if r.config.StoreEraser.IsZero() {
		about, err := postgres.Describe(ctx, r.config.Store.String)
		if err == nil && about.Erases {
			r.Eraser = r.Ledger
		}
		return err
	}
	store, err := postgres.Open(ctx, r.config.StoreEraser.String)
	if err != nil {
		return err
	}
	options := LogOptions(r.config)
	options.Anchor = "" // the serving ledger keeps it
	r.Eraser, err = r.openLedger(store, options)
	return err
}
