package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// statements are all that were prepared on a connection, or on a pool. Those
// of a single connection must be closed before it: SQLite keeps a connection
// with open statements, its transaction and its locks alive.
type statements struct {
	prepare func(ctx context.Context, query string) (*sql.Stmt, error)
	all     []*sql.Stmt
	err     error // the first; after it, nothing more is prepared
}

func (s *statements) add(ctx context.Context, query string) *sql.Stmt {
	if s.err != nil {
		return nil
	}
	statement, err := s.prepare(ctx, query)
	if s.err = err; err == nil {
		s.all = append(s.all, statement)
	}
	return statement
}

// several is a statement for one row or key, and for atOnce of them: what database/sql
// allocates for each run of a statement is a multiple of what the row takes.
type several struct{ one, many *sql.Stmt }

// atOnce is as many as a commit under load has a few times.
const atOnce = 8

// addSeveral prepares a query in which %s stands for the rows or keys, each written as row.
func (s *statements) addSeveral(ctx context.Context, query, row string) several {
	of := func(n int) *sql.Stmt { return s.add(ctx, fmt.Sprintf(query, row+strings.Repeat(","+row, n-1))) }
	return several{of(1), of(atOnce)}
}

// exec is [execEach].
func (s several) exec(ctx context.Context, n int, arguments func(args []any, i int) []any) error {
	whole := n - n%atOnce
	if err := execRows(ctx, s.many, atOnce, 0, whole, arguments); err != nil {
		return err
	}
	return execRows(ctx, s.one, 1, whole, n, arguments)
}

// query is [queryEach]; rows of several keys come in any order.
func (s several) query(ctx context.Context, n int, key func(i int) any, scan func(*sql.Rows) error) error {
	whole := n - n%atOnce
	if err := queryKeys(ctx, s.many, atOnce, 0, whole, key, scan); err != nil {
		return err
	}
	return queryKeys(ctx, s.one, 1, whole, n, key, scan)
}

func (s *statements) close() {
	for _, statement := range s.all {
		statement.Close()
	}
}

// execEach runs a statement for each of n rows; arguments appends those of row i.
func execEach(ctx context.Context, statement *sql.Stmt, n int, arguments func(args []any, i int) []any) error {
	return execRows(ctx, statement, 1, 0, n, arguments)
}

// execRows runs a statement that takes so many rows at once for those from one row to
// another.
func execRows(ctx context.Context, statement *sql.Stmt, atOnce, from, to int, arguments func(args []any, i int) []any) error {
	var args []any
	for ; from < to; from += atOnce {
		args = args[:0]
		for i := range atOnce {
			args = arguments(args, from+i)
		}
		if _, err := statement.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// queryEach runs a statement for each of n keys and hands every row to scan.
func queryEach(ctx context.Context, statement *sql.Stmt, n int, key func(i int) any, scan func(*sql.Rows) error) error {
	return queryKeys(ctx, statement, 1, 0, n, key, scan)
}

// queryKeys runs a statement that takes so many keys at once for those from one key to
// another.
func queryKeys(ctx context.Context, statement *sql.Stmt, atOnce, from, to int, key func(i int) any, scan func(*sql.Rows) error) error {
	keys := make([]any, atOnce)
	for ; from < to; from += atOnce {
		for i := range keys {
			keys[i] = key(from + i)
		}
		if err := rows(ctx, statement, scan, keys...); err != nil {
			return err
		}
	}
	return nil
}

func rows(ctx context.Context, statement *sql.Stmt, scan func(*sql.Rows) error, args ...any) error {
	found, err := statement.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		if err := scan(found); err != nil {
			return err
		}
	}
	return found.Err()
}
