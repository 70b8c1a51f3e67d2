package main

import (
	"context"
	"fmt"
	"os"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/audit"
	"ekycconnect/server/internal/consent/postgres"
	"ekycconnect/server/internal/consent/sqlite"
	"ekycconnect/server/internal/secret"
)

// openStore opens the ledger for a relay that serves: the database that the
// configuration names, or the file in its data directory.
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

// database is where the ledger is if it is not in a directory; zero if it is. A
// command of the operator's uses the role that may most of those that serve and
// erase.
func (p ledgerPlace) database() secret.String {
	switch {
	case p.config == nil:
		return secret.String{}
	case !p.config.StoreEraser.IsZero():
		return p.config.StoreEraser.String
	}
	return p.config.Store.String
}

// name says where the ledger is.
func (p ledgerPlace) name() string {
	if at := p.database(); !at.IsZero() {
		return postgres.Name(at)
	}
	return p.data
}

// mayErase says what is missing if the role of the database may not erase or hold.
func (p ledgerPlace) mayErase(ctx context.Context) error {
	at := p.database()
	if at.IsZero() {
		return nil
	}
	about, err := postgres.Look(ctx, at)
	if err == nil && !about.Erases {
		err = fmt.Errorf("the role %s of the database may not erase: name one that may in store_eraser", postgres.User(at))
	}
	return err
}

// beside opens the ledger for a command, beside relays that may serve.
func (p ledgerPlace) beside(ctx context.Context) (consent.Store, error) {
	if at := p.database(); !at.IsZero() {
		return postgres.Open(ctx, at)
	}
	return sqlite.OpenBeside(ctx, p.data)
}

// alone opens the ledger for a command that no relay may serve beside, as far as
// that can be seen to.
func (p ledgerPlace) alone(ctx context.Context) (consent.Store, error) {
	if at := p.database(); !at.IsZero() {
		return postgres.Open(ctx, at)
	}
	return sqlite.Open(p.data)
}

// inspection reads a whole ledger.
type inspection interface {
	audit.Source
	Close() error
}

func (p ledgerPlace) inspect(ctx context.Context) (inspection, error) {
	if p.config != nil && !p.config.Store.IsZero() { // the right to read is enough
		return postgres.Inspect(ctx, p.config.Store.String)
	}
	return sqlite.Inspect(ctx, p.data)
}
