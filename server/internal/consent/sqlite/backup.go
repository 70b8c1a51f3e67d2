package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Backup writes a copy of the ledger in dir to a new file, as it was at one
// moment; a relay may serve meanwhile. The copy is checked, complete and on the
// disk when Backup returns nil, and else not there. It returns how many events
// the copy holds. A file that is there already is not touched (fs.ErrExist).
func Backup(ctx context.Context, dir, file string) (events int64, err error) {
	path, err := existing(dir)
	if err != nil {
		return 0, err
	}
	if file, err = filepath.Abs(file); err != nil {
		return 0, fmt.Errorf("sqlite: back up: %w", err)
	}
	if _, err := os.Lstat(file); err == nil {
		return 0, fmt.Errorf("sqlite: back up to %s: %w", file, fs.ErrExist)
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".backup-*") // mode 0600
	if err != nil {
		return 0, fmt.Errorf("sqlite: back up: %w", err)
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	if err := copyTo(ctx, path, tmp.Name()); err != nil {
		return 0, err
	}
	if events, err = checkCopy(ctx, tmp.Name()); err != nil {
		return 0, err
	}
	// A link fails where a file is; a rename would replace it.
	err = errors.Join(tmp.Sync(), os.Link(tmp.Name(), file), syncDirectory(filepath.Dir(file)))
	if err != nil {
		return 0, fmt.Errorf("sqlite: back up: %w", err)
	}
	return events, nil
}

// copyTo reads one state of the database and writes it without its free space,
// into a file that is there and empty.
func copyTo(ctx context.Context, path, file string) error {
	db, err := connect(path, lockWait)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, `VACUUM INTO ?`, file); err != nil {
		return fmt.Errorf("sqlite: back up %s: %w", path, err)
	}
	return nil
}

func checkCopy(ctx context.Context, file string) (events int64, err error) {
	db, err := openPlain(file)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&verdict); err != nil {
		return 0, fmt.Errorf("sqlite: check the copy: %w", err)
	}
	if verdict != "ok" {
		return 0, fmt.Errorf("sqlite: the copy is damaged, and so may the ledger be (%s): run `relay log verify`", verdict)
	}
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM event`).Scan(&events); err != nil {
		return 0, fmt.Errorf("sqlite: check the copy: %w", err)
	}
	return events, nil
}
