package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"ekycconnect/server/internal/consent"
)

const (
	readFingerprints = `SELECT name, print, at, reason FROM fingerprint ORDER BY seq`

	// The newest events alone are looked through: in a large ledger in which nothing is
	// redeemed, all would take long.
	readRedemptions = `SELECT c.key, c.idx, e.consent FROM event e CROSS JOIN claim c ON c.idx = e.idx
		WHERE e.idx > (SELECT max(idx) FROM event) - 100000 AND e.kind = 'redeemed' ORDER BY e.idx DESC LIMIT ?`
)

func scanFingerprint(row *sql.Rows, f *consent.Fingerprint) error {
	var print sql.RawBytes
	var at int64
	err := row.Scan(&f.Key, &print, &at, &f.Reason)
	if err == nil && len(print) != len(f.Print) {
		err = errors.New("a fingerprint is damaged")
	}
	copy(f.Print[:], print)
	f.At = moment(at)
	return err
}

func scanRedemption(row *sql.Rows, c *consent.Claim) error {
	var key, id sql.RawBytes
	err := row.Scan(&key, &c.Index, &id)
	copy(c.Key[:], key)
	copy(c.Consent[:], id)
	return err
}

// Fingerprints implements [consent.Reader].
func (q *queries) Fingerprints(ctx context.Context) (all []consent.Fingerprint, err error) {
	err = rows(context.WithoutCancel(ctx), q.fingerprints, func(row *sql.Rows) error {
		var f consent.Fingerprint
		err := scanFingerprint(row, &f)
		all = append(all, f)
		return err
	})
	return all, reading("fingerprints", err)
}

// Redemptions implements [consent.Reader].
func (q *queries) Redemptions(ctx context.Context, limit int) (all []consent.Claim, err error) {
	err = rows(context.WithoutCancel(ctx), q.redemptions, func(row *sql.Rows) error {
		var c consent.Claim
		err := scanRedemption(row, &c)
		all = append(all, c)
		return err
	}, limit)
	return all, reading("redemptions", err)
}

// Fingerprints implements [consent.Reader].
func (s *Store) Fingerprints(ctx context.Context) ([]consent.Fingerprint, error) {
	return s.reads.Fingerprints(ctx)
}

// Redemptions implements [consent.Reader].
func (s *Store) Redemptions(ctx context.Context, limit int) ([]consent.Claim, error) {
	return s.reads.Redemptions(ctx, limit)
}

// Fingerprints implements [consent.KeyReader]. A ledger of before has no table of them.
func (i *Inspection) Fingerprints(ctx context.Context) (all []consent.Fingerprint, err error) {
	var there bool
	err = i.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'fingerprint')`).Scan(&there)
	if err != nil || !there {
		return nil, inspecting(err)
	}
	err = i.each(ctx, readFingerprints, func(row *sql.Rows) error {
		var f consent.Fingerprint
		err := scanFingerprint(row, &f)
		all = append(all, f)
		return err
	})
	return all, err
}

// Redemptions implements [consent.KeyReader].
func (i *Inspection) Redemptions(ctx context.Context, limit int) (all []consent.Claim, err error) {
	err = i.each(ctx, readRedemptions, func(row *sql.Rows) error {
		var c consent.Claim
		err := scanRedemption(row, &c)
		all = append(all, c)
		return err
	}, limit)
	return all, err
}

// appendFingerprints is the part of Append that keeps fingerprints.
func (w *writer) appendFingerprints(ctx context.Context, all []consent.Fingerprint) error {
	err := execEach(ctx, w.fingerprint, len(all), func(args []any, i int) []any {
		f := &all[i]
		return append(args, string(f.Key), f.Print[:], f.At.UnixMilli(), f.Reason, f.Sum())
	})
	if err != nil {
		return failed("append fingerprints", err)
	}
	return nil
}
