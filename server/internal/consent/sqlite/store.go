package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/translog"
)

var errClosed = fmt.Errorf("sqlite: store is closed: %w", consent.ErrUnavailable)

// Update implements [consent.Store].
func (s *Store) Update(ctx context.Context, f func(consent.Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.update(ctx, func(w *writer) error { return f(w) })
}

// update is Update for one who holds the lock.
func (s *Store) update(ctx context.Context, f func(*writer) error) (err error) {
	if s.closed {
		return errClosed
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("sqlite: begin: %w", err)
	}
	// From here on the context is not heeded: an interrupted statement would
	// leave the transaction's fate to chance.
	ctx = context.WithoutCancel(ctx)
	defer func() {
		if s.failed = err != nil; s.failed && s.writer != nil {
			s.writer.drop(ctx)
			s.writer = nil
		}
	}()
	if err := s.openWriter(ctx); err != nil {
		return err
	}
	s.writer.appended = nil
	if _, err := s.writer.begin.ExecContext(ctx); err != nil {
		return failed("begin", err)
	}
	if s.recent != nil {
		if err := s.writer.checkVersion(ctx); err != nil {
			return err
		}
	}
	if err := f(s.writer); err != nil {
		return err
	}
	if _, err := s.writer.commit.ExecContext(ctx); err != nil {
		return s.judgeCommit(ctx, err)
	}
	s.recent.committed(s.writer.appended)
	s.wrote = true
	if slices.ContainsFunc(s.writer.appended, func(b consent.Batch) bool { return len(b.Entries) > 0 }) {
		s.proven = time.Now()
	}
	return nil
}

// Ready implements [consent.Store].
func (s *Store) Ready(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	if s.failed || time.Since(s.proven) > consent.ProofLasts {
		if err := s.update(ctx, (*writer).writeProbe); err != nil {
			return err
		}
		s.proven = time.Now()
	}
	_, _, err := s.reads.Size(ctx)
	return err
}

// Close implements [consent.Store].
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.recent.clear()
	close(s.readers.ended)
	var errs []error
	if s.writer != nil {
		s.writer.drop(context.Background())
	}
	// The readers first: the last connection that is closed checkpoints the WAL.
	if s.read != nil {
		errs = append(errs, s.read.Close())
	}
	if s.write != nil {
		errs = append(errs, s.write.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	if s.recent == nil && s.wrote {
		time.Sleep(2 * versionCheckEvery) // until the relay that serves knows of it
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("sqlite: close %s: %w", s.path, err)
	}
	return nil
}

// Claims implements [consent.Reader]. A claim may be in the file a moment before its
// event is in the cache: who finds one waits until the transaction is over.
func (s *Store) Claims(ctx context.Context, keys []consent.Key) ([]consent.Claim, error) {
	found, err := read(s.readers, func() ([]consent.Claim, error) { return s.reads.Claims(ctx, keys) })
	if len(found) > 0 {
		s.mu.Lock()
		defer s.mu.Unlock()
	}
	return found, err
}

// Range implements [consent.Reader].
func (s *Store) Range(ctx context.Context, from int64, limit int) ([]consent.Entry, error) {
	return s.reads.Range(ctx, from, limit)
}

// BySubject implements [consent.Reader].
func (s *Store) BySubject(ctx context.Context, key consent.Key, before int64, limit int) ([]consent.RecordRef, error) {
	return s.reads.BySubject(ctx, key, before, limit)
}

// Notice implements [consent.Reader].
func (s *Store) Notice(ctx context.Context, sum [32]byte) ([]byte, error) {
	return s.reads.Notice(ctx, sum)
}

// Head implements [translog.Reader].
func (s *Store) Head(ctx context.Context) (translog.Head, error) { return s.reads.Head(ctx) }

// Published implements [translog.Reader].
func (s *Store) Published(ctx context.Context) (translog.Head, error) { return s.reads.Published(ctx) }

// Hashes implements [translog.Reader].
func (s *Store) Hashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error) {
	return s.reads.Hashes(ctx, indexes)
}

// Leaves implements [translog.Reader].
func (s *Store) Leaves(ctx context.Context, from int64, limit int) ([][32]byte, error) {
	return s.reads.Leaves(ctx, from, limit)
}

// LogKeys implements [translog.Reader].
func (s *Store) LogKeys(ctx context.Context) ([]string, error) { return s.reads.LogKeys(ctx) }
