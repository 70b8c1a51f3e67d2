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
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("sqlite: migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("sqlite: migrations: %w", err)
	}
	current, newest, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("sqlite: read the schema version of %s: %w", name, err)
	}
	if current > newest {
		return fmt.Errorf("sqlite: %s was written by a newer relay (schema %d, this one knows %d): run that version, or a later one", name, current, newest)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("sqlite: migrate %s from schema %d to %d: %w", name, current, newest, err)
	}
	return nil
}
