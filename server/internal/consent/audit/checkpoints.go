package audit

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"ekycconnect/server/internal/consent/translog"
	"ekycconnect/server/internal/consent/translog/checkpoint"
)

// readCheckpoints collects the checkpoints that the tree is compared with as it
// grows.
func (a *auditor) readCheckpoints(ctx context.Context, from Source, o Options) error {
	kept, last := 0, int64(-1)
	err := from.Checkpoints(ctx, func(h translog.Head) error {
		name := fmt.Sprintf("checkpoint %d", h.Size)
		c, err := a.open(name, h.Note)
		if err != nil {
			return err
		}
		if c.Size != h.Size {
			return fault(name, "its note is of %d entries", c.Size)
		}
		kept, last = kept+1, h.Size
		a.targets = append(a.targets, target{c, name})
		return nil
	})
	if err != nil {
		return err
	}
	if last < a.head.Published {
		return fault(fmt.Sprintf("checkpoint %d", a.head.Published), "it was published and is missing")
	}
	if last > a.head.Published || kept != a.head.Checkpoints {
		return fault("head", "%d checkpoints were published, the last at %d entries, and there are %d, the last at %d",
			a.head.Checkpoints, a.head.Published, kept, last)
	}
	for _, seen := range o.Seen {
		c, err := a.open(seen.Where, seen.Note)
		if err != nil {
			return err
		}
		a.targets = append(a.targets, target{c, seen.Where})
	}
	c, err := a.open("head", a.head.Note)
	if err != nil {
		return err
	}
	if c.Size != a.head.Size {
		return fault("head", "its note is of %d entries and it says %d", c.Size, a.head.Size)
	}
	a.targets = append(a.targets, target{c, "head"})
	slices.SortStableFunc(a.targets, func(x, y target) int { return cmp.Compare(x.Size, y.Size) })
	if furthest := a.targets[len(a.targets)-1]; furthest.Size > a.head.Size {
		return fault(furthest.name, "it covers %d entries and the log has only %d: entries were lost, by a restored backup perhaps", furthest.Size, a.head.Size)
	}
	return nil
}

func (a *auditor) open(name string, signed []byte) (checkpoint.Checkpoint, error) {
	c, err := checkpoint.Open(signed, a.head.Origin, a.verifiers)
	if err != nil {
		return c, fault(name, "it is not a checkpoint that this log signed: %v", err)
	}
	return c, nil
}

// reach checks the tree against every checkpoint of its size, now that it has
// that many entries.
func (a *auditor) reach(size int64) error {
	for len(a.targets) > 0 && a.targets[0].Size == size {
		next := a.targets[0]
		a.targets = a.targets[1:]
		root, err := a.edge(size)
		if err != nil {
			return err
		}
		if root != next.Root {
			return fault(next.name, "the log's first %d entries are not those that it was signed for", size)
		}
		a.root = root
	}
	return nil
}

// edge computes the root and forgets every hash that is not needed any more.
func (a *auditor) edge(size int64) (tlog.Hash, error) {
	needed := map[int64]tlog.Hash{}
	root, err := tlog.TreeHash(size, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes, err := a.hashes(indexes)
		for i, index := range indexes {
			needed[index] = hashes[i]
		}
		return hashes, err
	}))
	a.known = needed
	return root, err
}

func (a *auditor) hashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hash, ok := a.known[index]
		if !ok {
			return hashes, errors.New("audit: a hash was forgotten too early")
		}
		hashes[i] = hash
	}
	return hashes, nil
}

// notice checks a notice against its name.
func (a *auditor) notice(name, text []byte) error {
	sum := sha256.Sum256(text)
	if !bytes.Equal(name, sum[:]) {
		return fault(fmt.Sprintf("notice %x", name), "its bytes have another SHA-256, %x", sum)
	}
	a.notices[sum] = true
	return nil
}
