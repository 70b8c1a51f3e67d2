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
	var args []any
	done := 0
	for ; n-done >= atOnce; done += atOnce {
		args = args[:0]
		for i := range atOnce {
			args = arguments(args, done+i)
		}
		if _, err := s.many.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return execEach(ctx, s.one, n-done, func(args []any, i int) []any { return arguments(args, done+i) })
}

// query is [queryEach]; rows of several keys come in any order.
func (s several) query(ctx context.Context, n int, key func(i int) any, scan func(*sql.Rows) error) error {
	done := 0
	for ; n-done >= atOnce; done += atOnce {
		keys := make([]any, atOnce)
		for i := range keys {
			keys[i] = key(done + i)
		}
		if err := rows(ctx, s.many, scan, keys...); err != nil {
			return err
		}
	}
	return queryEach(ctx, s.one, n-done, func(i int) any { return key(done + i) }, scan)
}

func (s *statements) close() {
	for _, statement := range s.all {
		statement.Close()
	}
}

// execEach runs a statement for each of n rows; arguments appends those of row i.
func execEach(ctx context.Context, statement *sql.Stmt, n int, arguments func(args []any, i int) []any) error {
	var args []any
	for i := range n {
		args = arguments(args[:0], i)
		if _, err := statement.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// queryEach runs a statement for each of n keys and hands every row to scan.
func queryEach(ctx context.Context, statement *sql.Stmt, n int, key func(i int) any, scan func(*sql.Rows) error) error {
	for i := range n {
		if err := rows(ctx, statement, scan, key(i)); err != nil {
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
