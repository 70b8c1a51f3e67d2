package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"ekycconnect/server/internal/consent/audit"
	"ekycconnect/server/internal/secret"
)

// copied are the tables that a ledger consists of, besides its head, and what each
// is in the other store, where that is not the same. The first column is the one that
// rows are ordered by.
var copied = []struct{ table, columns, from string }{
	{"event", "idx at consent kind site entry above salt bytes", "event JOIN body USING (idx) JOIN hash USING (idx)"},
	{"claim", "idx key proof", ""},
	{"place", "idx key", ""},
	{"reply", "idx at value sum", ""},
	{"notice", "sha256 bytes", ""},
	{"log_key", "seq vkey", ""},
	{"fingerprint", "seq name print at reason sum", ""},
	{"fork", "seq at reason size lost", ""},
	{"checkpoint", "size note", ""},
	{"message", "idx site body made due tries sum", ""},
	{"hold", "consent reason since sum", ""},
	{"otp_claim", "key owner consent endpoint at until sum", ""},
}

// uuids are columns that hold 16 bytes of the other store.
var uuids = []string{"consent", "key", "proof", "owner"}

// loadChunk is how many rows are sent at a time.
const loadChunk = 5000

// Original is a whole ledger of another store, all of one moment.
type Original interface {
	Head(ctx context.Context) (audit.Head, error)

	// Dump gives every row of a table, or of several that are joined, by its first
	// column.
	Dump(ctx context.Context, table string, columns []string, each func([]any) error) error
}

// Load fills an empty database with a ledger of another store: the same events,
// hashes, checkpoints and look-ups, row for row. check sees the copy before it
// counts: unless it returns nil, the database is as it was. It returns how many
// events there are.
func Load(ctx context.Context, at secret.String, from Original, check func(audit.Source) error) (events int64, err error) {
	head, err := from.Head(ctx)
	if err != nil {
		return 0, err
	}
	c, err := parse(at)
	if err != nil {
		return 0, err
	}
	if err := prepare(ctx, c.ConnConfig); err != nil {
		return 0, err
	}
	conn, err := dial(ctx, c.ConnConfig)
	if err != nil {
		return 0, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	tx, err := conn.Begin(ctx)
	if err != nil {
		return 0, unavailable("load", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	if _, err := tx.Exec(ctx, lockHead); err != nil {
		return 0, failed("load", err)
	}
	if err := empty(ctx, tx, Name(at)); err != nil {
		return 0, err
	}
	for _, t := range copied {
		if err := load(ctx, tx, from, cmp.Or(t.from, t.table), t.table, strings.Fields(t.columns)); err != nil {
			return 0, fmt.Errorf("postgres: load %s: %w", t.table, err)
		}
	}
	if _, err := tx.Exec(ctx, `UPDATE head SET origin = $1, size = $2, note = $3`, head.Origin, head.Size, head.Note); err != nil {
		return 0, failed("load the head", err)
	}
	if _, err := tx.Exec(ctx, `ANALYZE`); err != nil {
		return 0, failed("load", err)
	}
	if err := check(&Inspection{conn: conn, name: Name(at)}); err != nil {
		return 0, err
	}
	if err := tx.Commit(ctx); err != nil {
		return 0, failed("load", err)
	}
	return head.Size, nil
}

var errNotEmpty = errors.New("is not empty: a copy needs a database of its own, in which nothing was recorded yet")

func empty(ctx context.Context, tx pgx.Tx, name string) error {
	for _, t := range append(copied[:len(copied):len(copied)], struct{ table, columns, from string }{table: "head WHERE length(note) > 0"}) {
		var there bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM `+t.table+`)`).Scan(&there); err != nil {
			return failed("load", err)
		}
		if there {
			return fmt.Errorf("postgres: %s %w", name, errNotEmpty)
		}
	}
	return nil
}

// load copies one table. If the database numbers its rows, later rows continue the
// numbers.
func load(ctx context.Context, tx pgx.Tx, from Original, source, table string, columns []string) error {
	var rows [][]any
	loaded := int64(0)
	send := func() error {
		n, err := tx.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromRows(rows))
		loaded, rows = loaded+n, rows[:0]
		return err
	}
	err := from.Dump(ctx, source, columns, func(row []any) error {
		for i, column := range columns {
			if id, ok := row[i].([]byte); ok && slices.Contains(uuids, column) {
				if len(id) != 16 {
					return fmt.Errorf("%s of a row has %d bytes; `relay log verify` finds out more", column, len(id))
				}
				row[i] = [16]byte(id)
			}
		}
		if rows = append(rows, row); len(rows) < loadChunk {
			return nil
		}
		return send()
	})
	if err == nil && len(rows) > 0 {
		err = send()
	}
	if err != nil {
		return err
	}
	if columns[0] == "seq" && loaded > 0 {
		_, err = tx.Exec(ctx, `SELECT setval(pg_get_serial_sequence($1, 'seq'), (SELECT max(seq) FROM `+table+`))`, table)
	}
	if err != nil {
		return err
	}
	var there int64
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM `+table).Scan(&there); err != nil {
		return err
	}
	if there != loaded {
		return fmt.Errorf("%d rows were sent and %d are there", loaded, there)
	}
	return nil
}
