package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Transact runs f in a transaction that does not lock the head and so holds up no
// commit of the ledger: for what relays share beside it. first, unless it is nil, adds
// what is sent with the beginning, and the batch that f returns, unless it is nil, is
// sent with the commit: each of them one way to the server and back. f is run again
// from the start after a conflict, or when the connection was broken before the
// commit. The time limits of the ledger's transactions hold.
//
// Errors wrap [consent.ErrUnavailable], unless they are f's own or say what is wrong
// with a statement. Whether the last commit was carried out may then be unknown: what
// f does must be harmless if it is done and not heard of.
func (s *Store) Transact(ctx context.Context, first func(*pgx.Batch), f func(*pgx.Conn) (*pgx.Batch, error)) error {
	select {
	case <-s.closed:
		return errClosed
	default:
	}
	for try := 1; ; try++ {
		err := s.transact(ctx, first, f)
		if err == nil || try == tries || !again(err) {
			return err
		}
		if code(err) == "" {
			s.pool.Reset()
		}
	}
}

func (s *Store) transact(ctx context.Context, first func(*pgx.Batch), f func(*pgx.Conn) (*pgx.Batch, error)) (err error) {
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, transactionLimit)
	defer cancel()
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return failed("begin", broken(err))
	}
	defer conn.Release() // which closes it, if it is left in a transaction
	var begin pgx.Batch
	opening(&begin)
	if first != nil {
		first(&begin)
	}
	defer func() {
		if err != nil && conn.Conn().PgConn().TxStatus() != 'I' {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(whole), readyLimit)
			defer cancel()
			_, _ = conn.Exec(ctx, "ROLLBACK") // else the connection is closed
		}
	}()
	if err := conn.SendBatch(ctx, &begin).Close(); err != nil {
		return failed("begin", broken(err))
	}
	last, err := f(conn.Conn())
	if err != nil {
		return err
	}
	if last == nil {
		last = new(pgx.Batch)
	}
	last.Queue("COMMIT")
	results := conn.SendBatch(ctx, last)
	for range last.QueuedQueries {
		tag, err := results.Exec()
		switch {
		case err != nil:
			_ = results.Close() // says the same
			return failed("commit", err)
		case tag.String() == "ROLLBACK":
			_ = results.Close()
			return failed("commit", fmt.Errorf("the server answered %s", tag))
		}
	}
	return results.Close()
}
