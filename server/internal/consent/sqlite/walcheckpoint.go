package sqlite

import (
	"context"
	"errors"
	"sync"

	"ekycconnect/server/internal/consent"
)

// walCheckpointAt is how many pages the write-ahead log may hold (32 MiB) before they
// are written back to the database file.
const walCheckpointAt = 8000

// walCheckpointer writes the write-ahead log back in a goroutine of its own. Look-ups
// are by hash, so the more consents there are, the more pages a checkpoint writes:
// inside a commit it would hold up all others for a tenth of a second.
type walCheckpointer struct {
	due     chan struct{} // nil if this store does not write back by itself
	ended   sync.WaitGroup
	running sync.Mutex // held during a checkpoint; locked before the store's lock

	// Guarded by the store's lock.
	pages  int // about how many the log holds
	failed error
}

// start begins to run checkpoints of s when they are due.
func (c *walCheckpointer) start(s *Store) {
	c.due = make(chan struct{}, 1)
	c.ended.Go(func() {
		for range c.due {
			s.walCheckpoint()
		}
	})
}

// wrote counts what a transaction wrote: some pages of each tree that it added to,
// and for each event about one of its own. It needs the store's lock.
func (c *walCheckpointer) wrote(batches []consent.Batch) {
	c.pages += 8
	for _, b := range batches {
		c.pages += len(b.Entries) * 5 / 4
	}
	if c.due == nil || c.pages < walCheckpointAt {
		return
	}
	select {
	case c.due <- struct{}{}:
		c.pages = 0
	default: // one is waiting to run; the next commit asks again
	}
}

// end waits for a checkpoint that is running. Nothing may be written any more.
func (c *walCheckpointer) end() {
	if c.due != nil {
		close(c.due)
		c.ended.Wait()
	}
}

// walCheckpoint writes back what the log holds while commits continue, and then,
// with commits held up, the little that was added meanwhile: SQLite begins the log
// anew only when all of it is written back. A failure loses nothing: the pages stay in
// the log, and the writer checkpoints by itself once it is four times as long.
func (s *Store) walCheckpoint() {
	s.checkpointer.running.Lock()
	defer s.checkpointer.running.Unlock()
	run := func() error {
		_, err := s.read.ExecContext(context.Background(), `PRAGMA wal_checkpoint(PASSIVE)`)
		return err
	}
	err := run()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && !s.closed {
		err = run()
	}
	s.checkpointer.result(err)
}

// result keeps the error of a failed sync, after which nobody can tell what the disk
// holds: it is the answer to the next commit. It needs the store's lock.
func (c *walCheckpointer) result(err error) {
	if err = failed("checkpoint the write-ahead log", err); errors.Is(err, consent.ErrUnknownOutcome) {
		c.failed = err
	}
}
