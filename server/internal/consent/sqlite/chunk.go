package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// chunkSize is how many rows or keys a statement takes at most: one call for
// many rows costs about two thirds of a call for each.
const chunkSize = 8

// chunked is a statement that repeats a part of itself, prepared for one part
// and for chunkSize of them.
type chunked struct{ one, many *sql.Stmt }

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

// addChunked prepares a query in which %s stands for the parts.
func (s *statements) addChunked(ctx context.Context, query, part string) chunked {
	parts := strings.TrimSuffix(strings.Repeat(part+",", chunkSize), ",")
	return chunked{one: s.add(ctx, fmt.Sprintf(query, part)), many: s.add(ctx, fmt.Sprintf(query, parts))}
}

func (s *statements) close() {
	for _, statement := range s.all {
		statement.Close()
	}
}

// exec runs the statement over n parts; arguments appends those of part i.
func (c chunked) exec(ctx context.Context, n int, arguments func(args []any, i int) []any) error {
	var args []any
	for i := 0; i < n; {
		statement, size := c.one, 1
		if n-i >= chunkSize {
			statement, size = c.many, chunkSize
		}
		args = args[:0]
		for range size {
			args = arguments(args, i)
			i++
		}
		if _, err := statement.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// query runs the statement over n keys and hands every row to scan.
func (c chunked) query(ctx context.Context, n int, key func(i int) any, scan func(*sql.Rows) error) error {
	args := make([]any, 0, chunkSize)
	for i := 0; i < n; i += len(args) {
		statement, size := c.one, 1
		if n-i > 1 {
			statement, size = c.many, chunkSize
		}
		args = args[:0]
		for j := range size {
			args = append(args, key(min(i+j, n-1))) // the last key again fills the chunk
		}
		if err := rows(ctx, statement, scan, args...); err != nil {
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
