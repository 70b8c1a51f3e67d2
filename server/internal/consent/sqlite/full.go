package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"

	lib "modernc.org/sqlite/lib"
)

// judgeCommit judges an error of the commit. SQLite tells a full disk from other
// failed writes, and not a full quota or a file of the greatest size allowed: those are
// told by trying. If writing works again, a transaction in the place of the one that
// failed makes sure that it is not found after a crash. Else its outcome is unknown.
func (s *Store) judgeCommit(ctx context.Context, err error) error {
	if code(err) != lib.SQLITE_IOERR_WRITE {
		return commitFailed(err)
	}
	if isFull(s.tryRoom()) || s.replaceCommit(ctx) {
		return unavailable("commit", err)
	}
	return commitFailed(err)
}

// isFull reports whether a write failed for want of room.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// tryRoom writes a file of its own as far as the write-ahead log would have been
// written.
func (s *Store) tryRoom() (err error) {
	at := int64(0)
	if log, err := os.Stat(s.path + "-wal"); err == nil {
		at = log.Size()
	}
	file, err := os.CreateTemp(filepath.Dir(s.path), ".room-*")
	if err != nil {
		return err
	}
	_, err = file.WriteAt(make([]byte, 64<<10), at)
	return errors.Join(err, file.Close(), os.Remove(file.Name()))
}

// replaceCommit commits something else in the place of a commit that failed.
func (s *Store) replaceCommit(ctx context.Context) bool {
	s.writer.drop(ctx)
	s.writer = nil
	if s.openWriter(ctx) != nil {
		return false
	}
	if _, err := s.writer.begin.ExecContext(ctx); err != nil {
		return false
	}
	if s.writer.writeProbe() != nil {
		return false
	}
	_, err := s.writer.commit.ExecContext(ctx)
	return err == nil
}
