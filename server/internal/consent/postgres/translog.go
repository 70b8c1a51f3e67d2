package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"ekycconnect/server/internal/consent/translog"
)

const readHead = `SELECT origin, size, note FROM head`

func scanHead(row pgx.Rows, h *translog.Head) error { return row.Scan(&h.Origin, &h.Size, &h.Note) }

// asHead is the row of table head as a Head: before the first checkpoint, the row has
// an empty note.
func asHead(h translog.Head) translog.Head {
	if len(h.Note) == 0 {
		return translog.Head{}
	}
	return h
}

// Head implements [translog.Reader].
func (q queries) Head(ctx context.Context) (translog.Head, error) {
	head, _, err := one(ctx, q, "the head", scanHead, readHead)
	return asHead(head), err
}

// Published implements [translog.Reader].
func (q queries) Published(ctx context.Context) (translog.Head, error) {
	head, _, err := one(ctx, q, "a checkpoint", func(row pgx.Rows, h *translog.Head) error { return row.Scan(&h.Size, &h.Note) },
		`SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1`)
	return head, err
}

// LogKeys implements [translog.Reader].
func (q queries) LogKeys(ctx context.Context) ([]string, error) {
	return all(ctx, q, "log keys", func(row pgx.Rows, key *string) error { return row.Scan(key) },
		`SELECT vkey FROM log_key ORDER BY seq DESC`)
}

// leaf is what a row of table event adds to the tree.
type leaf struct {
	index        int64
	entry, above []byte
}

// Hashes implements [translog.Reader].
func (q queries) Hashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error) {
	return translog.HashesOf(indexes, func(leaves []int64, found func(leaf int64, entry, above []byte)) error {
		rows, err := all(ctx, q, "hashes", func(row pgx.Rows, l *leaf) error { return row.Scan(&l.index, &l.entry, &l.above) },
			`SELECT idx, entry, above FROM event WHERE idx = ANY ($1::bigint[])`, leaves)
		for _, row := range rows {
			found(row.index, row.entry, row.above)
		}
		return err
	})
}

// Leaves implements [translog.Reader].
func (q queries) Leaves(ctx context.Context, from int64, limit int) ([][32]byte, error) {
	return all(ctx, q, "leaves", func(row pgx.Rows, entry *[32]byte) (err error) {
		var kept []byte
		if err := row.Scan(&kept); err != nil {
			return err
		}
		*entry, err = translog.EntryOf(kept)
		return err
	}, `SELECT entry FROM event WHERE idx >= $1 ORDER BY idx LIMIT $2`, from, limit)
}
