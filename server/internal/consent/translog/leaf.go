package translog

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Leaf is what an entry adds to the tree. A store keeps it under the entry's
// index, in one row.
type Leaf struct {
	Entry [32]byte    // its RFC 6962 hash is the leaf's
	Above []tlog.Hash // the root of each subtree that it completes, the smallest first
}

// newLeaf computes what the entry at index adds. The hashes are known to read from
// then on.
func newLeaf(index int64, entry [32]byte, read *hashes) (Leaf, error) {
	added, err := tlog.StoredHashes(index, entry[:], read)
	if err != nil {
		return Leaf{}, err
	}
	first := tlog.StoredHashIndex(0, index)
	for i, hash := range added {
		read.known[first+int64(i)] = hash
	}
	return Leaf{Entry: entry, Above: added[1:]}, nil
}

// AboveBytes is Above as a store keeps it: one hash after the other.
func (l Leaf) AboveBytes() []byte {
	bytes := make([]byte, 0, len(l.Above)*tlog.HashSize)
	for i := range l.Above {
		bytes = append(bytes, l.Above[i][:]...)
	}
	return bytes
}

// EntryOf is the Entry of a leaf out of its kept bytes.
func EntryOf(kept []byte) ([32]byte, error) {
	if len(kept) != sha256.Size {
		return [32]byte{}, fmt.Errorf("translog: the entry of a leaf has %d bytes", len(kept))
	}
	return [32]byte(kept), nil
}

// ErrMissing says that a store lacks hashes that the log must have.
var ErrMissing = errors.New("translog: hashes of the log are missing")

// HashesOf answers [Reader.Hashes] from rows of leaves. It calls read once, with
// the indexes of all leaves that are needed, each once. read hands the rows that
// there are to row, in any order; entry and above are used during the call only.
func HashesOf(indexes []int64, read func(leaves []int64, row func(leaf int64, entry, above []byte)) error) ([]tlog.Hash, error) {
	wanted := make(map[int64][]int, len(indexes)) // positions in indexes, by leaf
	leaves := make([]int64, 0, len(indexes))
	for i, stored := range indexes {
		leaf, _ := keptWith(stored)
		if wanted[leaf] == nil {
			leaves = append(leaves, leaf)
		}
		wanted[leaf] = append(wanted[leaf], i)
	}
	hashes, found := make([]tlog.Hash, len(indexes)), 0
	err := read(leaves, func(leaf int64, entry, above []byte) {
		for _, i := range wanted[leaf] {
			_, level := keptWith(indexes[i])
			switch {
			case level == 0:
				hashes[i] = tlog.RecordHash(entry)
			case len(above) >= level*tlog.HashSize:
				hashes[i] = tlog.Hash(above[(level-1)*tlog.HashSize:][:tlog.HashSize])
			default:
				continue
			}
			found++
		}
	})
	if err != nil {
		return nil, err
	}
	if found != len(indexes) {
		return nil, fmt.Errorf("%w: %d of %d", ErrMissing, len(indexes)-found, len(indexes))
	}
	return hashes, nil
}

// keptWith is the leaf in whose row a stored hash is kept, and the hash's level: a
// leaf's row holds the root of each subtree that ends with that leaf.
func keptWith(stored int64) (leaf int64, level int) {
	level, n := tlog.SplitStoredHashIndex(stored)
	return (n+1)<<level - 1, level
}
