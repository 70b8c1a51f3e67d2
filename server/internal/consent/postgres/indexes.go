package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"ekycconnect/server/internal/consent/audit"
)

// without has the planner do without some kinds of scans until the transaction ends,
// where a server has such settings.
const without = `SELECT count(set_config(name, 'off', true)) FROM pg_settings WHERE name = ANY ($1::text[])`

// index is an index of one of the ledger's tables.
type index struct {
	name, table   string
	columns, keys []string // its own, and those of the table's primary key
}

// Indexes implements [audit.Source]: every row that a table has when it is read from
// its first page to its last is looked up by each of its B-trees, from the root down.
// The summaries by which Rows finds claims and places (BRIN) are tried by that: a row
// that they hide is missing there.
func (i *Inspection) Indexes(ctx context.Context) error {
	indexes, err := i.indexes(ctx)
	if err != nil {
		return err
	}
	// What remains for a whole table is to read it, and for a row to look it up.
	if _, err := i.conn.Exec(ctx, without, []string{"enable_seqscan", "enable_indexscan", "enable_indexonlyscan"}); err != nil {
		return i.inspecting(err)
	}
	for _, x := range indexes {
		if err := i.lookUp(ctx, x); err != nil {
			return err
		}
	}
	return nil
}

// indexes are the B-trees of the ledger's tables.
func (i *Inspection) indexes(ctx context.Context) (all []index, err error) {
	var tables []string
	for _, t := range copied {
		tables = append(tables, t.table)
	}
	err = i.each(ctx, func(row pgx.Rows) error {
		var x index
		err := row.Scan(&x.name, &x.table, &x.columns, &x.keys)
		all = append(all, x)
		return err
	}, `SELECT x.indexrelid::regclass::text, t.oid::regclass::text, array_agg(a.attname::text ORDER BY a.attnum),
			(SELECT array_agg(k.attname::text) FROM pg_index p JOIN pg_attribute k ON k.attrelid = p.indexrelid
				WHERE p.indrelid = t.oid AND p.indisprimary)
		FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class c ON c.oid = x.indexrelid
			JOIN pg_am m ON m.oid = c.relam JOIN pg_attribute a ON a.attrelid = x.indexrelid
		WHERE m.amname = 'btree' AND t.oid = ANY (SELECT to_regclass(name) FROM unnest($1::text[]) AS name)
		GROUP BY 1, 2, t.oid ORDER BY 2, 1`, tables)
	return all, err
}

// lookUp looks up the rows of an index's table by it.
func (i *Inspection) lookUp(ctx context.Context, x index) error {
	same := func(columns []string, a, b string) string {
		var all []string
		for _, column := range columns {
			all = append(all, fmt.Sprintf("%s.%s = %s.%s", a, column, b, column))
		}
		return strings.Join(all, " AND ")
	}
	// num_nulls is no condition that an index answers, and OFFSET 0 keeps the planner
	// from joining instead.
	missed := fmt.Sprintf(`SELECT concat_ws(' ', r.%s) FROM %s r WHERE num_nulls(r.%s) = 0 AND NOT EXISTS (
		SELECT FROM (SELECT %s FROM %s t WHERE %s OFFSET 0) f WHERE %s) LIMIT 1`,
		strings.Join(x.keys, ", r."), x.table, x.columns[0],
		"t."+strings.Join(x.keys, ", t."), x.table, same(x.columns, "t", "r"), same(x.keys, "f", "r"))
	return i.each(ctx, func(row pgx.Rows) error {
		var name string
		if err := row.Scan(&name); err != nil {
			return err
		}
		return &audit.Fault{Row: "index " + x.name, Text: fmt.Sprintf("the row %s of %s is not found by it", name, x.table)}
	}, missed)
}
