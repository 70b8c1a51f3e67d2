package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ekycconnect/server/internal/consent"
)

// queries reads, in a transaction or outside of any: run runs a statement and
// hands its rows to collect, which may be called again from the start. A context
// is checked before a statement and does not interrupt it: an interrupted connection
// would be lost.
type queries struct {
	run func(ctx context.Context, collect func(pgx.Rows) error, statement string, args ...any) error
}

// all reads every row of a statement.
func all[T any](ctx context.Context, q queries, what string, scan func(pgx.Rows, *T) error, statement string, args ...any) ([]T, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("postgres: read %s: %w", what, err)
	}
	var found []T
	err := q.run(ctx, func(rows pgx.Rows) error {
		found = found[:0]
		for rows.Next() {
			var row T
			if err := scan(rows, &row); err != nil {
				return err
			}
			found = append(found, row)
		}
		return rows.Err()
	}, statement, args...)
	if err != nil {
		return nil, reading(what, err)
	}
	return found, nil
}

// one reads the only row of a statement; ok is false if there is none.
func one[T any](ctx context.Context, q queries, what string, scan func(pgx.Rows, *T) error, statement string, args ...any) (row T, ok bool, err error) {
	rows, err := all(ctx, q, what, scan, statement, args...)
	if err != nil || len(rows) == 0 {
		return row, false, err
	}
	return rows[0], true, nil
}

// reading wraps the error of a read: whatever it is, nothing was written.
func reading(what string, err error) error {
	if errors.Is(err, consent.ErrUnavailable) {
		return err
	}
	return unavailable("read "+what, err)
}

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func keysOf(keys []consent.Key) [][16]byte {
	all := make([][16]byte, len(keys))
	for i := range keys {
		all[i] = keys[i]
	}
	return all
}

func idsOf(ids []uuid.UUID) [][16]byte {
	all := make([][16]byte, len(ids))
	for i := range ids {
		all[i] = ids[i]
	}
	return all
}

// OFFSET 0 has each of many keys looked up by itself, in the index. Without it the
// planner, which takes the tables to be small, scans a whole table for every group of a
// hundred keys.
const (
	claimsByKey = `SELECT c.key, c.idx, c.proof FROM (SELECT DISTINCT unnest($1::uuid[]) AS key) wanted
		CROSS JOIN LATERAL (SELECT * FROM claim WHERE key = wanted.key OFFSET 0) c`

	claimants = `SELECT e.idx, e.consent, e.at, coalesce(r.value, '') FROM (SELECT DISTINCT unnest($1::bigint[]) AS idx) wanted
		CROSS JOIN LATERAL (SELECT * FROM event WHERE idx = wanted.idx OFFSET 0) e
		LEFT JOIN LATERAL (SELECT value FROM reply WHERE idx = wanted.idx OFFSET 0) r ON true`

	eventsByConsent = `SELECT e.idx, e.kind, e.consent, e.site, e.at, e.bytes, e.salt
		FROM (SELECT DISTINCT unnest($1::uuid[]) AS consent) wanted
		CROSS JOIN LATERAL (SELECT * FROM event WHERE consent = wanted.consent OFFSET 0) e ORDER BY e.idx`
)

// Claims implements [consent.Reader]. It reads the claims' events in a statement of
// their own: mostly there is no claim, and one statement over all tables takes longer
// to plan.
func (q queries) Claims(ctx context.Context, keys []consent.Key) ([]consent.Claim, error) {
	claims, err := all(ctx, q, "claims", func(row pgx.Rows, c *consent.Claim) error {
		return row.Scan((*[16]byte)(&c.Key), &c.Index, (*[16]byte)(&c.Proof))
	}, claimsByKey, keysOf(keys))
	if err != nil || len(claims) == 0 {
		return nil, err
	}
	indexes := make([]int64, len(claims))
	for i := range claims {
		indexes[i] = claims[i].Index
	}
	of, err := all(ctx, q, "claims", func(row pgx.Rows, c *consent.Claim) error {
		var at int64
		err := row.Scan(&c.Index, (*[16]byte)(&c.Consent), &at, &c.Reply)
		c.At = moment(at)
		return err
	}, claimants, indexes)
	events := make(map[int64]consent.Claim, len(of))
	for _, event := range of {
		events[event.Index] = event
	}
	for i := range claims {
		c := &claims[i]
		event := events[c.Index]
		c.Consent, c.At, c.Reply = event.Consent, event.At, event.Reply
	}
	return claims, err
}

// Events implements [consent.Reader].
func (q queries) Events(ctx context.Context, consents []uuid.UUID) ([]consent.Entry, error) {
	return all(ctx, q, "events", scanEntry, eventsByConsent, idsOf(consents))
}

// Decision implements [consent.Reader].
func (q queries) Decision(ctx context.Context, id uuid.UUID) (consent.Entry, error) {
	entry, ok, err := one(ctx, q, "a decision", scanEntry, `SELECT idx, kind, consent, site, at, bytes, salt
		FROM event WHERE consent = $1 AND kind IN ('given', 'refused')`, [16]byte(id))
	if err == nil && !ok {
		err = consent.ErrNotFound
	}
	return entry, err
}

// Range implements [consent.Reader].
func (q queries) Range(ctx context.Context, from int64, limit int) ([]consent.Entry, error) {
	return all(ctx, q, "events", scanEntry, `SELECT idx, kind, consent, site, at, bytes, salt
		FROM event WHERE idx >= $1 ORDER BY idx LIMIT $2`, from, limit)
}

func scanEntry(row pgx.Rows, e *consent.Entry) error {
	var at int64
	err := row.Scan(&e.Index, &e.Kind, (*[16]byte)(&e.Consent), &e.Site, &at, &e.Body, &e.Salt)
	e.At = moment(at)
	return err
}

// BySubject implements [consent.Reader].
func (q queries) BySubject(ctx context.Context, key consent.Key, before int64, limit int) ([]consent.RecordRef, error) {
	return all(ctx, q, "records", scanRef, `SELECT p.idx, e.consent FROM place p JOIN event e ON e.idx = p.idx
		WHERE p.key = $1 AND p.idx < $2 ORDER BY p.idx DESC LIMIT $3`, [16]byte(key), before, limit)
}

// Notice implements [consent.Reader].
func (q queries) Notice(ctx context.Context, sum [32]byte) ([]byte, error) {
	notice, ok, err := one(ctx, q, "a notice", func(row pgx.Rows, text *[]byte) error { return row.Scan(text) },
		`SELECT bytes FROM notice WHERE sha256 = $1`, sum[:])
	if err == nil && !ok {
		err = consent.ErrNotFound
	}
	return notice, err
}

// last is the newest event's index and time.
type last struct{ index, at int64 }

const readLast = `SELECT idx, at FROM event ORDER BY idx DESC LIMIT 1`

func scanLast(row pgx.Rows, l *last) error { return row.Scan(&l.index, &l.at) }
