package consent

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"ekycconnect/server/internal/consent/checkpoint"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// SandboxOrigin is the log's name unless [WithLog] gives another.
const SandboxOrigin = "ekyc-connect-sandbox"

// saltSize is how many random bytes keep an entry from being guessed.
const saltSize = 32

// tree is the RFC 6962 tree over all events. It grows inside the transaction
// that writes them, so its newest checkpoint covers every committed event.
type tree struct {
	origin    string
	every     time.Duration // between two published checkpoints; 0 publishes each
	keys      []checkpoint.Key
	verifiers note.Verifiers
	anchor    *anchor // nil if there is none
	log       *slog.Logger
	end       atomic.Pointer[error] // why nothing is written any more

	// Of the committing goroutine: the newest checkpoint that it knows of, and
	// the hashes that the next one is made from.
	head Head
	root tlog.Hash
	edge map[int64]tlog.Hash

	published int64        // size of the newest published checkpoint when it was last looked at
	size      atomic.Int64 // of the head, for who looks whether there is something to publish
	shown     atomic.Int64 // of the newest published checkpoint, likewise
}

// growth is what a transaction adds to the tree: it counts once the
// transaction is committed.
type growth struct {
	head      Head
	root      tlog.Hash
	edge      map[int64]tlog.Hash
	entries   []Entry
	published int64 // 0 if nothing was
}

// committed takes over what a transaction added.
func (t *tree) committed(g growth) {
	if g.head.Note != nil {
		t.head, t.root, t.edge = g.head, g.root, g.edge
		t.size.Store(g.head.Size)
		t.anchor.write(g.head)
	}
	if g.published > 0 {
		t.published = g.published
		t.shown.Store(g.published)
	}
}

// stop ends all writing until the process is started anew.
func (t *tree) stop(err error) {
	if t.end.CompareAndSwap(nil, &err) {
		t.log.Error("nothing is recorded any more", "error", err)
	}
}

func (t *tree) stopped() error {
	if end := t.end.Load(); end != nil {
		return *end
	}
	return nil
}

// logError is both [ErrLog] and [ErrUnavailable].
type logError struct{ cause error }

func (e *logError) Error() string { return "consent: nothing is recorded: " + e.cause.Error() }

func (e *logError) Unwrap() []error { return []error{ErrLog, ErrUnavailable, e.cause} }

func broken(format string, args ...any) error { return &logError{fmt.Errorf(format, args...)} }

// rolledBack is what log and readiness say of a log that lost entries, with the
// remedy.
func rolledBack(format string, args ...any) error {
	return broken("log_rolled_back: "+format+
		"; find the newer data, or stop the relay and accept the loss with `relay log fork --reason TEXT`", args...)
}

// follow returns the tree as the transaction finds it: the one that is known, or a
// later one, after a start or when another relay on the same store has written. What
// it finds is known only once something of this relay's own is committed on top of
// it: until then, a store with replicas may yet lose it, and nobody was told of it.
func (t *tree) follow(ctx context.Context, tx Tx) (growth, error) {
	var none growth
	head, err := tx.Head(ctx)
	if err != nil {
		return none, err
	}
	if head.Size == t.head.Size && bytes.Equal(head.Note, t.head.Note) {
		return growth{head: t.head, root: t.root, edge: t.edge}, nil
	}
	c, err := checkpoint.Open(head.Note, t.origin, t.verifiers)
	if err != nil {
		return none, broken("the log's newest checkpoint does not open: %w", err)
	}
	if c.Size != head.Size {
		return none, broken("the log's newest checkpoint covers %d entries and is kept as one of %d", c.Size, head.Size)
	}
	if c.Size < t.head.Size {
		return none, rolledBack("it has %d entries and had %d", c.Size, t.head.Size)
	}
	read := &hashes{ctx: ctx, store: tx}
	if err := read.fetch(t.head.Size, c.Size); err != nil {
		return none, unreadable(err)
	}
	if err := holds(read, t.head.Size, t.root, "the one that this relay wrote last"); err != nil {
		return none, err
	}
	read.asked = map[int64]tlog.Hash{}
	root, err := tlog.TreeHash(c.Size, read)
	if err != nil {
		return none, unreadable(err)
	}
	if root != c.Root {
		return none, broken("the log's newest checkpoint, of %d entries, is not that of the hashes beside it; `relay log verify` finds out more", c.Size)
	}
	return growth{head: head, root: root, edge: read.asked}, nil
}

// holds checks that the tree began as it was when it had size entries.
func holds(read tlog.HashReader, size int64, root tlog.Hash, which string) error {
	if size == 0 {
		return nil
	}
	then, err := tlog.TreeHash(size, read)
	if err != nil {
		return unreadable(err)
	}
	if then != root {
		return rolledBack("its first %d entries are not those of %s", size, which)
	}
	return nil
}

// unreadable tells a store that cannot be read now from one that lacks hashes.
func unreadable(err error) error {
	if errors.Is(err, ErrUnavailable) {
		return err
	}
	return broken("%w; `relay log verify` finds out more", err)
}

// extend adds the sheet's entries to the tree and puts the new head on the
// sheet. Nothing of t changes before the transaction is committed.
func (t *tree) extend(ctx context.Context, tx Tx, s *sheet) (growth, error) {
	g, err := t.follow(ctx, tx)
	if err != nil {
		return growth{}, err
	}
	if len(s.batch.Entries) > 0 {
		if first := s.batch.Entries[0].Index; first != g.head.Size {
			return growth{}, broken("there are %d events and the newest checkpoint covers %d; `relay log verify` finds out more", first, g.head.Size)
		}
		if err := t.grow(ctx, tx, s.batch.Entries, &g); err != nil {
			return growth{}, err
		}
		s.batch.Head, g.entries = &g.head, s.batch.Entries
	}
	return g, t.publish(ctx, tx, s, &g)
}

// grow salts and hashes the entries and signs the new head.
func (t *tree) grow(ctx context.Context, tx Tx, entries []Entry, g *growth) (err error) {
	salts := make([]byte, saltSize*len(entries))
	rand.Read(salts)
	added := make(map[int64]tlog.Hash, len(g.edge)+2*len(entries))
	for index, hash := range g.edge {
		added[index] = hash
	}
	read := &hashes{ctx: ctx, store: tx, known: added}
	for i := range entries {
		e := &entries[i]
		e.Salt = salts[saltSize*i:][:saltSize:saltSize]
		if e.Leaf, err = newLeaf(e.Index, e.Salt, e.Body, read); err != nil {
			return unreadable(err)
		}
	}
	size := entries[len(entries)-1].Index + 1
	return t.sign(size, read, g)
}

// newLeaf is what the entry at index adds. The hashes are known to read from
// then on.
func newLeaf(index int64, salt, body []byte, read *hashes) (Leaf, error) {
	leaf := Leaf{Entry: entryHash(salt, body)}
	added, err := tlog.StoredHashes(index, leaf.Entry[:], read)
	if err != nil {
		return Leaf{}, err
	}
	leaf.Above = added[1:]
	first := tlog.StoredHashIndex(0, index)
	for i, hash := range added {
		read.known[first+int64(i)] = hash
	}
	return leaf, nil
}

// entryHash is what the log knows of an event: nothing that could be guessed.
func entryHash(salt, body []byte) (sum [sha256.Size]byte) {
	h := sha256.New()
	h.Write(salt)
	h.Write(body)
	h.Sum(sum[:0])
	return sum
}

// sign makes the head of the tree's first size entries.
func (t *tree) sign(size int64, read *hashes, g *growth) error {
	g.edge = map[int64]tlog.Hash{}
	read.asked = g.edge
	root, err := tlog.TreeHash(size, read)
	if err != nil {
		return unreadable(err)
	}
	signers := make([]note.Signer, len(t.keys))
	for i := range t.keys {
		signers[i] = t.keys[i]
	}
	signed, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: t.origin, Size: size, Root: root}, signers...)
	if err != nil {
		return err
	}
	g.root, g.head = root, Head{Origin: t.origin, Size: size, Note: signed}
	return nil
}
