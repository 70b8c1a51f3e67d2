package postgres

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// mark identifies what a transaction wrote: the log entry of its first event, whose
// salt is random.
type mark struct {
	index int64
	entry []byte
}

// lostError says that a commit was sent and what became of it is not known.
type lostError struct {
	mark  *mark // nil if it wrote no event: then it may be done twice
	cause error
}

func (e *lostError) Error() string {
	return "postgres: the answer to a commit was lost: " + e.cause.Error()
}

func (e *lostError) Unwrap() error { return e.cause }

// readBack finds out whether a transaction whose COMMIT was sent was committed. It
// waits for the lock on the head, which that transaction held: once it has the lock,
// that transaction has ended. If it was committed, readBack commits a transaction of
// its own, which returns once both are on the synchronous standbys.
func (s *Store) readBack(ctx context.Context, of *mark) (written bool, err error) {
	if of == nil {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		if written, err = s.readMark(ctx, of); err == nil {
			return written, nil
		}
		timer := time.NewTimer(pause/2 + rand.N(pause))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false, err
		}
	}
}

func (s *Store) readMark(whole context.Context, of *mark) (written bool, err error) {
	ctx, cancel := context.WithTimeout(whole, transactionLimit)
	defer cancel()
	w, err := newWriter(ctx, s.config.ConnConfig)
	if err != nil {
		return false, err
	}
	defer w.drop()
	t := w.begin(ctx)
	entry, ok, err := one(ctx, t.queries, "a mark", func(row pgx.Rows, entry *[]byte) error { return row.Scan(entry) },
		`SELECT entry FROM event WHERE idx = $1`, of.index)
	if err != nil || !ok || !bytes.Equal(entry, of.entry) {
		return false, err
	}
	t.queue("probe", writeProbe, time.Now().UnixMilli(), []byte{})
	err = t.commit(whole)
	var lost *lostError
	if errors.As(err, &lost) {
		return false, lost
	}
	return err == nil, err
}
