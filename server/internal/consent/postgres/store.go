package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/secret"
)

// Store is a [consent.Store] in a PostgreSQL database.
type Store struct {
	queries // read outside of transactions
	claims  batcher[consent.Key, consent.Claim]
	events  batcher[uuid.UUID, consent.Entry]

	config   *pgxpool.Config
	pool     *pgxpool.Pool
	patience time.Duration // with reading back

	turn   chan struct{} // holds one value while nobody writes
	writer *writer       // nil until the next transaction, and after a failure
	failed bool          // the last transaction did not succeed
	proven time.Time     // when a transaction of a consent's size last succeeded
	closed chan struct{} // closed with the store
}

var _ consent.Store = (*Store)(nil)

// Open opens the ledger in a database. If the role of the address owns the
// database, it makes the tables or brings them up to date; else they must be. Its
// errors say what to do.
func Open(ctx context.Context, at secret.String) (*Store, error) {
	config, err := parse(at)
	if err != nil {
		return nil, err
	}
	if err := prepare(ctx, config.ConnConfig); err != nil {
		return nil, err
	}
	s := &Store{config: config, patience: readBackLimit, turn: make(chan struct{}, 1), closed: make(chan struct{})}
	s.turn <- struct{}{}
	s.queries.run = s.read
	s.claims.read, s.claims.key = s.queries.Claims, func(c consent.Claim) consent.Key { return c.Key }
	s.events.read, s.events.key = s.queries.Events, func(e consent.Entry) uuid.UUID { return e.Consent }
	if s.pool, err = openPool(ctx, config); err != nil {
		return nil, err
	}
	return s, nil
}

// OpenExisting is [Open] for a command that needs a ledger and makes none.
func OpenExisting(ctx context.Context, at secret.String) (*Store, error) {
	there, err := Inspect(ctx, at)
	if err != nil {
		return nil, err
	}
	if err := there.Close(); err != nil {
		return nil, fmt.Errorf("postgres: open %s: %w", Name(at), err)
	}
	return Open(ctx, at)
}

// Update implements [consent.Store].
func (s *Store) Update(ctx context.Context, f func(consent.Tx) error) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer func() { s.turn <- struct{}{} }()
	return s.update(ctx, f)
}

// begin waits for the turn to write.
func (s *Store) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("postgres: begin: %w", err)
	}
	select {
	case <-s.turn:
	case <-ctx.Done():
		return fmt.Errorf("postgres: begin: %w", ctx.Err())
	}
	select {
	case <-s.closed:
		s.turn <- struct{}{}
		return errClosed
	default:
		return nil
	}
}

// update is Update for the goroutine that has the turn. It retries a transaction that
// failed before its commit and may succeed now, and reads back whether a commit whose
// answer was lost was carried out.
func (s *Store) update(ctx context.Context, f func(consent.Tx) error) (err error) {
	ctx = context.WithoutCancel(ctx) // from here on it is not heeded
	defer func() { s.failed = err != nil }()
	for try := 1; ; try++ {
		var lost *lostError
		if err = s.attempt(ctx, f); err == nil {
			return nil
		}
		if errors.As(err, &lost) {
			written, unread := s.readBack(ctx, lost.mark)
			if unread != nil {
				return fmt.Errorf("postgres: commit: %w: %w: %w", consent.ErrUnknownOutcome, lost.cause, unread)
			}
			if written {
				return nil
			}
			err = unavailable("commit", lost.cause)
		} else if !again(err) {
			return err
		}
		if try == tries {
			return err
		}
		time.Sleep(rand.N(time.Duration(try) * 20 * time.Millisecond))
	}
}

// attempt runs one transaction.
func (s *Store) attempt(whole context.Context, f func(consent.Tx) error) (err error) {
	ctx, cancel := context.WithTimeout(whole, transactionLimit)
	defer cancel()
	if s.writer == nil {
		if s.writer, err = newWriter(ctx, s.config.ConnConfig); err != nil {
			return err
		}
	}
	done := false
	defer func() {
		if !done { // f panicked, or something failed: nothing is known of the connection
			s.writer.drop()
			s.writer = nil
		}
	}()
	tx := s.writer.begin(ctx)
	if err := f(tx); err != nil {
		done = code(err) == "" && (!tx.begun || s.writer.rollback(ctx) == nil)
		return err
	}
	ending, cancel := context.WithTimeout(whole, commitLimit)
	defer cancel()
	if err := tx.commit(ending); err != nil {
		return err
	}
	done = true
	if tx.mark != nil {
		s.proven = time.Now()
	}
	return nil
}

// Claims implements [consent.Reader].
func (s *Store) Claims(ctx context.Context, keys []consent.Key) ([]consent.Claim, error) {
	return s.claims.get(ctx, keys)
}

// Events implements [consent.Reader].
func (s *Store) Events(ctx context.Context, consents []uuid.UUID) ([]consent.Entry, error) {
	return s.events.get(ctx, consents)
}

// read runs a statement outside of transactions; it is run again if the connection
// turns out to be broken, as all are after a failover.
func (s *Store) read(ctx context.Context, collect func(pgx.Rows) error, statement string, args ...any) error {
	select {
	case <-s.closed:
		return errClosed
	default:
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readLimit)
	defer cancel()
	for try := 1; ; try++ {
		rows, err := s.pool.Query(ctx, statement, args...)
		if err == nil {
			err = collect(rows)
			rows.Close()
		}
		if err = broken(err); err == nil || try == 2 || !again(err) {
			return err
		}
		s.pool.Reset()
	}
}

// Ready implements [consent.Store].
func (s *Store) Ready(ctx context.Context) error {
	wait, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	switch err := s.begin(wait); {
	case errors.Is(err, consent.ErrUnavailable): // it is closed
		return err
	case err != nil: // the outcome of a commit is being asked for, say
		return unavailable("wait for the commit before", err)
	}
	if !s.failed && time.Since(s.proven) <= consent.ProofLasts {
		s.turn <- struct{}{}
		_, err := s.Head(ctx)
		return err
	}
	defer func() { s.turn <- struct{}{} }()
	room := make([]byte, consent.Room)
	rand.NewChaCha8([32]byte{}).Read(room) // which the server cannot compress
	err := s.update(ctx, func(in consent.Tx) error {
		in.(*tx).queue("probe", writeProbe, time.Now().UnixMilli(), room)
		return nil
	})
	if err == nil {
		s.proven = time.Now()
	}
	return err
}

// Close implements [consent.Store].
func (s *Store) Close() error {
	<-s.turn
	defer func() { s.turn <- struct{}{} }()
	select {
	case <-s.closed:
		return nil
	default:
		close(s.closed)
	}
	if s.writer != nil {
		s.writer.drop()
		s.writer = nil
	}
	s.pool.Close()
	return nil
}
