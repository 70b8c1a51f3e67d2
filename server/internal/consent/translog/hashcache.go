package consent

import (
	"context"
	"sync"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// upperLevel is the level of the tree from which on its hashes are remembered:
	// each stands over 64 events or more.
	upperLevel = 6
	// upperKept is how many are, of one level: 8 MiB, the level over 16 million
	// events. One million consents of three events each take 3 MiB in all.
	upperKept = 1 << 18

	// learntLevel is the level from which on they are read after a start: a few more
	// hashes for the first proofs, and a quarter of the rows.
	learntLevel = 8
)

// upper remembers hashes high in the tree. Every proof needs some of them, and they
// never change; what is left to read stands beside the event, so that a proof costs
// the same however long the log is.
type upper struct {
	mu     sync.RWMutex
	levels [64 - upperLevel][]tlog.Hash // a zero one is not known
}

// find is the hash with a stored index, if it is remembered.
func (u *upper) find(stored int64) (hash tlog.Hash, ok bool) {
	level, n := tlog.SplitStoredHashIndex(stored)
	if level < upperLevel {
		return hash, false
	}
	if known := u.levels[level-upperLevel]; n < int64(len(known)) {
		hash = known[n]
	}
	return hash, hash != tlog.Hash{}
}

// keep remembers the n-th hash of a level. It needs the lock.
func (u *upper) keep(level int, n int64, hash tlog.Hash) {
	if level < upperLevel || n >= upperKept {
		return
	}
	known := &u.levels[level-upperLevel]
	if more := n + 1 - int64(len(*known)); more > 0 {
		*known = append(*known, make([]tlog.Hash, more)...)
	}
	(*known)[n] = hash
}

// grown remembers what entries have added that are committed.
func (u *upper) grown(entries []Entry) {
	for i := range entries {
		e := &entries[i]
		if len(e.Leaf.Above) < upperLevel {
			continue
		}
		u.mu.Lock()
		for i, hash := range e.Leaf.Above {
			u.keep(i+1, (e.Index+1)>>(i+1)-1, hash)
		}
		u.mu.Unlock()
	}
}

// reader reads from r what is not remembered.
func (u *upper) reader(r tlog.HashReader) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		u.mu.RLock()
		found, missing, places := among(u.find, indexes)
		u.mu.RUnlock()
		if len(missing) == 0 {
			return found, nil
		}
		read, err := r.ReadHashes(missing)
		if err != nil {
			return nil, err
		}
		u.mu.Lock()
		defer u.mu.Unlock()
		for i, hash := range read {
			found[places[i]] = hash
			level, n := tlog.SplitStoredHashIndex(missing[i])
			u.keep(level, n, hash)
		}
		return found, nil
	})
}

// learn reads upper hashes of the first size events, a stretch at a time, so that the
// first proofs after a start cost little more than later ones. What cannot be read is
// read when it is needed.
func (u *upper) learn(ctx context.Context, store Reader, size int64) {
	const stretch = 64 << learntLevel
	read := u.reader(&hashes{ctx: ctx, store: store})
	for from := int64(0); from+1<<learntLevel <= min(size, upperKept<<learntLevel); from += stretch {
		var indexes []int64
		to := min(from+stretch, size)
		for level := learntLevel; level < 63; level++ {
			// Those that end in the stretch.
			for n := from >> level; n < to>>level; n++ {
				indexes = append(indexes, tlog.StoredHashIndex(level, n))
			}
		}
		if _, err := read.ReadHashes(indexes); err != nil {
			return
		}
	}
}
