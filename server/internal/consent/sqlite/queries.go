package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"ekycconnect/server/internal/consent"
)

// queries reads. A context is checked before a statement and does not interrupt it:
// statements take microseconds, and an interrupted connection would be lost.
type queries struct {
	claimed, claims         several
	events, hashes          several
	bySubject, notice, size *sql.Stmt
	decision, slice         *sql.Stmt
	head, published         *sql.Stmt
	logKeys, leaves         *sql.Stmt
	fingerprints            *sql.Stmt
	redemptions             *sql.Stmt
	upkeep                  upkeepQueries
}

func newQueries(ctx context.Context, s *statements) *queries {
	return &queries{
		claimed: s.addSeveral(ctx, `SELECT 1 FROM claim WHERE key IN (%s)`, `?`),
		claims: s.addSeveral(ctx, `SELECT c.key, c.idx, c.proof, e.consent, e.at, coalesce(r.value, '')
			FROM claim c JOIN event e ON e.idx = c.idx LEFT JOIN reply r ON r.idx = c.idx WHERE c.key IN (%s)`, `?`),
		events: s.addSeveral(ctx, `SELECT e.idx, e.kind, e.consent, e.site, e.at, b.bytes, b.salt
			FROM event e JOIN body b ON b.idx = e.idx WHERE e.consent IN (%s) ORDER BY e.idx`, `?`),
		decision: s.add(ctx, `SELECT idx, bytes, salt FROM body WHERE idx = (SELECT min(idx) FROM event WHERE consent = ?)`),
		slice: s.add(ctx, `SELECT e.idx, e.kind, e.consent, e.site, e.at, b.bytes, b.salt
			FROM event e JOIN body b ON b.idx = e.idx WHERE e.idx >= ? ORDER BY e.idx LIMIT ?`),
		hashes:    s.addSeveral(ctx, `SELECT idx, entry, above FROM hash WHERE idx IN (%s)`, `?`),
		leaves:    s.add(ctx, `SELECT entry FROM hash WHERE idx >= ? ORDER BY idx LIMIT ?`),
		head:      s.add(ctx, `SELECT origin, size, note FROM head`),
		published: s.add(ctx, `SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1`),
		logKeys:   s.add(ctx, `SELECT vkey FROM log_key ORDER BY seq DESC`),
		bySubject: s.add(ctx, `SELECT p.idx, e.consent FROM place p JOIN event e ON e.idx = p.idx
			WHERE p.key = ? AND p.idx < ? ORDER BY p.idx DESC LIMIT ?`),
		notice:       s.add(ctx, `SELECT bytes FROM notice WHERE sha256 = ?`),
		size:         s.add(ctx, `SELECT idx + 1, at FROM event ORDER BY idx DESC LIMIT 1`),
		fingerprints: s.add(ctx, readFingerprints),
		redemptions:  s.add(ctx, readRedemptions),
		upkeep:       newUpkeepQueries(ctx, s),
	}
}

// Claims implements [consent.Reader]. As a rule there are none, which a statement of one
// column says with a third of the allocations.
func (q *queries) Claims(ctx context.Context, keys []consent.Key) ([]consent.Claim, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("sqlite: read claims: %w", err)
	}
	ctx = context.WithoutCancel(ctx)
	key := func(i int) any { return keys[i][:] }
	some := false
	err := q.claimed.query(ctx, len(keys), key, func(*sql.Rows) error {
		some = true
		return nil
	})
	if err != nil || !some {
		return nil, reading("claims", err)
	}
	var claims []consent.Claim
	err = q.claims.query(ctx, len(keys), key,
		func(row *sql.Rows) error {
			var key, proof, id sql.RawBytes
			var claim consent.Claim
			var at int64
			if err := row.Scan(&key, &claim.Index, &proof, &id, &at, &claim.Reply); err != nil {
				return err
			}
			copy(claim.Key[:], key)
			copy(claim.Proof[:], proof)
			copy(claim.Consent[:], id)
			claim.At = moment(at)
			claims = append(claims, claim)
			return nil
		})
	return claims, reading("claims", err)
}

// Events implements [consent.Reader].
func (q *queries) Events(ctx context.Context, consents []uuid.UUID) ([]consent.Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("sqlite: read events: %w", err)
	}
	var entries []consent.Entry
	err := q.events.query(context.WithoutCancel(ctx), len(consents), func(i int) any { return consents[i][:] },
		scanEntries(&entries))
	return entries, reading("events", err)
}

// Decision implements [consent.Reader].
func (q *queries) Decision(ctx context.Context, id uuid.UUID) (consent.Entry, error) {
	if err := ctx.Err(); err != nil {
		return consent.Entry{}, fmt.Errorf("sqlite: read a decision: %w", err)
	}
	var entry consent.Entry
	err := q.decision.QueryRowContext(context.WithoutCancel(ctx), id[:]).Scan(&entry.Index, &entry.Body, &entry.Salt)
	if errors.Is(err, sql.ErrNoRows) {
		return entry, consent.ErrNotFound
	}
	return entry, reading("a decision", err)
}

// Range implements [consent.Reader].
func (q *queries) Range(ctx context.Context, from int64, limit int) (entries []consent.Entry, err error) {
	err = rows(context.WithoutCancel(ctx), q.slice, scanEntries(&entries), from, limit)
	return entries, reading("events", err)
}

func scanEntries(into *[]consent.Entry) func(*sql.Rows) error {
	return func(row *sql.Rows) error {
		var entry consent.Entry
		var id sql.RawBytes
		var at int64
		if err := row.Scan(&entry.Index, &entry.Kind, &id, &entry.Site, &at, &entry.Body, &entry.Salt); err != nil {
			return err
		}
		copy(entry.Consent[:], id)
		entry.At = moment(at)
		*into = append(*into, entry)
		return nil
	}
}

// BySubject implements [consent.Reader].
func (q *queries) BySubject(ctx context.Context, key consent.Key, before int64, limit int) ([]consent.RecordRef, error) {
	return q.refs(ctx, q.bySubject, key[:], before, limit)
}

// refs reads the records that a statement finds.
func (q *queries) refs(ctx context.Context, which *sql.Stmt, args ...any) (refs []consent.RecordRef, err error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("sqlite: read records: %w", err)
	}
	err = rows(context.WithoutCancel(ctx), which, func(row *sql.Rows) error {
		var ref consent.RecordRef
		var id sql.RawBytes
		err := row.Scan(&ref.Index, &id)
		copy(ref.Consent[:], id)
		refs = append(refs, ref)
		return err
	}, args...)
	return refs, reading("records", err)
}

// Notice implements [consent.Reader].
func (q *queries) Notice(ctx context.Context, sum [32]byte) (notice []byte, err error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("sqlite: read a notice: %w", err)
	}
	err = q.notice.QueryRowContext(context.WithoutCancel(ctx), sum[:]).Scan(&notice)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, consent.ErrNotFound
	}
	return notice, reading("a notice", err)
}

// Size implements [consent.Tx].
func (q *queries) Size(ctx context.Context) (size int64, newest time.Time, err error) {
	var at int64
	err = q.size.QueryRowContext(context.WithoutCancel(ctx)).Scan(&size, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, time.Time{}, nil
	}
	return size, moment(at), reading("the size", err)
}

// reading wraps the error of a read: whatever it is, nothing was written.
func reading(what string, err error) error {
	if err == nil {
		return nil
	}
	return unavailable("read "+what, err)
}

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
