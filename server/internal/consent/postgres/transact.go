package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Transact runs f in a transaction that does not lock the head and so holds up no
// commit of the ledger: for tables that relays share besides it. The statements of
// first, if it is not nil, are sent with BEGIN, those of the batch that f returns, if
// it is not nil, with COMMIT: each costs one round trip. f is run again from the start
// after a conflict, or if the connection broke before the commit. The time limits of
// the ledger's transactions hold.
//
// Errors wrap [consent.ErrUnavailable], unless they are f's own or say what is wrong
// with a statement. The last commit may have been carried out nevertheless, if its
// answer was lost: what f does must be harmless when it is done twice.
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
