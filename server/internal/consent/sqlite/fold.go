package sqlite

import (
	"context"
	"errors"
	"sync"

	"ekycconnect/server/internal/consent"
)

// foldAt is how many pages of write-ahead log gather (32 MiB) before they are written
// to their places in the file, many changes at a time.
const foldAt = 8000

// folding writes them beside the commits: look-ups are by hash, so the more consents
// there are, the more places there are to write to, and a commit that did it would keep
// all others waiting for a tenth of a second.
type folding struct {
	due   chan struct{} // nil where nothing is folded
	ended sync.WaitGroup
	fold  sync.Mutex // held by whoever folds; taken before the store's lock

	// Of whoever holds the store's lock.
	pages  int // about how many have gathered
	failed error
}

// start folds in s whenever it is due.
func (f *folding) start(s *Store) {
	f.due = make(chan struct{}, 1)
	f.ended.Go(func() {
		for range f.due {
			s.fold()
		}
	})
}

// wrote counts what a transaction wrote: some pages of each tree that it added to,
// and for each event about one that is its own. It needs the store's lock.
func (f *folding) wrote(batches []consent.Batch) {
	f.pages += 8
	for _, b := range batches {
		f.pages += len(b.Entries) * 5 / 4
	}
	if f.due == nil || f.pages < foldAt {
		return
	}
	select {
	case f.due <- struct{}{}:
		f.pages = 0
	default: // under way; the next commit asks again
	}
}

// end waits for what is under way. Nothing is written any more.
func (f *folding) end() {
	if f.due != nil {
		close(f.due)
		f.ended.Wait()
	}
}

// fold writes what has gathered, and then, while no commit is let in, the little that
// has come meanwhile: only then does the log begin anew. A failure loses nothing: the
// log keeps what is not folded, and the writer folds once it is four times as long.
func (s *Store) fold() {
	s.folding.fold.Lock()
	defer s.folding.fold.Unlock()
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
	s.folding.judge(err)
}

// judge notes a failed sync, after which nobody can tell what the disk holds: it is
// the answer to the next commit. It needs the store's lock.
func (f *folding) judge(err error) {
	if err = failed("fold", err); errors.Is(err, consent.ErrUnknownOutcome) {
		f.failed = err
	}
}
