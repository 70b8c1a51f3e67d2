package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// OpenShared opens the ledger in dir for a command of the operator's, also while
// a relay serves from it: SQLite locks the file for each transaction, which
// begins with what the other process has committed. It creates nothing and changes
// no schema.
func OpenShared(ctx context.Context, dir string) (_ *Store, err error) {
	path, err := existing(ctx, dir)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, readers: newReaderPool()}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.write, err = connect(s.path, lockWait, writerLog, writerWipe); err != nil {
		return nil, err
	}
	s.write.SetMaxOpenConns(1)
	s.write.SetMaxIdleConns(0)
	if err := readBack(ctx, s.write, s.path); err != nil {
		return nil, err
	}
	if err := migrated(ctx, s.write, s.path); err != nil {
		return nil, err
	}
	return s, s.prepare(ctx, lockWait)
}

// OpenExisting is [Open] for a command that needs a ledger and makes none.
func OpenExisting(ctx context.Context, dir string) (*Store, error) {
	if _, err := existing(ctx, dir); err != nil {
		return nil, err
	}
	return Open(dir)
}

// existing is the path of the ledger in dir, which must be there. It changes nothing.
func existing(ctx context.Context, dir string) (path string, err error) {
	if path, err = filepath.Abs(filepath.Join(dir, "ledger.db")); err != nil {
		return "", fmt.Errorf("sqlite: data directory: %w", err)
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return "", fmt.Errorf("sqlite: there is no ledger at %s: name its data directory", path)
	} else if err != nil {
		return "", fmt.Errorf("sqlite: %w", err)
	}
	db, err := openWhole(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var there bool
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'event'`).Scan(&there); err != nil {
		return "", inspecting(err)
	}
	if !there {
		return "", fmt.Errorf("sqlite: there is no ledger at %s, but another program's database: name its data directory", path)
	}
	return path, nil
}
