package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/translog"
)

// writer is the one writing connection. It lives until something fails on it.
type writer struct {
	conn   *pgx.Conn
	warned atomic.Bool // the server has warned of something since the last begin
	forgot time.Time   // replies from before it are deleted
}

func newWriter(ctx context.Context, c *pgx.ConnConfig) (*writer, error) {
	w := new(writer)
	c = c.Copy()
	c.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if n.SeverityUnlocalized == "WARNING" {
			w.warned.Store(true)
		}
	}
	conn, err := dial(ctx, c)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, planOnce); err != nil {
		return nil, unavailable("connect", errors.Join(err, conn.Close(ctx)))
	}
	w.conn = conn
	return w, nil
}

// planOnce has the statements of a commit planned once: planning each time takes longer
// than writing a small group's rows (measured: half of the server's part of a commit).
// All rows of a group are found by an index, so a plan that scans no table is right
// for tables of any size.
const planOnce = `SELECT count(set_config(name, value, false))
	FROM pg_settings JOIN (VALUES ('plan_cache_mode', 'force_generic_plan'), ('enable_seqscan', 'off')) AS wanted (name, value) USING (name)`

// drop closes the connection, which ends a transaction on it. It does not wait for a
// server that does not answer.
func (w *writer) drop() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = w.conn.Close(ctx)
}

func (w *writer) rollback(ctx context.Context) error {
	_, err := w.conn.Exec(ctx, "ROLLBACK")
	return err
}

func setLimit(name string, to time.Duration) string {
	return fmt.Sprintf("SET LOCAL %s = '%dms'", name, to.Milliseconds())
}

var (
	setStatement = setLimit("statement_timeout", statementLimit)
	setLock      = setLimit("lock_timeout", lockLimit)
	setIdle      = setLimit("idle_in_transaction_session_timeout", idleLimit)
)

// opening queues the statements that begin a transaction and set its time limits.
func opening(b *pgx.Batch) {
	for _, statement := range []string{beginWrite, setStatement, setLock, setIdle} {
		b.Queue(statement)
	}
}

const (
	beginWrite = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE`

	// lockHead is a statement of its own: what is read after it is read with the
	// lock held.
	lockHead = `SELECT id FROM head FOR UPDATE`

	writeProbe = `INSERT INTO probe (id, at, room) VALUES (1, $1, $2) ON CONFLICT (id) DO UPDATE SET at = excluded.at, room = excluded.room`
)

// begin prepares a transaction, which begins with what it reads first.
func (w *writer) begin(ctx context.Context) *tx {
	w.warned.Store(false)
	t := &tx{w: w, ctx: ctx, last: last{index: -1}}
	t.queries.run = t.read
	return t
}

// tx is a transaction.
type tx struct {
	queries
	w     *writer
	ctx   context.Context // bounds it
	begun bool
	head  translog.Head // both are read when it begins
	last  last

	// Statements that write are queued and sent with the commit, in one round trip.
	queued pgx.Batch
	what   []string // of each queued statement
	dirty  bool     // something was written before that
	mark   *mark
}

var _ consent.Tx = (*tx)(nil)

func (t *tx) queue(what, statement string, args ...any) {
	t.queued.Queue(statement, args...)
	t.what = append(t.what, what)
}

// begin begins the transaction with the head's row locked, and sends more statements
// in the same round trip. Each statement sees what is committed when it runs: those
// after the lock run with the lock held.
func (t *tx) begin(more func(*pgx.Batch)) error {
	var b pgx.Batch
	opening(&b)
	b.Queue(lockHead)
	b.Queue(readHead).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			if err := scanHead(rows, &t.head); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	b.Queue(readLast).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			if err := scanLast(rows, &t.last); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	more(&b)
	t.begun = true // and the connection is dropped if it has not
	if err := broken(t.w.conn.SendBatch(t.ctx, &b).Close()); err != nil {
		return failed("begin", err)
	}
	return nil
}

// ensureBegun begins the transaction if it is not begun yet.
func (t *tx) ensureBegun() error {
	if t.begun {
		return nil
	}
	return t.begin(func(*pgx.Batch) {})
}

func (t *tx) read(_ context.Context, collect func(pgx.Rows) error, statement string, args ...any) error {
	if !t.begun && t.queued.Len() == 0 {
		return t.begin(func(b *pgx.Batch) { b.Queue(statement, args...).Query(collect) })
	}
	if err := t.flush(); err != nil {
		return err
	}
	rows, err := t.w.conn.Query(t.ctx, statement, args...)
	if err == nil {
		err = collect(rows)
		rows.Close()
	}
	return broken(err)
}

// flush sends what is queued, so that it is written before the next read.
func (t *tx) flush() error {
	if err := t.ensureBegun(); err != nil || t.queued.Len() == 0 {
		return err
	}
	results := t.w.conn.SendBatch(t.ctx, &t.queued)
	for _, what := range t.what {
		if _, err := results.Exec(); err != nil {
			return failed(what, errors.Join(broken(err), results.Close()))
		}
	}
	t.queued, t.what, t.dirty = pgx.Batch{}, nil, true
	return broken(results.Close())
}

// Head implements [consent.Reader].
func (t *tx) Head(context.Context) (translog.Head, error) {
	err := t.ensureBegun()
	return asHead(t.head), err
}

// Size implements [consent.Tx].
func (t *tx) Size(context.Context) (int64, time.Time, error) {
	if err := t.ensureBegun(); err != nil {
		return 0, time.Time{}, err
	}
	if t.last.index < 0 {
		return 0, time.Time{}, nil
	}
	return t.last.index + 1, moment(t.last.at), nil
}

// commit sends what is queued and COMMIT in one round trip. If it cannot be told
// whether the commit was carried out, the error is a *[lostError].
func (t *tx) commit(ctx context.Context) error {
	if !t.begun && t.queued.Len() == 0 {
		return nil
	}
	if err := t.ensureBegun(); err != nil {
		return err
	}
	if t.queued.Len() == 0 && !t.dirty {
		if err := t.w.rollback(ctx); err != nil { // nothing to commit: it need not wait for the disk
			return failed("end", broken(err))
		}
		return nil
	}
	t.queued.Queue("COMMIT")
	results := t.w.conn.SendBatch(ctx, &t.queued)
	defer results.Close() // what the commit's own answer says counts
	for _, what := range t.what {
		if _, err := results.Exec(); err != nil {
			if surely(err) {
				return failed(what, broken(err))
			}
			return &lostError{t.mark, err}
		}
	}
	tag, err := results.Exec()
	switch {
	case err == nil && tag.String() != "COMMIT":
		return failed("commit", fmt.Errorf("the server answered %s", tag))
	case err == nil && t.w.warned.Load():
		// It is committed here and may not be on the replica, says the server, when
		// its wait for the replica is broken off.
		return &lostError{t.mark, errWarned}
	case err == nil:
		return nil
	case surely(err):
		return failed("commit", broken(err))
	}
	return &lostError{t.mark, err}
}

var errWarned = errors.New("the server warned of its commit")
