package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"ekycconnect/server/internal/secret"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate makes the tables in a database, or brings them up to this program's, as
// the role that owns them, and gives the roles of the other addresses their rights:
// what the relay needs to serve, and what it takes to erase. Either may be zero.
// Several may run at once.
func Migrate(ctx context.Context, owner, serving, eraser secret.String) error {
	c, err := parse(owner)
	if err != nil {
		return err
	}
	at, err := describe(ctx, c.ConnConfig)
	if err != nil {
		return err
	}
	if !at.Owns {
		return fmt.Errorf("postgres: %s: the role %s does not own the database, so it may not make tables: name the one that does in store_owner", at.Name, c.ConnConfig.User)
	}
	if err := migrate(ctx, c.ConnConfig); err != nil {
		return err
	}
	conn, err := dial(ctx, c.ConnConfig)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return grant(ctx, conn, roleOf(serving), roleOf(eraser))
}

func roleOf(at secret.String) string {
	if at.IsZero() {
		return ""
	}
	return User(at)
}

// prepare sees to it that the tables are this program's.
func prepare(ctx context.Context, c *pgx.ConnConfig) error {
	at, err := describe(ctx, c)
	if err != nil {
		return err
	}
	switch {
	case at.Schema == at.Newest:
		return nil
	case at.Schema > at.Newest:
		return fmt.Errorf("postgres: %s was written by a newer relay (schema %d, this one knows %d): run that version, or a later one", at.Name, at.Schema, at.Newest)
	case at.Owns:
		return migrate(ctx, c)
	}
	return fmt.Errorf("postgres: %s has schema %d and this relay needs %d, and the role %s does not own the database: run `relay store migrate --config FILE` with store_owner in it", at.Name, at.Schema, at.Newest, c.User)
}

// migrate brings the schema up to this program's. Each migration is a transaction,
// so of several relays that migrate at once one succeeds and the others find it
// done.
func migrate(ctx context.Context, c *pgx.ConnConfig) (err error) {
	db := stdlib.OpenDB(*c)
	defer func() { err = errors.Join(err, db.Close()) }()
	provider, err := newProvider(db)
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		current, newest, err := provider.GetVersions(ctx)
		if err == nil && current > newest {
			return fmt.Errorf("postgres: the database was written by a newer relay (schema %d, this one knows %d): run that version, or a later one", current, newest)
		}
		if err == nil && current == newest {
			return nil
		}
		if err == nil {
			if _, err = provider.Up(ctx); err == nil {
				return nil
			}
		}
		if try == 10 {
			return fmt.Errorf("postgres: migrate: %w", err)
		}
		time.Sleep(rand.N(100 * time.Millisecond))
	}
}

func newProvider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("postgres: migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("postgres: migrations: %w", err)
	}
	return provider, nil
}

// newestSchema is the newest that this program knows.
func newestSchema() (newest int64, err error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	for _, file := range files {
		version, err := goose.NumericComponent(file)
		if err != nil {
			return 0, fmt.Errorf("postgres: migrations: %w", err)
		}
		newest = max(newest, version)
	}
	return newest, err
}
