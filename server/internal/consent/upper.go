package consent

import (
	"sync"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// upperLevel is the level of the tree from which on its hashes are remembered:
	// each stands over 64 events or more.
	upperLevel = 6
	// upperKept is how many are: some megabytes, the upper tree over millions of events.
	upperKept = 1 << 16
)

// upper remembers hashes high in the tree. Every proof needs some of them, and they
// never change; what is left to read stands beside the event, so that a proof costs
// the same however long the log is.
type upper struct {
	mu   sync.RWMutex
	kept map[int64]tlog.Hash
}

// reader reads from r what is not remembered.
func (u *upper) reader(r tlog.HashReader) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		u.mu.RLock()
		found, missing, places := among(u.kept, indexes)
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
		if u.kept == nil || len(u.kept) > upperKept {
			u.kept = map[int64]tlog.Hash{}
		}
		for i, hash := range read {
			found[places[i]] = hash
			if level, _ := tlog.SplitStoredHashIndex(missing[i]); level >= upperLevel {
				u.kept[missing[i]] = hash
			}
		}
		return found, nil
	})
}
