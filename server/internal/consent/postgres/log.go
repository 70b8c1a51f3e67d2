package postgres

import (
	"context"
	"crypto/sha256"
	"fmt"

	"ekycconnect/server/internal/consent"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"
)

const readHead = `SELECT origin, size, note FROM head`

func scanHead(row pgx.Rows, h *consent.Head) error { return row.Scan(&h.Origin, &h.Size, &h.Note) }

// asHead is the row of table head, which is there before the first checkpoint is.
func asHead(h consent.Head) consent.Head {
	if len(h.Note) == 0 {
		return consent.Head{}
	}
	return h
}

// Head implements [consent.Reader].
func (q queries) Head(ctx context.Context) (consent.Head, error) {
	head, _, err := one(ctx, q, "the head", scanHead, readHead)
	return asHead(head), err
}

// Published implements [consent.Reader].
func (q queries) Published(ctx context.Context) (consent.Head, error) {
	head, _, err := one(ctx, q, "a checkpoint", func(row pgx.Rows, h *consent.Head) error { return row.Scan(&h.Size, &h.Note) },
		`SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1`)
	return head, err
}

// LogKeys implements [consent.Reader].
func (q queries) LogKeys(ctx context.Context) ([]string, error) {
	return all(ctx, q, "log keys", func(row pgx.Rows, key *string) error { return row.Scan(key) },
		`SELECT vkey FROM log_key ORDER BY seq DESC`)
}

// completedBy is the entry whose row holds a stored hash, and the hash's place
// in it: an entry brings its leaf and the root of each subtree that ends with it.
func completedBy(stored int64) (entry int64, level int) {
	level, n := tlog.SplitStoredHashIndex(stored)
	return (n+1)<<level - 1, level
}

// leaf is what a row of table event adds to the tree.
type leaf struct {
	index        int64
	entry, above []byte
}

// Hashes implements [consent.Reader].
func (q queries) Hashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error) {
	wanted := make(map[int64][]int, len(indexes)) // places in indexes, by entry
	entries := make([]int64, 0, len(indexes))
	for i, stored := range indexes {
		entry, _ := completedBy(stored)
		if wanted[entry] == nil {
			entries = append(entries, entry)
		}
		wanted[entry] = append(wanted[entry], i)
	}
	rows, err := all(ctx, q, "hashes", func(row pgx.Rows, l *leaf) error { return row.Scan(&l.index, &l.entry, &l.above) },
		`SELECT idx, entry, above FROM event WHERE idx = ANY ($1::bigint[])`, entries)
	if err != nil {
		return nil, err
	}
	hashes, found := make([]tlog.Hash, len(indexes)), 0
	for _, row := range rows {
		for _, i := range wanted[row.index] {
			_, level := completedBy(indexes[i])
			switch {
			case level == 0:
				hashes[i] = tlog.RecordHash(row.entry)
			case len(row.above) >= level*tlog.HashSize:
				hashes[i] = tlog.Hash(row.above[(level-1)*tlog.HashSize:][:tlog.HashSize])
			default:
				continue
			}
			found++
		}
	}
	if found != len(indexes) {
		return nil, fmt.Errorf("postgres: %d of %d hashes of the log are missing", len(indexes)-found, len(indexes))
	}
	return hashes, nil
}

// Leaves implements [consent.Reader].
func (q queries) Leaves(ctx context.Context, from int64, limit int) ([][32]byte, error) {
	return all(ctx, q, "leaves", func(row pgx.Rows, entry *[32]byte) error {
		var text []byte
		if err := row.Scan(&text); err != nil {
			return err
		}
		if len(text) != sha256.Size {
			return fmt.Errorf("the entry of a leaf has %d bytes", len(text))
		}
		*entry = [sha256.Size]byte(text)
		return nil
	}, `SELECT entry FROM event WHERE idx >= $1 ORDER BY idx LIMIT $2`, from, limit)
}
