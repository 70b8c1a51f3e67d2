package consent

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// hashes reads stored hashes: those that are known first, the others from the
// store. What was asked for is remembered.
type hashes struct {
	ctx   context.Context
	store interface {
		Hashes(context.Context, []int64) ([]tlog.Hash, error)
	}
	known map[int64]tlog.Hash
	asked map[int64]tlog.Hash // may be nil
}

// ReadHashes implements [tlog.HashReader].
func (h *hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found, missing, places := among(func(index int64) (tlog.Hash, bool) {
		hash, ok := h.known[index]
		return hash, ok
	}, indexes)
	if len(missing) > 0 {
		read, err := h.store.Hashes(h.ctx, missing)
		if err != nil {
			return nil, err
		}
		for i, hash := range read {
			found[places[i]] = hash
		}
	}
	if h.asked != nil {
		for i, index := range indexes {
			h.asked[index] = found[i]
		}
	}
	return found, nil
}

// fetch makes known what the roots of trees of these sizes are made from, in one
// go.
func (h *hashes) fetch(sizes ...int64) error {
	h.known = map[int64]tlog.Hash{}
	var indexes []int64
	for _, size := range sizes {
		// It asks for all that it needs at once, and is told later.
		_, _ = tlog.TreeHash(size, tlog.HashReaderFunc(func(asked []int64) ([]tlog.Hash, error) {
			indexes = append(indexes, asked...)
			return nil, errLater
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

var errLater = errors.New("consent: the hash is not read yet")

// among finds hashes by their indexes in those that are known; places are where the
// missing ones belong.
func among(known func(int64) (tlog.Hash, bool), indexes []int64) (found []tlog.Hash, missing []int64, places []int) {
	found = make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		var ok bool
		if found[i], ok = known(index); !ok {
			missing, places = append(missing, index), append(places, i)
		}
	}
	return found, missing, places
}
