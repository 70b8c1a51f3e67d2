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
	path, err := existing(dir)
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

// existing is the path of the ledger in dir, which must be there.
func existing(dir string) (string, error) {
	path, err := filepath.Abs(filepath.Join(dir, "ledger.db"))
	if err != nil {
		return "", fmt.Errorf("sqlite: data directory: %w", err)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("sqlite: there is no ledger at %s: name its data directory", path)
	} else if err != nil {
		return "", fmt.Errorf("sqlite: %w", err)
	}
	return path, nil
}
