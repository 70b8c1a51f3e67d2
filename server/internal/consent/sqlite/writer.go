package sqlite

import (
	"context"
	"database/sql"
	"time"

	"ekycconnect/server/internal/consent"
)

// writer is the one writing connection with its statements. It lives until
// something fails on it.
type writer struct {
	*queries
	conn       *sql.Conn
	statements *statements
	recent     *recent
	version    int64           // see checkVersion
	appended   []consent.Batch // in this transaction

	begin, commit, rollback  *sql.Stmt
	event, body, hash        several
	claim, subjects          several
	reply, notices, logKey   *sql.Stmt
	setHead, publish, fork   *sql.Stmt
	forget, probe            *sql.Stmt
	dataVersion, fingerprint *sql.Stmt
	upkeepStatements
}

var _ consent.Tx = (*writer)(nil)

// undoInMemory has SQLite keep in memory what it needs to undo a statement that fails
// half way. In a file, that took nearly half of all write calls (measured), and put
// contents of the ledger outside the data directory. Migrations do without it: their
// statements change whole tables.
const undoInMemory = `PRAGMA temp_store = MEMORY`

func newWriter(ctx context.Context, db *sql.DB, r *recent) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, unavailable("open", err)
	}
	if _, err := conn.ExecContext(ctx, undoInMemory); err != nil {
		conn.Close()
		return nil, failed("open", err)
	}
	s := &statements{prepare: conn.PrepareContext}
	w := &writer{
		conn: conn, statements: s, recent: r, queries: newQueries(ctx, s),
		begin:    s.add(ctx, `BEGIN IMMEDIATE`),
		commit:   s.add(ctx, `COMMIT`),
		rollback: s.add(ctx, `ROLLBACK`),
		event:    s.addSeveral(ctx, `INSERT INTO event (idx, kind, consent, site, at) VALUES %s`, `(?,?,?,?,?)`),
		body:     s.addSeveral(ctx, `INSERT INTO body (idx, bytes, salt) VALUES %s`, `(?,?,?)`),
		hash:     s.addSeveral(ctx, `INSERT INTO hash (idx, entry, above) VALUES %s`, `(?,?,?)`),
		claim:    s.addSeveral(ctx, `INSERT INTO claim (key, idx, proof) VALUES %s`, `(?,?,?)`),
		reply:    s.add(ctx, `INSERT INTO reply (idx, at, value, sum) VALUES (?,?,?,?)`),
		subjects: s.addSeveral(ctx, `INSERT INTO place (key, idx) VALUES %s`, `(?,?)`),
		notices:  s.add(ctx, `INSERT OR IGNORE INTO notice (sha256, bytes) VALUES (?,?)`),
		logKey:   s.add(ctx, `INSERT OR IGNORE INTO log_key (vkey) VALUES (?)`),
		setHead: s.add(ctx, `INSERT INTO head (id, origin, size, note) VALUES (1, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET origin = excluded.origin, size = excluded.size, note = excluded.note`),
		publish: s.add(ctx, `INSERT INTO checkpoint (size, note) VALUES (?, ?)`),
		fork:    s.add(ctx, `INSERT INTO fork (at, reason, size, lost) VALUES (?, ?, ?, ?)`),
		// Bounded, so that the first commit after a busy hour is no slower than others.
		forget:      s.add(ctx, `DELETE FROM reply WHERE idx IN (SELECT idx FROM reply WHERE at < ? ORDER BY at LIMIT 512)`),
		fingerprint: s.add(ctx, `INSERT INTO fingerprint (name, print, at, reason, sum) VALUES (?,?,?,?,?)`),
		dataVersion: s.add(ctx, `PRAGMA data_version`),
		probe: s.add(ctx, `INSERT INTO probe (id, at, room) VALUES (1, ?, randomblob(?))
			ON CONFLICT (id) DO UPDATE SET at = excluded.at, room = excluded.room`),
	}
	w.upkeepStatements = newUpkeepStatements(ctx, s)
	if s.err != nil {
		w.drop(ctx)
		return nil, failed("prepare", s.err)
	}
	return w, nil
}

// drop undoes what is not committed and closes the connection. SQLite may have
// rolled back by itself, so an error of the rollback says nothing.
func (w *writer) drop(ctx context.Context) {
	if w.rollback != nil {
		w.rollback.ExecContext(ctx)
	}
	w.statements.close()
	w.conn.Close()
}

// writeProbe writes as much as a consent does.
func (w *writer) writeProbe() error {
	if _, err := w.probe.ExecContext(context.Background(), time.Now().UnixMilli(), consent.Room); err != nil {
		return failed("probe", err)
	}
	return nil
}

// Append implements [consent.Tx].
func (w *writer) Append(ctx context.Context, b consent.Batch) error {
	ctx = context.WithoutCancel(ctx)
	w.appended = append(w.appended, b)
	err := w.event.exec(ctx, len(b.Entries), func(args []any, i int) []any {
		e := &b.Entries[i]
		return append(args, e.Index, string(e.Kind), e.Consent[:], e.Site, e.At.UnixMilli())
	})
	if err != nil {
		return failed("append events", err)
	}
	err = w.body.exec(ctx, len(b.Entries), func(args []any, i int) []any {
		return append(args, b.Entries[i].Index, b.Entries[i].Body, b.Entries[i].Salt)
	})
	if err != nil {
		return failed("append bodies", err)
	}
	err = w.claim.exec(ctx, len(b.Claims), func(args []any, i int) []any {
		return append(args, b.Claims[i].Key[:], b.Claims[i].Index, b.Claims[i].Proof[:])
	})
	if err != nil {
		return failed("append claims", err)
	}
	if err := w.appendReplies(ctx, b); err != nil {
		return err
	}
	err = w.subjects.exec(ctx, len(b.Subjects), func(args []any, i int) []any {
		return append(args, b.Subjects[i].Key[:], b.Subjects[i].Index)
	})
	if err != nil {
		return failed("append subject rows", err)
	}
	err = execEach(ctx, w.notices, len(b.Notices), func(args []any, i int) []any {
		return append(args, b.Notices[i].SHA256[:], b.Notices[i].Bytes)
	})
	if err != nil {
		return failed("append notices", err)
	}
	if err := w.appendFingerprints(ctx, b.Fingerprints); err != nil {
		return err
	}
	if err := w.appendUpkeep(ctx, b.Upkeep); err != nil {
		return err
	}
	return w.appendLog(ctx, b.Log)
}

// appendReplies writes the new replies and deletes old ones.
func (w *writer) appendReplies(ctx context.Context, b consent.Batch) error {
	var replies []consent.Claim
	for _, claim := range b.Claims {
		if claim.Reply != "" {
			replies = append(replies, claim)
		}
	}
	err := execEach(ctx, w.reply, len(replies), func(args []any, i int) []any {
		return append(args, replies[i].Index, replies[i].At.UnixMilli(), replies[i].Reply, replies[i].ReplySum())
	})
	if err != nil {
		return failed("append replies", err)
	}
	if _, err := w.forget.ExecContext(ctx, b.Forget.UnixMilli()); err != nil {
		return failed("forget replies", err)
	}
	return nil
}
