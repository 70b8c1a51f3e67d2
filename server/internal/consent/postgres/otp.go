package postgres

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ekycconnect/server/internal/consent"
)

const otpClaims = `SELECT key, owner, consent, endpoint, at, until FROM otp_claim`

// appendOTP is the part of Append that claims calls.
func (t *tx) appendOTP(u consent.Upkeep) {
	if len(u.OTPEnded) > 0 {
		t.queue("end claims of calls", `DELETE FROM otp_claim WHERE key = ANY ($1::uuid[])`, keysOf(u.OTPEnded))
	}
	for i := range u.OTPBegun {
		c := &u.OTPBegun[i]
		t.queue("claim calls", `INSERT INTO otp_claim (key, owner, consent, endpoint, at, until, sum) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			[16]byte(c.Key), [16]byte(c.Owner), [16]byte(c.Consent), c.Endpoint, c.At.UnixMilli(), c.Until.UnixMilli(), c.Sum())
	}
}

// OTPClaims implements [consent.UpkeepReader].
func (q queries) OTPClaims(ctx context.Context, keys []consent.Key, consents []uuid.UUID) ([]consent.OTPClaim, error) {
	return all(ctx, q, "claims of calls", scanOTPClaim, otpClaims+` WHERE key = ANY ($1::uuid[]) OR consent = ANY ($2::uuid[])`,
		keysOf(keys), idsOf(consents))
}

func scanOTPClaim(row pgx.Rows, c *consent.OTPClaim) error {
	var at, until int64
	err := row.Scan((*[16]byte)(&c.Key), (*[16]byte)(&c.Owner), (*[16]byte)(&c.Consent), &c.Endpoint, &at, &until)
	c.At, c.Until = moment(at), moment(until)
	return err
}

// OTPClaims implements [audit.Source].
func (i *Inspection) OTPClaims(ctx context.Context, each func(consent.OTPClaim) error) error {
	return i.each(ctx, func(row pgx.Rows) error {
		var c consent.OTPClaim
		if err := scanOTPClaim(row, &c); err != nil {
			return err
		}
		return each(c)
	}, otpClaims+` ORDER BY key`)
}
