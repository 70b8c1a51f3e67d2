package translog

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"ekycconnect/server/internal/consent/translog/checkpoint"
)

// Open begins the log, or continues it, in one transaction, and starts what runs in
// the background. If the error is [ErrStopped], the log is open for reading.
func (l *Log) Open(ctx context.Context, transact Transact) error {
	var g Growth
	err := transact(ctx, func(tx Tx) (err error) {
		g, err = l.open(ctx, tx)
		return err
	})
	switch {
	case errors.Is(err, ErrStopped):
		l.stop(err)
	case err != nil:
		return err
	default:
		l.Committed(g)
	}
	l.anchor.start()
	warming, cancel := context.WithCancel(context.Background())
	l.stopWarming = cancel
	size := l.size.Load()
	l.warming.Go(func() { l.cache.warm(warming, l.store, size) })
	return err
}

func (l *Log) open(ctx context.Context, tx Tx) (Growth, error) {
	head, err := tx.Head(ctx)
	if err != nil {
		return Growth{}, err
	}
	size, err := tx.Size(ctx)
	if err != nil {
		return Growth{}, err
	}
	if head.Note == nil {
		return l.begin(ctx, tx, size)
	}
	if err := head.Renamed(l.origin); err != nil {
		return Growth{}, err
	}
	var unverified *note.UnverifiedNoteError
	if _, err := checkpoint.Open(head.Note, l.origin, l.verifiers); errors.As(err, &unverified) {
		return Growth{}, fmt.Errorf("the log's newest checkpoint is signed by none of the log keys in the keys file: put the key that signed it back there, below the new one")
	}
	var g Growth
	if g.tree, err = l.follow(ctx, tx); err != nil {
		return Growth{}, err
	}
	if size != g.tree.head.Size {
		return Growth{}, uncovered(size, g.tree.head.Size)
	}
	recorded, err := tx.LogKeys(ctx)
	if err != nil {
		return Growth{}, err
	}
	if err := l.compare(ctx, tx, recorded, g.tree); err != nil {
		return Growth{}, err
	}
	g.Update.LogKeys = l.newKeys(recorded)
	if err := l.publish(ctx, tx, true, &g); err != nil || g.Update.IsEmpty() {
		return g, err
	}
	return g, tx.Write(ctx, g.Update)
}

// newKeys are the verifier keys that are not recorded yet, the newest last.
func (l *Log) newKeys(recorded []string) (keys []string) {
	for _, key := range slices.Backward(l.keys) {
		if !slices.Contains(recorded, key.Public) {
			keys = append(keys, key.Public)
		}
	}
	return keys
}

// begunAtATime is how many entries a log that begins late takes over at a time.
const begunAtATime = 1000

// begin signs the first checkpoint, of all entries that there are: none, unless an
// older program wrote them.
func (l *Log) begin(ctx context.Context, tx Tx, size int64) (g Growth, err error) {
	if anchored, err := l.anchor.read(l.origin, l.verifiers); err != nil {
		return Growth{}, l.unreadableAnchor(err)
	} else if anchored.Size > 0 {
		return Growth{}, rolledBack("it is empty, and the anchor %s has %d entries", l.anchor.path, anchored.Size)
	}
	read := &hashes{ctx: ctx, store: tx, known: map[int64]tlog.Hash{}}
	for from := int64(0); from < size; {
		entries, err := tx.Entries(ctx, from, begunAtATime)
		if err != nil {
			return Growth{}, err
		}
		if len(entries) == 0 {
			return Growth{}, stopped("event %d of %d is missing", from, size)
		}
		u := Update{First: from, Leaves: make([]Leaf, len(entries))}
		for i, entry := range entries {
			if u.Leaves[i], err = newLeaf(from+int64(i), entry, read); err != nil {
				return Growth{}, missing(err)
			}
		}
		from += int64(len(entries))
		if err := tx.Write(ctx, u); err != nil {
			return Growth{}, err
		}
		// Only what the next leaves are computed from is kept in memory.
		read.asked = map[int64]tlog.Hash{}
		if _, err := tlog.TreeHash(from, read); err != nil {
			return Growth{}, missing(err)
		}
		read.known, read.asked = read.asked, nil
	}
	if g.tree, err = l.sign(size, read); err != nil {
		return Growth{}, err
	}
	g.published = size
	g.Update = Update{Head: &g.tree.head, Publish: true, LogKeys: l.newKeys(nil)}
	return g, tx.Write(ctx, g.Update)
}

// compare checks the log against what was seen of it before: the newest published
// checkpoint, and the anchor.
func (l *Log) compare(ctx context.Context, r Reader, recorded []string, now tree) error {
	verifiers, err := l.allVerifiers(recorded)
	if err != nil {
		return err
	}
	read := &hashes{ctx: ctx, store: r, known: now.edge}
	published, err := r.Published(ctx)
	if err != nil {
		return err
	}
	l.published = published.Size
	l.shown.Store(published.Size)
	if published.Note != nil {
		c, err := checkpoint.Open(published.Note, l.origin, verifiers)
		if err != nil {
			return stopped("the checkpoint published at %d entries is damaged: %w", published.Size, err)
		}
		if err := now.includes(read, c, "the newest published checkpoint"); err != nil {
			return err
		}
	}
	anchored, err := l.anchor.read(l.origin, verifiers)
	if err != nil {
		return l.unreadableAnchor(err)
	}
	if anchored.Origin == "" {
		return nil
	}
	return now.includes(read, anchored, "the anchor "+l.anchor.path)
}

func (l *Log) unreadableAnchor(err error) error {
	return rolledBack("its anchor %s cannot be read as a checkpoint of this log: %w", l.anchor.path, err)
}

// includes checks that the tree is that of c, or has grown out of it.
func (t tree) includes(read tlog.HashReader, c checkpoint.Checkpoint, which string) error {
	if c.Size > t.head.Size {
		return rolledBack("it has %d entries, and %s has %d", t.head.Size, which, c.Size)
	}
	return prefix(read, c.Size, c.Root, which)
}

// allVerifiers are those of the keys that sign and of the recorded ones.
func (l *Log) allVerifiers(recorded []string) (note.Verifiers, error) {
	var all []note.Verifier
	for _, text := range l.allKeys(recorded) {
		verifier, err := note.NewVerifier(text)
		if err != nil || verifier.Name() != l.origin {
			return nil, stopped("a public log key in the store is damaged")
		}
		all = append(all, verifier)
	}
	return note.VerifierList(all...), nil
}

// allKeys are the verifier keys of the keys that sign and the recorded ones, each
// once, the newest first.
func (l *Log) allKeys(recorded []string) []string {
	var all []string
	for _, key := range l.keys {
		all = append(all, key.Public)
	}
	for _, key := range recorded {
		if !slices.Contains(all, key) {
			all = append(all, key)
		}
	}
	return all
}
