package allowance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ekycconnect/server/internal/pace"
)

// Database runs transactions that may be begun anew until their commit. first adds
// what is sent with the beginning, and the batch that f returns goes with the commit;
// either may be nil.
type Database interface {
	Transact(ctx context.Context, first func(*pgx.Batch), f func(*pgx.Conn) (*pgx.Batch, error)) error
}

const (
	day = 24 * time.Hour

	// alive is how long after its last word a relay is thought to wait for its turn.
	alive = 3 * time.Second

	// pruneEvery is how often a relay deletes what is older than a day.
	pruneEvery = time.Minute
)

// Store is an account's [pace.Store]: one of as many as there are relays.
type Store struct {
	db      Database
	account string
	relay   string // whom the others know it as
	clock   *clock

	turns
}

// turns are what is left of the last turn, for the next one.
type turns struct {
	read   int64        // number of the newest entry that is known; 0: the whole day is to be read
	before []pace.Entry // those that were read before the first turn
	served int64        // number of the entry that this relay wrote last for a call
	told   pace.Waiting // how many wait here, as the others know
	toldAt time.Time
	pruned time.Time
}

var _ pace.Store = (*Store)(nil)

// Open opens the store of an account. calls are those of the last day, as the ledger
// knows them: what a new store begins with.
func Open(ctx context.Context, db Database, account string, calls func() ([]pace.Entry, error)) (*Store, error) {
	s := &Store{db: db, account: account, relay: uuid.NewString(), clock: new(clock)}
	there := false
	err := db.Transact(ctx, nil, func(tx *pgx.Conn) (*pgx.Batch, error) {
		if err := s.look(ctx, tx); err != nil {
			return nil, err
		}
		return nil, tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM allowance WHERE account = $1)`, account).Scan(&there)
	})
	if err == nil && !there {
		err = s.begin(ctx, calls)
	}
	if err == nil {
		err = s.preload(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("allowance: open account %s: %w", account, err)
	}
	return s, nil
}

// begin makes the store, unless another relay does at the same time.
func (s *Store) begin(ctx context.Context, calls func() ([]pace.Entry, error)) error {
	entries, err := calls()
	if err != nil {
		return err
	}
	return s.db.Transact(ctx, nil, func(tx *pgx.Conn) (*pgx.Batch, error) {
		made, err := tx.Exec(ctx, `INSERT INTO allowance (account) VALUES ($1) ON CONFLICT (account) DO NOTHING`, s.account)
		if err != nil || made.RowsAffected() == 0 {
			return nil, err
		}
		batch := new(pgx.Batch)
		first := *s // what it writes is read again at the first turn
		first.write(batch, 0, pace.Decision{Entries: entries})
		return batch, nil
	})
}

// Now implements [pace.Store].
func (s *Store) Now() (at time.Time, behind time.Duration) { return s.clock.now() }

// Terms implements [pace.Store].
func (s *Store) Terms() pace.Terms { return pace.Database }

// look reads the clock alone.
func (s *Store) look(ctx context.Context, tx *pgx.Conn) error {
	var at int64
	begin := time.Now()
	if err := tx.QueryRow(ctx, readClock).Scan(&at); err != nil {
		return err
	}
	s.clock.set(begin, time.Now(), at)
	return nil
}

var (
	errNothing = errors.New("allowance: nothing to write")
	errAgain   = errors.New("allowance: the transaction was broken off after the slots were granted")
)

// chunk is how many rows are read at a time, before the first turn.
const chunk = 2000

// preload reads the day while others have their turns.
func (s *Store) preload(ctx context.Context) error {
	for more := true; more; {
		err := s.db.Transact(ctx, nil, func(tx *pgx.Conn) (*pgx.Batch, error) {
			rows, err := tx.Query(ctx, readChunk, s.account, s.read, chunk)
			if err != nil {
				return nil, err
			}
			read := 0
			s.before, err = readRows(rows, s.before, func(seq int64) { s.read, read = seq, read+1 })
			more = read == chunk
			return nil, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// turnTimeout is longer than the database waits for a relay that stops in its turn.
const turnTimeout = 5 * time.Second

// Turn implements [pace.Store].
func (s *Store) Turn(ctx context.Context, decide func(pace.News) pace.Decision) error {
	ctx, cancel := context.WithTimeout(ctx, turnTimeout)
	defer cancel()
	asked := false
	var next Store
	var read turns
	lock := func(first *pgx.Batch) { first.Queue(lockAccount, s.account) }
	err := s.db.Transact(ctx, lock, func(tx *pgx.Conn) (*pgx.Batch, error) {
		if asked { // begun anew, but decide grants slots once
			return nil, errAgain
		}
		next = *s
		news, err := next.open(ctx, tx)
		if err != nil {
			return nil, err
		}
		asked, read = true, next.turns
		return next.close(decide(news))
	})
	switch {
	case err == nil, errors.Is(err, errNothing):
		s.turns = next.turns
		return nil
	case asked: // what was read is known; what was written is read if it was
		s.turns = read
	}
	s.clock.forget()
	return fmt.Errorf("allowance: account %s: %w", s.account, err)
}
