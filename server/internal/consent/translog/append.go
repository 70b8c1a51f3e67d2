package translog

import (
	"bytes"
	"context"
	"errors"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"ekycconnect/server/internal/consent/translog/checkpoint"
)

// Growth is what one transaction adds to the log.
type Growth struct {
	Update Update // what the transaction must write

	tree      tree  // once it is written
	published int64 // size of the newest published checkpoint then; 0 if it was not read
}

// Append adds entries, the first of which is to have the index first, and signs the
// checkpoint that covers them. r reads in the transaction that writes the entries
// and the growth's Update; once that is durable, Committed must be called. publish
// asks for the newest checkpoint to be published, also if there are no entries; a
// log that publishes each needs no asking.
//
// Errors: [ErrStopped], after which the log takes no entries any more; those of r.
func (l *Log) Append(ctx context.Context, r Reader, first int64, entries [][32]byte, publish bool) (Growth, error) {
	if err := l.Err(); err != nil {
		return Growth{}, err
	}
	g, err := l.grow(ctx, r, first, entries, publish)
	if errors.Is(err, ErrStopped) {
		l.stop(err)
	}
	return g, err
}

func (l *Log) grow(ctx context.Context, r Reader, first int64, entries [][32]byte, publish bool) (g Growth, err error) {
	if g.tree, err = l.follow(ctx, r); err != nil {
		return Growth{}, err
	}
	if len(entries) > 0 {
		if first != g.tree.head.Size {
			return Growth{}, uncovered(first, g.tree.head.Size)
		}
		if err := l.extend(ctx, r, entries, &g); err != nil {
			return Growth{}, err
		}
		g.Update.Head = &g.tree.head
	}
	return g, l.publish(ctx, r, publish, &g)
}

func uncovered(entries, covered int64) error {
	return stopped("there are %d events and the newest checkpoint covers %d; `relay log verify` finds out more", entries, covered)
}

// follow returns the tree as the transaction finds it: the newest known one, or a
// later one, after a start or when another process has written. A later one is known
// only once something of this process's own is committed on top of it: until then, a
// store with replicas may lose it again.
func (l *Log) follow(ctx context.Context, r Reader) (tree, error) {
	head, err := r.Head(ctx)
	if err != nil {
		return tree{}, err
	}
	known := l.newest
	if head.Size == known.head.Size && bytes.Equal(head.Note, known.head.Note) {
		return known, nil
	}
	c, err := checkpoint.Open(head.Note, l.origin, l.verifiers)
	if err != nil {
		return tree{}, stopped("the log's newest checkpoint does not open: %w", err)
	}
	if c.Size != head.Size {
		return tree{}, stopped("the log's newest checkpoint covers %d entries and is kept as one of %d", c.Size, head.Size)
	}
	if c.Size < known.head.Size {
		return tree{}, rolledBack("it has %d entries and had %d", c.Size, known.head.Size)
	}
	read := &hashes{ctx: ctx, store: r}
	if err := read.fetch(known.head.Size, c.Size); err != nil {
		return tree{}, missing(err)
	}
	if err := prefix(read, known.head.Size, known.root, "the one that this relay wrote last"); err != nil {
		return tree{}, err
	}
	read.asked = map[int64]tlog.Hash{}
	root, err := tlog.TreeHash(c.Size, read)
	if err != nil {
		return tree{}, missing(err)
	}
	if root != c.Root {
		return tree{}, stopped("the log's newest checkpoint, of %d entries, does not match the stored hashes; `relay log verify` finds out more", c.Size)
	}
	return tree{head: head, root: root, edge: read.asked}, nil
}

// prefix checks that the tree began as one of size entries with this root.
func prefix(read tlog.HashReader, size int64, root tlog.Hash, which string) error {
	if size == 0 {
		return nil
	}
	then, err := tlog.TreeHash(size, read)
	if err != nil {
		return missing(err)
	}
	if then != root {
		return rolledBack("its first %d entries are not those of %s", size, which)
	}
	return nil
}

// extend computes the leaves of entries and signs the checkpoint that covers them.
func (l *Log) extend(ctx context.Context, r Reader, entries [][32]byte, g *Growth) (err error) {
	known := make(map[int64]tlog.Hash, len(g.tree.edge)+2*len(entries))
	for index, hash := range g.tree.edge {
		known[index] = hash
	}
	read := &hashes{ctx: ctx, store: r, known: known}
	first := g.tree.head.Size
	leaves := make([]Leaf, len(entries))
	for i, entry := range entries {
		if leaves[i], err = newLeaf(first+int64(i), entry, read); err != nil {
			return missing(err)
		}
	}
	g.Update.First, g.Update.Leaves = first, leaves
	g.tree, err = l.sign(first+int64(len(entries)), read)
	return err
}

// sign returns the tree of the first size entries with a signed checkpoint.
func (l *Log) sign(size int64, read *hashes) (tree, error) {
	read.asked = map[int64]tlog.Hash{}
	root, err := tlog.TreeHash(size, read)
	if err != nil {
		return tree{}, missing(err)
	}
	signers := make([]note.Signer, len(l.keys))
	for i := range l.keys {
		signers[i] = l.keys[i]
	}
	signed, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: l.origin, Size: size, Root: root}, signers...)
	if err != nil {
		return tree{}, err
	}
	return tree{head: Head{Origin: l.origin, Size: size, Note: signed}, root: root, edge: read.asked}, nil
}

// Committed takes over what a durable transaction has added.
func (l *Log) Committed(g Growth) {
	if g.tree.head.Note != nil {
		l.newest = g.tree
		l.size.Store(g.tree.head.Size)
		l.anchor.write(g.tree.head)
	}
	if g.published > 0 {
		l.published = g.published
		l.shown.Store(g.published)
	}
	l.cache.grown(g.Update.First, g.Update.Leaves)
}

// Unwritten is what remains of a growth if its transaction wrote nothing at all: the
// head that it found is not taken over, see follow.
func (g Growth) Unwritten() Growth { return Growth{published: g.published} }
