package translog

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Reader reads what a store keeps of the log: what is committed, and inside a
// transaction what that has written too.
type Reader interface {
	// Head returns the newest checkpoint; zero before the first.
	Head(ctx context.Context) (Head, error)

	// Published returns the newest checkpoint that was published; zero before
	// the first.
	Published(ctx context.Context) (Head, error)

	// Hashes returns the tree's hashes by their stored indexes (see
	// [tlog.StoredHashIndex]), in the order of indexes. If one is missing, the
	// error wraps [ErrMissing]; see [HashesOf].
	Hashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error)

	// Leaves returns the Entry of at most limit leaves, from index from on.
	Leaves(ctx context.Context, from int64, limit int) ([][32]byte, error)

	// LogKeys returns every verifier key that was ever recorded, the latest first.
	LogKeys(ctx context.Context) ([]string, error)
}

// Tx is a transaction in which a log is opened.
type Tx interface {
	Reader

	// Size is how many entries there are, whether or not they have leaves.
	Size(ctx context.Context) (int64, error)

	// Entries returns at most limit entries from index from on, for a log that
	// begins with entries that were written before it.
	Entries(ctx context.Context, from int64, limit int) ([][32]byte, error)

	// Write writes u.
	Write(ctx context.Context, u Update) error
}

// Transact runs f in a transaction, which is durable if and only if Transact
// returns nil. If f returns an error, Transact returns that and nothing is written.
type Transact func(ctx context.Context, f func(Tx) error) error

// Update is what a transaction writes of the log.
type Update struct {
	First  int64  // index of the first of Leaves
	Leaves []Leaf // of consecutive entries

	// Head, if it is there, replaces the newest checkpoint. Publish keeps it for
	// ever as well, as the newest that was published.
	Head    *Head
	Publish bool

	LogKeys []string // verifier keys; those that are there already are left as they are
	Fork    *Fork
}

// IsEmpty reports whether there is nothing to write.
func (u Update) IsEmpty() bool {
	return len(u.Leaves) == 0 && u.Head == nil && len(u.LogKeys) == 0 && u.Fork == nil
}

// Head is a signed checkpoint as it is kept.
type Head struct {
	Origin string // the log's name; the same for ever
	Size   int64  // how many entries it covers
	Note   []byte // the signed note itself
}

// Renamed refuses another name for a log that has one.
func (h Head) Renamed(origin string) error {
	if h.Note == nil || h.Origin == origin {
		return nil
	}
	return fmt.Errorf("the log in this store is named %q and the settings name it %q: a log keeps its name, so write `log: {origin: %s}` into the configuration", h.Origin, origin, h.Origin)
}

// Fork records that an operator accepted that the log has lost entries.
type Fork struct {
	At     time.Time
	Reason string
	Size   int64  // of the log that was continued
	Lost   []byte // the checkpoint that it was behind, or unlike
}
