package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"

	"ekycconnect/server/internal/consent"

	"golang.org/x/mod/sumdb/tlog"
)

// Head implements [consent.Reader].
func (q *queries) Head(ctx context.Context) (h consent.Head, err error) {
	if err := ctx.Err(); err != nil {
		return h, fmt.Errorf("sqlite: read the head: %w", err)
	}
	err = q.head.QueryRowContext(context.WithoutCancel(ctx)).Scan(&h.Origin, &h.Size, &h.Note)
	if errors.Is(err, sql.ErrNoRows) {
		return consent.Head{}, nil
	}
	return h, reading("the head", err)
}

// Published implements [consent.Reader].
func (q *queries) Published(ctx context.Context) (h consent.Head, err error) {
	if err := ctx.Err(); err != nil {
		return h, fmt.Errorf("sqlite: read a checkpoint: %w", err)
	}
	err = q.published.QueryRowContext(context.WithoutCancel(ctx)).Scan(&h.Size, &h.Note)
	if errors.Is(err, sql.ErrNoRows) {
		return consent.Head{}, nil
	}
	return h, reading("a checkpoint", err)
}

// LogKeys implements [consent.Reader].
func (q *queries) LogKeys(ctx context.Context) (keys []string, err error) {
	err = rows(context.WithoutCancel(ctx), q.logKeys, func(row *sql.Rows) error {
		var key string
		err := row.Scan(&key)
		keys = append(keys, key)
		return err
	})
	return keys, reading("log keys", err)
}

// completedBy is the entry whose row holds a stored hash, and the hash's place
// in it: an entry brings its leaf and the root of each subtree that ends with it.
func completedBy(stored int64) (entry int64, level int) {
	level, n := tlog.SplitStoredHashIndex(stored)
	return (n+1)<<level - 1, level
}

// Hashes implements [consent.Reader].
func (q *queries) Hashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("sqlite: read hashes: %w", err)
	}
	wanted := make(map[int64][]int, len(indexes)) // places in indexes, by entry
	entries := make([]int64, 0, len(indexes))
	for i, stored := range indexes {
		entry, _ := completedBy(stored)
		if wanted[entry] == nil {
			entries = append(entries, entry)
		}
		wanted[entry] = append(wanted[entry], i)
	}
	hashes, found := make([]tlog.Hash, len(indexes)), 0
	err := q.hashes.query(context.WithoutCancel(ctx), len(entries), func(i int) any { return entries[i] },
		func(row *sql.Rows) error {
			var entry int64
			var text, above sql.RawBytes
			if err := row.Scan(&entry, &text, &above); err != nil {
				return err
			}
			for _, i := range wanted[entry] {
				_, level := completedBy(indexes[i])
				switch {
				case level == 0:
					hashes[i] = tlog.RecordHash(text)
				case len(above) >= level*tlog.HashSize:
					hashes[i] = tlog.Hash(above[(level-1)*tlog.HashSize:][:tlog.HashSize])
				default:
					continue
				}
				found++
			}
			return nil
		})
	if err != nil {
		return nil, reading("hashes", err)
	}
	if found != len(indexes) {
		return nil, fmt.Errorf("sqlite: %d of %d hashes of the log are missing", len(indexes)-found, len(indexes))
	}
	return hashes, nil
}

// Leaves implements [consent.Reader].
func (q *queries) Leaves(ctx context.Context, from int64, limit int) ([][32]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("sqlite: read leaves: %w", err)
	}
	entries := make([][32]byte, 0, limit)
	err := rows(context.WithoutCancel(ctx), q.leaves, func(row *sql.Rows) error {
		var text sql.RawBytes
		if err := row.Scan(&text); err != nil {
			return err
		}
		if len(text) != sha256.Size {
			return fmt.Errorf("the entry of a leaf has %d bytes", len(text))
		}
		entries = append(entries, [sha256.Size]byte(text))
		return nil
	}, from, limit)
	return entries, reading("leaves", err)
}

func joined(hashes []tlog.Hash) []byte {
	bytes := make([]byte, 0, len(hashes)*tlog.HashSize)
	for i := range hashes {
		bytes = append(bytes, hashes[i][:]...)
	}
	return bytes
}

// appendLog writes what a batch adds to the tree.
func (w *writer) appendLog(ctx context.Context, b consent.Batch) error {
	err := w.hash.exec(ctx, len(b.Grown), func(args []any, i int) []any {
		return append(args, b.GrownFrom+int64(i), b.Grown[i].Entry[:], joined(b.Grown[i].Above))
	})
	if err != nil {
		return failed("grow the tree", err)
	}
	err = w.hash.exec(ctx, len(b.Entries), func(args []any, i int) []any {
		leaf := &b.Entries[i].Leaf
		return append(args, b.Entries[i].Index, leaf.Entry[:], joined(leaf.Above))
	})
	if err != nil {
		return failed("append hashes", err)
	}
	err = w.logKey.exec(ctx, len(b.LogKeys), func(args []any, i int) []any { return append(args, b.LogKeys[i]) })
	if err != nil {
		return failed("append log keys", err)
	}
	if f := b.Fork; f != nil {
		if _, err := w.fork.ExecContext(ctx, f.At.UnixMilli(), f.Reason, f.Size, f.Lost); err != nil {
			return failed("append a fork", err)
		}
	}
	if b.Head == nil {
		return nil
	}
	if _, err := w.setHead.ExecContext(ctx, b.Head.Origin, b.Head.Size, b.Head.Note); err != nil {
		return failed("replace the head", err)
	}
	if b.Publish {
		if _, err := w.publish.ExecContext(ctx, b.Head.Size, b.Head.Note); err != nil {
			return failed("publish the head", err)
		}
	}
	return nil
}
