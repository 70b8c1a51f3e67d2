package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"ekycconnect/server/internal/consent/audit"
)

// Backup writes a copy of the ledger in dir to a new file, as it was at one
// moment; a relay may serve meanwhile. The ledger's pages and indexes are checked
// first: a copy is made from the tables, and so would hide what is wrong with them.
// The copy is checked, complete and on the disk when Backup returns nil, and else not
// there. It returns how many events the copy holds. A file that is there already is
// not touched (fs.ErrExist).
func Backup(ctx context.Context, dir, file string) (events int64, err error) {
	path, err := existing(ctx, dir)
	if err != nil {
		return 0, err
	}
	if file, err = filepath.Abs(file); err != nil {
		return 0, fmt.Errorf("sqlite: back up: %w", err)
	}
	if _, err := os.Lstat(file); err == nil {
		return 0, fmt.Errorf("sqlite: back up to %s: %w", file, fs.ErrExist)
	}
	if err := checkPages(ctx, dir); err != nil {
		return 0, err
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

// checkPages checks the pages and indexes of the ledger in dir.
func checkPages(ctx context.Context, dir string) (err error) {
	whole, err := Inspect(ctx, dir)
	if err != nil {
		return backupFailed(err)
	}
	defer func() { err = errors.Join(err, whole.Close()) }()
	return backupFailed(whole.Indexes(ctx))
}

// backupFailed says what to do if the ledger itself is damaged.
func backupFailed(err error) error {
	if audit.IsFault(err) {
		return fmt.Errorf("sqlite: the ledger is damaged, and was not copied: %w (server/docs/restore.md says what to do)", err)
	}
	return err
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
		if fault := damaged(err); fault != nil {
			return backupFailed(fault)
		}
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
	if fault := judge(verdict); fault != nil {
		return 0, fmt.Errorf("sqlite: the copy is damaged, and the ledger is not: look at the disk that it was written to: %w", fault)
	}
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM event`).Scan(&events); err != nil {
		return 0, fmt.Errorf("sqlite: check the copy: %w", err)
	}
	return events, nil
}
