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

// Book is an account's [pace.Book]: one of as many as there are relays.
type Book struct {
	db      Database
	account string
	relay   string // whom the others know it as
	clock   clock

	read   int64        // number of the newest entry that is known; 0: the whole day is to be read
	before []pace.Entry // those that were read before the first turn
	served int64        // number of the entry that this relay wrote last for a call
	told   int          // how many wait here, as the others know
	toldAt time.Time
	pruned time.Time
}

var _ pace.Book = (*Book)(nil)

// Open opens the book of an account. calls are those of the last day by site, as
// the ledger knows them: what a new book begins with.
func Open(ctx context.Context, db Database, account string, calls func() (map[string][]time.Time, error)) (*Book, error) {
	b := &Book{db: db, account: account, relay: uuid.NewString()}
	there := false
	err := db.Transact(ctx, nil, func(tx *pgx.Conn) (*pgx.Batch, error) {
		if err := b.look(ctx, tx); err != nil {
			return nil, err
		}
		return nil, tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM allowance WHERE account = $1)`, account).Scan(&there)
	})
	if err == nil && !there {
		err = b.begin(ctx, calls)
	}
	if err == nil {
		err = b.preload(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("allowance: open account %s: %w", account, err)
	}
	return b, nil
}

// begin makes the book, unless another relay does at the same time.
func (b *Book) begin(ctx context.Context, calls func() (map[string][]time.Time, error)) error {
	bySite, err := calls()
	if err != nil {
		return err
	}
	var note pace.Note
	for site, times := range bySite {
		for _, at := range times {
			note.Entries = append(note.Entries, pace.Entry{At: at.UnixMicro(), Site: site})
		}
	}
	return b.db.Transact(ctx, nil, func(tx *pgx.Conn) (*pgx.Batch, error) {
		made, err := tx.Exec(ctx, `INSERT INTO allowance (account) VALUES ($1) ON CONFLICT (account) DO NOTHING`, b.account)
		if err != nil || made.RowsAffected() == 0 {
			return nil, err
		}
		batch := new(pgx.Batch)
		first := *b // what it writes is read again at the first turn
		first.write(batch, 0, note)
		return batch, nil
	})
}

// Now implements [pace.Book].
func (b *Book) Now() time.Time { return b.clock.now() }

// look reads the clock alone.
func (b *Book) look(ctx context.Context, tx *pgx.Conn) error {
	var at int64
	begin := time.Now()
	if err := tx.QueryRow(ctx, readClock).Scan(&at); err != nil {
		return err
	}
	b.clock.set(begin, time.Now(), at)
	return nil
}

var (
	errNothing = errors.New("allowance: nothing to write")
	errAgain   = errors.New("allowance: the transaction was broken off after the moments were given away")
)

// chunk is how many rows are read at a time, before the first turn.
const chunk = 2000

// preload reads the day while others have their turns.
func (b *Book) preload(ctx context.Context) error {
	for more := true; more; {
		err := b.db.Transact(ctx, nil, func(tx *pgx.Conn) (*pgx.Batch, error) {
			rows, err := tx.Query(ctx, readChunk, b.account, b.read, chunk)
			if err != nil {
				return nil, err
			}
			var seq int64
			var n note
			read := 0
			_, err = pgx.ForEachRow(rows, []any{&seq, &n.at, &n.was, &n.site, &n.ticketed}, func() error {
				b.read, read = seq, read+1
				b.before = n.entries(b.before)
				return nil
			})
			more = read == chunk
			return nil, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Turn implements [pace.Book].
func (b *Book) Turn(ctx context.Context, f func(pace.Page) pace.Note) error {
	asked := false
	var next, read Book
	lock := func(first *pgx.Batch) { first.Queue(lockAccount, b.account) }
	err := b.db.Transact(ctx, lock, func(tx *pgx.Conn) (*pgx.Batch, error) {
		if asked { // begun anew, but f gives moments away once
			return nil, errAgain
		}
		next = *b
		page, err := next.open(ctx, tx)
		if err != nil {
			return nil, err
		}
		asked, read = true, next
		return next.close(f(page))
	})
	switch {
	case err == nil, errors.Is(err, errNothing):
		*b = next
		return nil
	case asked: // what was read is known; what was written is read if it was
		*b = read
	}
	b.clock.forget()
	return fmt.Errorf("allowance: account %s: %w", b.account, err)
}
