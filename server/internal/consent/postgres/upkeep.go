package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ekycconnect/server/internal/consent"
)

// Messages implements [consent.UpkeepReader].
func (q queries) Messages(ctx context.Context, limit int) ([]consent.Message, error) {
	return all(ctx, q, "messages", scanMessage, `SELECT m.idx, m.site, m.body, m.made, m.due, m.tries, e.kind, e.consent
		FROM message m JOIN event e ON e.idx = m.idx WHERE m.due IS NOT NULL ORDER BY m.due LIMIT $1`, limit)
}

// GivenUp implements [consent.UpkeepReader].
func (q queries) GivenUp(ctx context.Context, after int64, limit int) ([]consent.Message, error) {
	return all(ctx, q, "messages", scanMessage, `SELECT m.idx, m.site, m.body, m.made, 0::bigint, m.tries, e.kind, e.consent
		FROM message m JOIN event e ON e.idx = m.idx WHERE m.due IS NULL AND m.idx > $1 ORDER BY m.idx LIMIT $2`, after, limit)
}

func scanMessage(row pgx.Rows, m *consent.Message) error {
	var made, due int64
	err := row.Scan(&m.Index, &m.Site, &m.Body, &made, &due, &m.Tries, &m.Kind, (*[16]byte)(&m.Consent))
	m.Made = moment(made)
	if due != 0 {
		m.Due = moment(due)
	}
	return err
}

// MessageCount implements [consent.UpkeepReader].
func (q queries) MessageCount(ctx context.Context) (waiting, givenUp int, err error) {
	n, _, err := one(ctx, q, "messages", func(row pgx.Rows, n *[2]int) error { return row.Scan(&n[0], &n[1]) },
		`SELECT count(due), count(*) - count(due) FROM message`)
	return n[0], n[1], err
}

// Holds implements [consent.UpkeepReader].
func (q queries) Holds(ctx context.Context, consents []uuid.UUID) ([]consent.Hold, error) {
	scan := func(row pgx.Rows, h *consent.Hold) error {
		var since int64
		err := row.Scan((*[16]byte)(&h.Consent), &h.Reason, &since)
		h.Since = moment(since)
		return err
	}
	if consents == nil {
		return all(ctx, q, "holds", scan, `SELECT consent, reason, since FROM hold ORDER BY since`)
	}
	return all(ctx, q, "holds", scan, `SELECT consent, reason, since FROM hold WHERE consent = ANY ($1::uuid[])`, idsOf(consents))
}

// Decisions implements [consent.UpkeepReader].
func (q queries) Decisions(ctx context.Context, since, until time.Time, after int64, limit int) ([]consent.RecordRef, error) {
	return all(ctx, q, "records", scanRef, `SELECT idx, consent FROM event WHERE idx > $1 AND kind IN ('given', 'refused')
		AND at >= $2 AND at < $3 ORDER BY idx LIMIT $4`, after, since.UnixMilli(), until.UnixMilli(), limit)
}

// Old implements [consent.UpkeepReader]. Ids begin with a time, so their index ends the
// search, in whatever order they came.
func (q queries) Old(ctx context.Context, before time.Time, after uuid.UUID, limit int) ([]consent.RecordRef, error) {
	return all(ctx, q, "records", scanRef, `SELECT d.idx, d.consent FROM event d
		WHERE d.consent > $1 AND d.consent < $2 AND d.kind IN ('given', 'refused')
		AND NOT EXISTS (SELECT 1 FROM event x WHERE x.consent = d.consent AND (x.kind = 'erased' OR x.at >= $3))
		AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.consent = d.consent)
		ORDER BY d.consent LIMIT $4`, [16]byte(after), [16]byte(consent.IDsFrom(before)), before.UnixMilli(), limit)
}

func scanRef(row pgx.Rows, p *consent.RecordRef) error {
	return row.Scan(&p.Index, (*[16]byte)(&p.Consent))
}

// TakeMessage implements [consent.Store]: the message's due time is put off, so
// that nobody else takes it. What another relay is taking at this moment is passed
// over.
func (s *Store) TakeMessage(ctx context.Context, now, until time.Time) (m consent.Message, ok bool, next time.Time, err error) {
	m, ok, err = one(ctx, s.queries, "messages", scanMessage, `WITH taken AS (
			UPDATE message SET due = $2 WHERE idx = (
				SELECT idx FROM message WHERE due <= $1 OR due > $3 OR tries = 0 AND due > $4
				ORDER BY due LIMIT 1 FOR UPDATE SKIP LOCKED)
			RETURNING idx, site, body, made, due, tries)
		SELECT t.idx, t.site, t.body, t.made, t.due, t.tries, e.kind, e.consent FROM taken t JOIN event e ON e.idx = t.idx`,
		now.UnixMilli(), until.UnixMilli(), now.Add(consent.MostPutOff).UnixMilli(), until.Add(consent.MaxAhead).UnixMilli())
	if ok || err != nil {
		return m, ok, next, err
	}
	due, _, err := one(ctx, s.queries, "messages", func(row pgx.Rows, due **int64) error { return row.Scan(due) },
		`SELECT min(due) FROM message`)
	if err == nil && due != nil {
		next = moment(*due)
	}
	return m, false, next, err
}
