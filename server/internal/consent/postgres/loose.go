package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"ekycconnect/server/internal/consent"
)

// Loose implements [audit.Source].
func (i *Inspection) Loose(ctx context.Context, each func(row string, kept, sum []byte) error) error {
	var summed bool // not in a ledger that an older relay wrote
	err := i.conn.QueryRow(ctx, `SELECT count(*) > 0 FROM pg_attribute WHERE attrelid = to_regclass('reply') AND attname = 'sum'`).Scan(&summed)
	if err != nil || !summed {
		return i.inspecting(err)
	}
	err = i.each(ctx, func(row pgx.Rows) error {
		var c consent.Claim
		var at int64
		var kept []byte
		if err := row.Scan(&c.Index, &at, &c.Reply, &kept); err != nil {
			return err
		}
		c.At = moment(at)
		return each(fmt.Sprint("reply ", c.Index), kept, c.ReplySum())
	}, `SELECT idx, at, value, sum FROM reply`)
	if err != nil {
		return err
	}
	err = i.each(ctx, func(row pgx.Rows) error {
		var m consent.Message
		var made int64
		var kept []byte
		if err := row.Scan(&m.Index, &m.Site, &m.Body, &made, &kept); err != nil {
			return err
		}
		m.Made = moment(made)
		return each(fmt.Sprint("message ", m.Index), kept, m.Sum())
	}, `SELECT idx, site, body, made, sum FROM message`)
	if err != nil {
		return err
	}
	err = i.each(ctx, func(row pgx.Rows) error {
		var h consent.Hold
		var since int64
		var kept []byte
		if err := row.Scan((*[16]byte)(&h.Consent), &h.Reason, &since, &kept); err != nil {
			return err
		}
		h.Since = moment(since)
		return each("hold "+h.Consent.String(), kept, h.Sum())
	}, `SELECT consent, reason, since, sum FROM hold`)
	if err != nil {
		return err
	}
	err = i.each(ctx, func(row pgx.Rows) error {
		var f consent.Fingerprint
		var seq, at int64
		var print, kept []byte
		if err := row.Scan(&seq, &f.Key, &print, &at, &f.Reason, &kept); err != nil {
			return err
		}
		copy(f.Print[:], print)
		f.At = moment(at)
		return each(fmt.Sprint("fingerprint ", seq), kept, f.Sum())
	}, `SELECT seq, name, print, at, reason, sum FROM fingerprint`)
	if err != nil {
		return err
	}
	return i.each(ctx, func(row pgx.Rows) error {
		var c consent.OTPClaim
		var at, until int64
		var kept []byte
		err := row.Scan((*[16]byte)(&c.Key), (*[16]byte)(&c.Owner), (*[16]byte)(&c.Consent), &c.Endpoint, &at, &until, &kept)
		if err != nil {
			return err
		}
		c.At, c.Until = moment(at), moment(until)
		return each(fmt.Sprintf("otp_claim %x", c.Key), kept, c.Sum())
	}, `SELECT key, owner, consent, endpoint, at, until, sum FROM otp_claim`)
}
