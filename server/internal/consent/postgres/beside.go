package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Transact runs f in a transaction that does not lock the head and so holds up no
// commit of the ledger: for what relays share beside it. f is run again from the
// start after a conflict, or when the connection was broken before the commit. The
// time limits of the ledger's transactions hold.
//
// Errors wrap [consent.ErrUnavailable], unless they are f's own. Whether the last
// commit was carried out may then be unknown: what f does must be harmless if it is
// done and not heard of.
func (s *Store) Transact(ctx context.Context, f func(pgx.Tx) error) error {
	select {
	case <-s.closed:
		return errClosed
	default:
	}
	for try := 1; ; try++ {
		err := s.transact(ctx, f)
		if err == nil || try == tries || !again(err) {
			return err
		}
		if code(err) == "" {
			s.pool.Reset()
		}
	}
}

// beginBeside is one way to the server and back.
var beginBeside = strings.Join([]string{"BEGIN ISOLATION LEVEL READ COMMITTED", setStatement, setLock, setIdle}, "; ")

func (s *Store) transact(ctx context.Context, f func(pgx.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, transactionLimit)
	defer cancel()
	t, err := s.pool.BeginTx(ctx, pgx.TxOptions{BeginQuery: beginBeside})
	if err != nil {
		return failed("begin", broken(err))
	}
	defer t.Rollback(context.WithoutCancel(ctx))
	if err := f(t); err != nil {
		return err
	}
	if err := t.Commit(ctx); err != nil {
		return failed("commit", err)
	}
	return nil
}
