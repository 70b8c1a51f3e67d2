package translog

import (
	"context"
	"sync"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// cachedFrom is the lowest level of the tree whose hashes are cached: each
	// stands over 64 entries or more.
	cachedFrom = 6
	// cachedPerLevel bounds the hashes of one level: 8 MiB, which is the level over
	// 16 million entries. Three million entries take 3 MiB on all levels together.
	cachedPerLevel = 1 << 18

	// warmedFrom is the lowest level that is read after a start: that takes a quarter
	// of the rows, and the first proofs read a few hashes more.
	warmedFrom = 8
)

// hashCache holds hashes from high in the tree. Every proof needs some of them, and
// they never change; all others that a proof needs are kept with entries near its
// own, so that a proof costs the same however long the log is.
type hashCache struct {
	mu     sync.RWMutex
	levels [64 - cachedFrom][]tlog.Hash // a zero hash is not cached
}

// get returns the hash with a stored index, if it is cached. It needs the lock.
func (c *hashCache) get(stored int64) (hash tlog.Hash, ok bool) {
	level, n := tlog.SplitStoredHashIndex(stored)
	if level < cachedFrom {
		return hash, false
	}
	if cached := c.levels[level-cachedFrom]; n < int64(len(cached)) {
		hash = cached[n]
	}
	return hash, hash != tlog.Hash{}
}

// put caches the n-th hash of a level. It needs the lock.
func (c *hashCache) put(level int, n int64, hash tlog.Hash) {
	if level < cachedFrom || n >= cachedPerLevel {
		return
	}
	cached := &c.levels[level-cachedFrom]
	if more := n + 1 - int64(len(*cached)); more > 0 {
		*cached = append(*cached, make([]tlog.Hash, more)...)
	}
	(*cached)[n] = hash
}

// grown caches what committed leaves have added.
func (c *hashCache) grown(first int64, leaves []Leaf) {
	for i := range leaves {
		above := leaves[i].Above
		if len(above) < cachedFrom {
			continue
		}
		next := first + int64(i) + 1
		c.mu.Lock()
		for j, hash := range above {
			c.put(j+1, next>>(j+1)-1, hash)
		}
		c.mu.Unlock()
	}
}

// reader reads from r what is not cached, and caches it.
func (c *hashCache) reader(r tlog.HashReader) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		c.mu.RLock()
		found, missing, positions := lookUp(c.get, indexes)
		c.mu.RUnlock()
		if len(missing) == 0 {
			return found, nil
		}
		read, err := r.ReadHashes(missing)
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for i, hash := range read {
			found[positions[i]] = hash
			level, n := tlog.SplitStoredHashIndex(missing[i])
			c.put(level, n, hash)
		}
		return found, nil
	})
}

// warm caches hashes of the first size entries, so that the first proofs after a
// start cost little more than later ones. What cannot be read now is read when it is
// needed.
func (c *hashCache) warm(ctx context.Context, store Reader, size int64) {
	const stretch = 64 << warmedFrom // entries whose hashes are read at a time
	read := c.reader(&hashes{ctx: ctx, store: store})
	for from := int64(0); from+1<<warmedFrom <= min(size, cachedPerLevel<<warmedFrom); from += stretch {
		var indexes []int64
		to := min(from+stretch, size)
		for level := warmedFrom; level < 63; level++ {
			// The subtrees of this level that end in the stretch.
			for n := from >> level; n < to>>level; n++ {
				indexes = append(indexes, tlog.StoredHashIndex(level, n))
			}
		}
		if _, err := read.ReadHashes(indexes); err != nil {
			return
		}
	}
}
