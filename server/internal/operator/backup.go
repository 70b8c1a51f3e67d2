package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"ekycconnect/server/internal/app"
	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent/postgres"
	"ekycconnect/server/internal/consent/sqlite"
	"ekycconnect/server/internal/report"
	"ekycconnect/server/internal/secret"
)

// Backup copies the ledger to a new file, also while a relay serves, and checks the copy.
func (l Ledger) Backup(ctx context.Context, file string, out io.Writer) error {
	if !l.database().IsZero() {
		return errors.New("this ledger is in PostgreSQL, which has its own backups: archive its WAL, or use pg_dump (server/docs/restore.md)")
	}
	begin := time.Now() // of what is recorded later the copy has nothing
	if err := l.readable(ctx); err != nil {
		return err
	}
	events, err := sqlite.Backup(ctx, l.data, file)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already and was not touched; name another file with --out", file)
	}
	if err != nil {
		return err
	}
	if err := app.NoteBackup(l.data, begin); err != nil {
		return fmt.Errorf("%s is written and checked, but the relay cannot be told: %w", file, err)
	}
	fmt.Fprintf(out, "%s written and checked: %s\n", file, report.Count(int(events), "event"))
	return nil
}

// Migrate makes the tables in the database of a configuration and gives its roles
// their rights.
func Migrate(ctx context.Context, c *config.Config, out io.Writer) error {
	if c.Store.IsZero() {
		return errors.New("the configuration names no store: the ledger is in its data directory, and is brought up to date when the relay starts")
	}
	owner := c.StoreOwner
	if owner.IsZero() {
		owner = c.Store
	}
	if err := checkKeysOf(ctx, c, owner.String); err != nil {
		return err
	}
	if err := postgres.Migrate(ctx, owner.String, c.Store.String, c.StoreEraser.String); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s has the tables of this version; its roles have their rights\n", postgres.Name(owner.String))
	return nil
}

// checkKeysOf refuses keys that are not those of the ledger in a database, if both are
// there.
func checkKeysOf(ctx context.Context, c *config.Config, at secret.String) error {
	keys, err := config.LoadKeys(c.Keys)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	whole, err := postgres.Inspect(ctx, at)
	if errors.Is(err, postgres.ErrNoLedger) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(Ledger{keys: keys}.checkKeys(ctx, whole), whole.Close())
}
