package translog

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// hashes reads stored hashes: those that are known first, the others from the
// store. It remembers what was asked for, if asked is a map.
type hashes struct {
	ctx   context.Context
	store interface {
		Hashes(context.Context, []int64) ([]tlog.Hash, error)
	}
	known map[int64]tlog.Hash
	asked map[int64]tlog.Hash
}

// ReadHashes implements [tlog.HashReader].
func (h *hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found, missing, positions := lookUp(func(index int64) (tlog.Hash, bool) {
		hash, ok := h.known[index]
		return hash, ok
	}, indexes)
	if len(missing) > 0 {
		read, err := h.store.Hashes(h.ctx, missing)
		if err != nil {
			return nil, err
		}
		for i, hash := range read {
			found[positions[i]] = hash
		}
	}
	if h.asked != nil {
		for i, index := range indexes {
			h.asked[index] = found[i]
		}
	}
	return found, nil
}

// fetch makes known what the roots of trees of these sizes are computed from, with
// one read.
func (h *hashes) fetch(sizes ...int64) error {
	h.known = map[int64]tlog.Hash{}
	var indexes []int64
	for _, size := range sizes {
		// TreeHash asks for all hashes at once; this reader only notes which.
		_, _ = tlog.TreeHash(size, tlog.HashReaderFunc(func(asked []int64) ([]tlog.Hash, error) {
			indexes = append(indexes, asked...)
			return nil, errNoted
		}))
	}
	slices.Sort(indexes)
	indexes = slices.Compact(indexes)
	if len(indexes) == 0 {
		return nil
	}
	read, err := h.store.Hashes(h.ctx, indexes)
	for i := range read {
		h.known[indexes[i]] = read[i]
	}
	return err
}

var errNoted = errors.New("translog: the hash is not read yet")

// lookUp finds hashes among the known ones. missing are the indexes of the others,
// positions where those stand in indexes.
func lookUp(known func(int64) (tlog.Hash, bool), indexes []int64) (found []tlog.Hash, missing []int64, positions []int) {
	found = make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		var ok bool
		if found[i], ok = known(index); !ok {
			missing, positions = append(missing, index), append(positions, i)
		}
	}
	return found, missing, positions
}
