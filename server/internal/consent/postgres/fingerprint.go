package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"ekycconnect/server/internal/consent"
)

const (
	readFingerprints = `SELECT name, print, at, reason FROM fingerprint ORDER BY seq`

	// The newest events alone are looked through: in a large ledger in which nothing is
	// redeemed, all would take long.
	readRedemptions = `WITH newest AS (
			SELECT idx, consent FROM event WHERE idx > (SELECT max(idx) FROM event) - 100000 AND kind = 'redeemed' ORDER BY idx DESC LIMIT 500)
		SELECT c.key, n.idx, n.consent FROM newest n JOIN claim c ON c.idx = n.idx
			WHERE c.idx >= (SELECT min(idx) FROM newest) ORDER BY n.idx DESC LIMIT $1`
)

func scanFingerprint(row pgx.Rows, f *consent.Fingerprint) error {
	var at int64
	var print []byte
	err := row.Scan(&f.Key, &print, &at, &f.Reason)
	copy(f.Print[:], print) // eight bytes, says the table
	f.At = moment(at)
	return err
}

func scanRedemption(row pgx.Rows, c *consent.Claim) error {
	return row.Scan((*[16]byte)(&c.Key), &c.Index, (*[16]byte)(&c.Consent))
}

// Fingerprints implements [consent.Reader].
func (q queries) Fingerprints(ctx context.Context) ([]consent.Fingerprint, error) {
	return all(ctx, q, "fingerprints", scanFingerprint, readFingerprints)
}

// Redemptions implements [consent.Reader].
func (q queries) Redemptions(ctx context.Context, limit int) ([]consent.Claim, error) {
	return all(ctx, q, "redemptions", scanRedemption, readRedemptions, limit)
}

// Fingerprints implements [consent.KeyReader]. A ledger of before has no table of them.
func (i *Inspection) Fingerprints(ctx context.Context) (found []consent.Fingerprint, err error) {
	var there bool
	err = i.conn.QueryRow(ctx, `SELECT to_regclass('fingerprint') IS NOT NULL`).Scan(&there)
	if err != nil || !there {
		return nil, i.inspecting(err)
	}
	err = i.each(ctx, func(row pgx.Rows) error {
		var f consent.Fingerprint
		err := scanFingerprint(row, &f)
		found = append(found, f)
		return err
	}, readFingerprints)
	return found, err
}

// Redemptions implements [consent.KeyReader].
func (i *Inspection) Redemptions(ctx context.Context, limit int) (found []consent.Claim, err error) {
	err = i.each(ctx, func(row pgx.Rows) error {
		var c consent.Claim
		err := scanRedemption(row, &c)
		found = append(found, c)
		return err
	}, readRedemptions, limit)
	return found, err
}

func (t *tx) appendFingerprints(all []consent.Fingerprint) {
	for i := range all { // one by one: their order tells which is newer
		f := &all[i]
		t.queue("append fingerprints", `INSERT INTO fingerprint (name, print, at, reason, sum) VALUES ($1, $2, $3, $4, $5)`,
			string(f.Key), f.Print[:], f.At.UnixMilli(), f.Reason, f.Sum())
	}
}
