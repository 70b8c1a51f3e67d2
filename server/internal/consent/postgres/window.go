package postgres

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/audit"
)

// window reads all rows of these indexes, the last one included, in one go.
func (i *Inspection) window(ctx context.Context, from, to int64) ([]*audit.Row, error) {
	found := map[int64]*audit.Row{}
	row := func(index int64) *audit.Row {
		if found[index] == nil {
			found[index] = &audit.Row{Index: index}
		}
		return found[index]
	}
	var b pgx.Batch
	read := func(statement string, scan func(pgx.Rows) error) {
		b.Queue(statement, from, to).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				if err := scan(rows); err != nil {
					return err
				}
			}
			return rows.Err()
		})
	}
	read(`SELECT idx, kind, consent, site, at, bytes, salt, entry, above FROM event WHERE idx BETWEEN $1 AND $2`, func(rows pgx.Rows) error {
		var index, at int64
		var kind, site string
		var id [16]byte
		var bytes, salt, entry, above []byte
		err := rows.Scan(&index, &kind, &id, &site, &at, &bytes, &salt, &entry, &above)
		r := row(index)
		r.There, r.Kind, r.Consent, r.Site, r.At = true, consent.Kind(kind), id[:], []byte(site), moment(at)
		r.Text, r.Body, r.Salt = true, bytes, salt
		r.Hash, r.Entry, r.Above = true, entry, above
		return err
	})
	read(`SELECT idx, key, proof FROM claim WHERE idx BETWEEN $1 AND $2 ORDER BY idx, key`, func(rows pgx.Rows) error {
		var claim consent.Claim
		err := rows.Scan(&claim.Index, (*[16]byte)(&claim.Key), (*[16]byte)(&claim.Proof))
		r := row(claim.Index)
		r.Claims = append(r.Claims, claim)
		return err
	})
	read(`SELECT idx, key FROM place WHERE idx BETWEEN $1 AND $2 ORDER BY idx, key`, func(rows pgx.Rows) error {
		var index int64
		var key consent.Key
		err := rows.Scan(&index, (*[16]byte)(&key))
		r := row(index)
		r.Subjects = append(r.Subjects, key)
		return err
	})
	if err := i.conn.SendBatch(ctx, &b).Close(); err != nil {
		return nil, i.inspecting(err)
	}
	rows := make([]*audit.Row, 0, len(found))
	for _, index := range slices.Sorted(maps.Keys(found)) {
		rows = append(rows, found[index])
	}
	return rows, nil
}
