package sqlite

import (
	"context"
	"database/sql"
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
