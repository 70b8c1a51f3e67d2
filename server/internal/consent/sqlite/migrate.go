package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema up to this program's, and refuses one that is newer.
func migrate(ctx context.Context, db *sql.DB, name string) error {
	provider, err := newProvider(db)
	if err != nil {
		return err
	}
	current, newest, err := versions(ctx, provider, name)
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("sqlite: migrate %s from schema %d to %d: %w", name, current, newest, err)
	}
	return nil
}

// migrated refuses a schema that is not this program's.
func migrated(ctx context.Context, db *sql.DB, name string) error {
	provider, err := newProvider(db)
	if err != nil {
		return err
	}
	current, newest, err := versions(ctx, provider, name)
	if err == nil && current < newest {
		return fmt.Errorf("sqlite: %s was written by an older relay (schema %d, this one has %d): start this version once, it brings the ledger up to date", name, current, newest)
	}
	return err
}

func newProvider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("sqlite: migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("sqlite: migrations: %w", err)
	}
	return provider, nil
}

// versions are the schema's and the newest; it refuses a schema that is newer.
func versions(ctx context.Context, provider *goose.Provider, name string) (current, newest int64, err error) {
	if current, newest, err = provider.GetVersions(ctx); err != nil {
		return 0, 0, fmt.Errorf("sqlite: read the schema version of %s: %w", name, err)
	}
	return current, newest, notNewer(current, newest, name)
}

// notNewer refuses a schema that is newer than this program's.
func notNewer(current, newest int64, name string) error {
	if current > newest {
		return fmt.Errorf("sqlite: %s was written by a newer relay (schema %d, this one knows %d): run that version, or a later one", name, current, newest)
	}
	return nil
}
