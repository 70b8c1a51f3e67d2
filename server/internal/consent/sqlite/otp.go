package sqlite

import (
	"context"
	"database/sql"

	"github.com/google/uuid"

	"ekycconnect/server/internal/consent"
)

const otpClaims = `SELECT key, owner, consent, endpoint, at, until FROM otp_claim WHERE `

// appendOTP is the part of Append that claims calls.
func (w *writer) appendOTP(ctx context.Context, u consent.Upkeep) error {
	err := execEach(ctx, w.otpEnded, len(u.OTPEnded), func(args []any, i int) []any { return append(args, u.OTPEnded[i][:]) })
	if err != nil {
		return failed("end claims of calls", err)
	}
	err = execEach(ctx, w.otpBegun, len(u.OTPBegun), func(args []any, i int) []any {
		c := &u.OTPBegun[i]
		return append(args, c.Key[:], c.Owner[:], c.Consent[:], c.Endpoint, c.At.UnixMilli(), c.Until.UnixMilli(), c.Sum())
	})
	if err != nil {
		return failed("claim calls", err)
	}
	return nil
}

// OTPClaims implements [consent.UpkeepReader].
func (q *queries) OTPClaims(ctx context.Context, keys []consent.Key, consents []uuid.UUID) (claims []consent.OTPClaim, err error) {
	ctx = context.WithoutCancel(ctx)
	seen := map[consent.Key]bool{}
	scan := scanOTPClaim(func(c consent.OTPClaim) error {
		if !seen[c.Key] {
			seen[c.Key] = true
			claims = append(claims, c)
		}
		return nil
	})
	err = queryEach(ctx, q.upkeep.otpByKey, len(keys), func(i int) any { return keys[i][:] }, scan)
	if err == nil {
		err = queryEach(ctx, q.upkeep.otpOf, len(consents), func(i int) any { return consents[i][:] }, scan)
	}
	return claims, reading("claims of calls", err)
}

func scanOTPClaim(each func(consent.OTPClaim) error) func(*sql.Rows) error {
	return func(row *sql.Rows) error {
		var c consent.OTPClaim
		var key, owner, id sql.RawBytes
		var at, until int64
		if err := row.Scan(&key, &owner, &id, &c.Endpoint, &at, &until); err != nil {
			return err
		}
		copy(c.Key[:], key)
		copy(c.Owner[:], owner)
		copy(c.Consent[:], id)
		c.At, c.Until = moment(at), moment(until)
		return each(c)
	}
}

// OTPClaims implements [consent.UpkeepReader].
func (s *Store) OTPClaims(ctx context.Context, keys []consent.Key, consents []uuid.UUID) ([]consent.OTPClaim, error) {
	return read(s.readers, func() ([]consent.OTPClaim, error) { return s.reads.OTPClaims(ctx, keys, consents) })
}

// OTPClaims implements [audit.Source].
func (i *Inspection) OTPClaims(ctx context.Context, each func(consent.OTPClaim) error) error {
	var there bool // a ledger that an older relay wrote has no such table
	err := i.tx.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = 'otp_claim'`).Scan(&there)
	if err != nil || !there {
		return inspecting(err)
	}
	return i.each(ctx, otpClaims+`true ORDER BY key`, scanOTPClaim(each))
}
