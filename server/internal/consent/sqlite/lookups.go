package sqlite

import (
	"context"
	"database/sql"
	"math"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/audit"
)

// ended is past every event.
const ended = math.MaxInt64

// lookups goes through the rows of a look-up table by rising event.
type lookups struct {
	rows       *sql.Rows
	at         int64 // the event of the row that comes next
	key, proof sql.RawBytes
	columns    []any
}

func (i *Inspection) open(ctx context.Context, query string) (*lookups, error) {
	rows, err := i.tx.QueryContext(ctx, query)
	if err != nil {
		return nil, inspecting(err)
	}
	names, err := rows.Columns()
	if err != nil {
		rows.Close()
		return nil, inspecting(err)
	}
	l := &lookups{rows: rows}
	l.columns = []any{&l.at, &l.key, &l.proof}[:len(names)]
	return l, l.next()
}

func (l *lookups) next() error {
	if !l.rows.Next() {
		l.at = ended
		return inspecting(l.rows.Err())
	}
	return inspecting(l.rows.Scan(l.columns...))
}

// of adds the rows of an event.
func (l *lookups) of(index int64, row *audit.Row) error {
	for l.at == index {
		var key, proof consent.Key
		whole := copy(key[:], l.key) == len(key) && len(l.key) == len(key)
		if len(l.columns) == 3 {
			whole = whole && copy(proof[:], l.proof) == len(proof) && len(l.proof) == len(proof)
			row.Claims = append(row.Claims, consent.Claim{Key: key, Index: index, Proof: proof})
		} else {
			row.Subjects = append(row.Subjects, key)
		}
		row.Damaged = row.Damaged || !whole
		if err := l.next(); err != nil {
			return err
		}
	}
	return nil
}

func (l *lookups) Close() { l.rows.Close() }
