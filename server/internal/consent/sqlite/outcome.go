package sqlite

import (
	"errors"
	"fmt"

	lib "modernc.org/sqlite/lib"

	"ekycconnect/server/internal/consent"
)

// code is SQLite's extended result code, or 0 if the error is not from SQLite.
func code(err error) int {
	var failed interface{ Code() int } // a *sqlite.Error
	if errors.As(err, &failed) {
		return failed.Code()
	}
	return lib.SQLITE_OK
}

// unavailable says that nothing was written and a later try may succeed.
func unavailable(what string, err error) error {
	return fmt.Errorf("sqlite: %s: %w: %w", what, consent.ErrUnavailable, err)
}

// failed judges an error before the commit: SQLite writes no commit mark
// until then. After a failed sync nobody can tell what the disk holds, since
// the kernel may drop the pages it could not write and report the error once.
func failed(what string, err error) error {
	switch code(err) {
	case lib.SQLITE_IOERR_FSYNC, lib.SQLITE_IOERR_DIR_FSYNC:
		return fmt.Errorf("sqlite: %s: %w: %w", what, consent.ErrUnknownOutcome, err)
	}
	switch code(err) & 0xff {
	case lib.SQLITE_CONSTRAINT, lib.SQLITE_MISMATCH, lib.SQLITE_TOOBIG, lib.SQLITE_RANGE, lib.SQLITE_MISUSE, lib.SQLITE_ERROR:
		return fmt.Errorf("sqlite: %s: %w", what, err) // ours to mend; trying again does not help
	}
	return unavailable(what, err)
}

// commitFailed judges an error of the commit itself. Only these answers say for
// certain that the commit mark is not on the disk.
func commitFailed(err error) error {
	switch code(err) & 0xff {
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_FULL, lib.SQLITE_READONLY, lib.SQLITE_CONSTRAINT:
		return failed("commit", err)
	}
	return fmt.Errorf("sqlite: commit: %w: %w", consent.ErrUnknownOutcome, err)
}
