package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	lib "modernc.org/sqlite/lib"
)

// Servable says why this program cannot serve the ledger in dir, nil if it can or if
// there is none yet. It changes nothing.
func Servable(ctx context.Context, dir string) (err error) {
	path := filepath.Join(dir, "ledger.db")
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().IsRegular() && info.Size() == 0:
		return nil
	case err != nil:
		return fmt.Errorf("sqlite: %w", err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("sqlite: %s is no file: name another data directory", path)
	}
	db, err := openWhole(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	provider, err := newProvider(db)
	if err != nil {
		return err
	}
	var current int64
	if err := db.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version`).Scan(&current); err != nil {
		switch code(err) & 0xff {
		case lib.SQLITE_ERROR, lib.SQLITE_BUSY: // there is no such table yet, or another process has it for the moment
			return nil
		}
		return fmt.Errorf("sqlite: %s cannot be read: %w: restore it from a backup, or name another data directory", path, err)
	}
	sources := provider.ListSources()
	return notNewer(current, sources[len(sources)-1].Version, path)
}
