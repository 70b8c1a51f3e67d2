package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"ekycconnect/server/internal/consent"
)

// Loose implements [audit.Source].
func (i *Inspection) Loose(ctx context.Context, each func(row string, kept, sum []byte) error) error {
	var summed bool // not in a ledger that an older relay wrote
	err := i.tx.QueryRowContext(ctx, `SELECT count(*) FROM pragma_table_info('reply') WHERE name = 'sum'`).Scan(&summed)
	if err != nil || !summed {
		return inspecting(err)
	}
	err = i.each(ctx, `SELECT idx, at, value, sum FROM reply`, func(row *sql.Rows) error {
		var c consent.Claim
		var at int64
		var kept []byte
		if err := row.Scan(&c.Index, &at, &c.Reply, &kept); err != nil {
			return err
		}
		c.At = moment(at)
		return each(fmt.Sprint("reply ", c.Index), kept, c.ReplySum())
	})
	if err != nil {
		return err
	}
	err = i.each(ctx, `SELECT idx, site, body, made, sum FROM message`, func(row *sql.Rows) error {
		var m consent.Message
		var made int64
		var kept []byte
		if err := row.Scan(&m.Index, &m.Site, &m.Body, &made, &kept); err != nil {
			return err
		}
		m.Made = moment(made)
		return each(fmt.Sprint("message ", m.Index), kept, m.Sum())
	})
	if err != nil {
		return err
	}
	err = i.each(ctx, `SELECT consent, reason, since, sum FROM hold`, func(row *sql.Rows) error {
		var h consent.Hold
		var since int64
		var id, kept []byte
		if err := row.Scan(&id, &h.Reason, &since, &kept); err != nil {
			return err
		}
		copy(h.Consent[:], id)
		h.Since = moment(since)
		return each("hold "+h.Consent.String(), kept, h.Sum())
	})
	if err != nil {
		return err
	}
	err = i.each(ctx, `SELECT seq, name, print, at, reason, sum FROM fingerprint`, func(row *sql.Rows) error {
		var f consent.Fingerprint
		var seq, at int64
		var print, kept []byte
		if err := row.Scan(&seq, &f.Key, &print, &at, &f.Reason, &kept); err != nil {
			return err
		}
		copy(f.Print[:], print)
		f.At = moment(at)
		return each(fmt.Sprint("fingerprint ", seq), kept, f.Sum())
	})
	if err != nil {
		return err
	}
	return i.each(ctx, `SELECT key, owner, consent, endpoint, at, until, sum FROM otp_claim`, func(row *sql.Rows) error {
		var c consent.OTPClaim
		var key, owner, id, kept []byte
		var at, until int64
		if err := row.Scan(&key, &owner, &id, &c.Endpoint, &at, &until, &kept); err != nil {
			return err
		}
		copy(c.Key[:], key)
		copy(c.Owner[:], owner)
		copy(c.Consent[:], id)
		c.At, c.Until = moment(at), moment(until)
		return each(fmt.Sprintf("otp_claim %x", c.Key), kept, c.Sum())
	})
}
