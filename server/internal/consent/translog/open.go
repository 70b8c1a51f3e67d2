package consent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"ekycconnect/server/internal/consent/checkpoint"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// LogOptions is how a ledger's log is named and shown.
type LogOptions struct {
	Origin       string        // its name, and that of its keys; the same for ever
	PublishEvery time.Duration // 0 publishes every checkpoint
	Anchor       string        // file for the newest checkpoint, outside the store; "" for none
}

// WithLog names the log. The default is the sandbox's name, every checkpoint
// published, no anchor.
func WithLog(o LogOptions) Option {
	return func(l *Ledger) {
		l.tree.origin, l.tree.every = o.Origin, o.PublishEvery
		if o.Anchor != "" {
			l.tree.anchor = newAnchor(o.Anchor, l.log)
		}
	}
}

// setKeys makes the signing keys out of their secrets.
func (t *tree) setKeys(seeds [][]byte) error {
	if len(seeds) == 0 {
		return errors.New("consent: there is no key to sign the log with")
	}
	var public []note.Verifier
	for _, seed := range seeds {
		key, err := checkpoint.NewKey(t.origin, seed)
		if err != nil {
			return fmt.Errorf("consent: %w", err)
		}
		verifier, err := note.NewVerifier(key.Public)
		if err != nil {
			return fmt.Errorf("consent: %w", err)
		}
		t.keys, public = append(t.keys, key), append(public, verifier)
	}
	t.verifiers = note.VerifierList(public...)
	return nil
}

// openLog begins the log, or goes on with it. If it must not be written to, the
// ledger starts all the same, to answer who asks: see [ErrLog].
func (l *Ledger) openLog(ctx context.Context, seeds [][]byte) error {
	t := l.tree
	if err := t.setKeys(seeds); err != nil {
		return err
	}
	var g growth
	err := l.store.Update(ctx, func(tx Tx) (err error) {
		g, err = t.open(ctx, tx)
		return err
	})
	if errors.Is(err, ErrLog) {
		t.anchor.start()
		t.stop(err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("consent: open the log: %w", err)
	}
	t.anchor.start()
	t.committed(g)
	return nil
}

func (t *tree) open(ctx context.Context, tx Tx) (growth, error) {
	head, err := tx.Head(ctx)
	if err != nil {
		return growth{}, err
	}
	size, _, err := tx.Size(ctx)
	if err != nil {
		return growth{}, err
	}
	if head.Note == nil {
		return t.begin(ctx, tx, size)
	}
	if head.Origin != t.origin {
		return growth{}, fmt.Errorf("the log in this store is named %q and the settings name it %q: a log keeps its name, so write `log: {origin: %s}` into the configuration", head.Origin, t.origin, head.Origin)
	}
	var unverified *note.UnverifiedNoteError
	if _, err := checkpoint.Open(head.Note, t.origin, t.verifiers); errors.As(err, &unverified) {
		return growth{}, fmt.Errorf("the log's newest checkpoint is signed by none of the log keys in the keys file: put the key that signed it back there, below the new one")
	}
	g, err := t.follow(ctx, tx)
	if err != nil {
		return growth{}, err
	}
	if size != g.head.Size {
		return growth{}, broken("there are %d events and the newest checkpoint covers %d; `relay log verify` finds out more", size, g.head.Size)
	}
	known, err := tx.LogKeys(ctx)
	if err != nil {
		return growth{}, err
	}
	if err := t.compare(ctx, tx, known, g); err != nil {
		return growth{}, err
	}
	s := &sheet{publish: true}
	for _, key := range slices.Backward(t.keys) {
		if !slices.Contains(known, key.Public) {
			s.batch.LogKeys = append(s.batch.LogKeys, key.Public)
		}
	}
	if err := t.publish(ctx, tx, s, &g); err != nil || s.batch.isEmpty() {
		return g, err
	}
	return g, tx.Append(ctx, s.batch)
}

// begin signs the first checkpoint, of all events that there are: none, unless
// an older program wrote them.
func (t *tree) begin(ctx context.Context, tx Tx, size int64) (growth, error) {
	if anchored, err := t.anchor.read(t.origin, t.verifiers); err != nil {
		return growth{}, t.unreadableAnchor(err)
	} else if anchored.Size > 0 {
		return growth{}, rolledBack("it is empty, and the anchor %s has %d entries", t.anchor.path, anchored.Size)
	}
	read := &hashes{ctx: ctx, store: tx, known: map[int64]tlog.Hash{}}
	for from := int64(0); from < size; {
		entries, err := tx.Range(ctx, from, 1000)
		if err != nil {
			return growth{}, err
		}
		if len(entries) == 0 || entries[0].Index != from {
			return growth{}, broken("event %d of %d is missing", from, size)
		}
		batch := Batch{GrownFrom: from, Grown: make([]Leaf, len(entries))}
		for i := range entries {
			if batch.Grown[i], err = newLeaf(entries[i].Index, entries[i].Salt, entries[i].Body, read); err != nil {
				return growth{}, unreadable(err)
			}
		}
		from += int64(len(entries))
		if err := tx.Append(ctx, batch); err != nil {
			return growth{}, err
		}
		// What the next chunk needs of this one; the rest is in the store.
		read.asked = map[int64]tlog.Hash{}
		if _, err := tlog.TreeHash(from, read); err != nil {
			return growth{}, unreadable(err)
		}
		read.known, read.asked = read.asked, nil
	}
	var g growth
	if err := t.sign(size, read, &g); err != nil {
		return growth{}, err
	}
	g.published = size
	batch := Batch{Head: &g.head, Publish: true}
	for _, key := range slices.Backward(t.keys) {
		batch.LogKeys = append(batch.LogKeys, key.Public)
	}
	return g, tx.Append(ctx, batch)
}

// compare holds the log against what was seen of it before: the newest published
// checkpoint, and the anchor.
func (t *tree) compare(ctx context.Context, tx Tx, known []string, g growth) error {
	verifiers, err := t.allVerifiers(known)
	if err != nil {
		return err
	}
	read := &hashes{ctx: ctx, store: tx, known: g.edge}
	published, err := tx.Published(ctx)
	if err != nil {
		return err
	}
	t.published = published.Size
	t.shown.Store(published.Size)
	if published.Note != nil {
		c, err := checkpoint.Open(published.Note, t.origin, verifiers)
		if err != nil {
			return broken("the checkpoint published at %d entries is damaged: %w", published.Size, err)
		}
		if err := g.includes(read, c, "the newest published checkpoint"); err != nil {
			return err
		}
	}
	anchored, err := t.anchor.read(t.origin, verifiers)
	if err != nil {
		return t.unreadableAnchor(err)
	}
	if anchored.Origin == "" {
		return nil
	}
	return g.includes(read, anchored, "the anchor "+t.anchor.path)
}

func (t *tree) unreadableAnchor(err error) error {
	return rolledBack("its anchor %s cannot be read as a checkpoint of this log: %w", t.anchor.path, err)
}

// includes checks that the log is c, or has grown out of it.
func (g growth) includes(read tlog.HashReader, c checkpoint.Checkpoint, which string) error {
	if c.Size > g.head.Size {
		return rolledBack("it has %d entries, and %s has %d", g.head.Size, which, c.Size)
	}
	return holds(read, c.Size, c.Root, which)
}

// allVerifiers are the keys of the settings and those that were there before.
func (t *tree) allVerifiers(known []string) (note.Verifiers, error) {
	var all []note.Verifier
	seen := map[string]bool{}
	for _, key := range t.keys {
		known = append(known, key.Public)
	}
	for _, text := range known {
		if seen[text] {
			continue
		}
		seen[text] = true
		verifier, err := note.NewVerifier(text)
		if err != nil || verifier.Name() != t.origin {
			return nil, broken("a public log key in the store is damaged")
		}
		all = append(all, verifier)
	}
	return note.VerifierList(all...), nil
}
