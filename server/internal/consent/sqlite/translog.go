package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"ekycconnect/server/internal/consent/translog"
)

// Head implements [translog.Reader].
func (q *queries) Head(ctx context.Context) (h translog.Head, err error) {
	if err := ctx.Err(); err != nil {
		return h, fmt.Errorf("sqlite: read the head: %w", err)
	}
	err = q.head.QueryRowContext(context.WithoutCancel(ctx)).Scan(&h.Origin, &h.Size, &h.Note)
	if errors.Is(err, sql.ErrNoRows) {
		return translog.Head{}, nil
	}
	return h, reading("the head", err)
}

// Published implements [translog.Reader].
func (q *queries) Published(ctx context.Context) (h translog.Head, err error) {
	if err := ctx.Err(); err != nil {
		return h, fmt.Errorf("sqlite: read a checkpoint: %w", err)
	}
	err = q.published.QueryRowContext(context.WithoutCancel(ctx)).Scan(&h.Size, &h.Note)
	if errors.Is(err, sql.ErrNoRows) {
		return translog.Head{}, nil
	}
	return h, reading("a checkpoint", err)
}

// LogKeys implements [translog.Reader].
func (q *queries) LogKeys(ctx context.Context) (keys []string, err error) {
	err = rows(context.WithoutCancel(ctx), q.logKeys, func(row *sql.Rows) error {
		var key string
		err := row.Scan(&key)
		keys = append(keys, key)
		return err
	})
	return keys, reading("log keys", err)
}

// Hashes implements [translog.Reader].
func (q *queries) Hashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("sqlite: read hashes: %w", err)
	}
	return translog.HashesOf(indexes, func(leaves []int64, found func(leaf int64, entry, above []byte)) error {
		err := q.hashes.query(context.WithoutCancel(ctx), len(leaves), func(i int) any { return leaves[i] },
			func(row *sql.Rows) error {
				var leaf int64
				var entry, above sql.RawBytes
				if err := row.Scan(&leaf, &entry, &above); err != nil {
					return err
				}
				found(leaf, entry, above)
				return nil
			})
		return reading("hashes", err)
	})
}

// Leaves implements [translog.Reader].
func (q *queries) Leaves(ctx context.Context, from int64, limit int) ([][32]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("sqlite: read leaves: %w", err)
	}
	entries := make([][32]byte, 0, limit)
	err := rows(context.WithoutCancel(ctx), q.leaves, func(row *sql.Rows) error {
		var kept sql.RawBytes
		if err := row.Scan(&kept); err != nil {
			return err
		}
		entry, err := translog.EntryOf(kept)
		entries = append(entries, entry)
		return err
	}, from, limit)
	return entries, reading("leaves", err)
}

// appendLog writes what a transaction adds to the log.
func (w *writer) appendLog(ctx context.Context, u translog.Update) error {
	err := w.hash.exec(ctx, len(u.Leaves), func(args []any, i int) []any {
		return append(args, u.First+int64(i), u.Leaves[i].Entry[:], u.Leaves[i].AboveBytes())
	})
	if err != nil {
		return failed("append hashes", err)
	}
	err = execEach(ctx, w.logKey, len(u.LogKeys), func(args []any, i int) []any { return append(args, u.LogKeys[i]) })
	if err != nil {
		return failed("append log keys", err)
	}
	if f := u.Fork; f != nil {
		if _, err := w.fork.ExecContext(ctx, f.At.UnixMilli(), f.Reason, f.Size, f.Lost); err != nil {
			return failed("append a fork", err)
		}
	}
	if u.Head == nil {
		return nil
	}
	if _, err := w.setHead.ExecContext(ctx, u.Head.Origin, u.Head.Size, u.Head.Note); err != nil {
		return failed("replace the head", err)
	}
	if u.Publish {
		if _, err := w.publish.ExecContext(ctx, u.Head.Size, u.Head.Note); err != nil {
			return failed("publish the head", err)
		}
	}
	return nil
}
