package sqlite

import (
	"context"
	"database/sql"
	"strings"
)

// Dump gives every row of a table by its first column: the values are int64,
// string, []byte or nil, and the caller's to keep.
func (i *Inspection) Dump(ctx context.Context, table string, columns []string, each func([]any) error) error {
	named := strings.Join(columns, ", ")
	if table == "fork" { // its rows are numbered by SQLite
		named = strings.Replace(named, "seq", "rowid", 1)
	}
	return i.each(ctx, `SELECT `+named+` FROM `+table+` ORDER BY 1`, func(row *sql.Rows) error {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for j := range values {
			into[j] = &values[j]
		}
		if err := row.Scan(into...); err != nil {
			return err
		}
		for j := range values {
			if text, ok := values[j].([]byte); ok && text == nil { // how the driver gives an empty value
				values[j] = []byte{}
			}
		}
		return each(values)
	})
}
