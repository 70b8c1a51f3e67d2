package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	lib "modernc.org/sqlite/lib"

	"ekycconnect/server/internal/consent/audit"
)

// Indexes implements [audit.Source]. SQLite looks every row up in every index, counts
// the entries of each, and walks every page (PRAGMA integrity_check): so no entry is
// wrong, missing or out of its order, and whatever is looked up finds its rows.
func (i *Inspection) Indexes(ctx context.Context) error {
	if err := i.schema(ctx); err != nil {
		return err
	}
	var verdict string
	if err := i.tx.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&verdict); err != nil {
		return inspecting(err)
	}
	return judge(verdict)
}

var missing = regexp.MustCompile(`^row (\d+) missing from index (\w+)$`)

// judge is what integrity_check has found, nil if all is well.
func judge(verdict string) error {
	if verdict == "ok" {
		return nil
	}
	if found := missing.FindStringSubmatch(verdict); found != nil {
		return &audit.Fault{Row: "index " + found[2], Text: "row " + found[1] + " of its table is not found by it"}
	}
	return &audit.Fault{Row: "ledger.db", Text: "its pages are damaged: " + strings.Join(strings.Fields(verdict), " ")}
}

// damaged is the fault that an error in reading tells of, nil if it tells of none.
func damaged(err error) error {
	switch code(err) & 0xff {
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB, lib.SQLITE_FORMAT:
		return &audit.Fault{Row: "ledger.db", Text: "its pages are damaged: " + err.Error()}
	}
	return nil
}

// schema checks that the tables and indexes that the migrations make are there, and that
// their triggers are what they make if they are there.
func (i *Inspection) schema(ctx context.Context) (err error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return fmt.Errorf("sqlite: open a database in memory: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1) // each connection has a database of its own
	provider, err := newProvider(db)
	if err != nil {
		return err
	}
	version, err := i.version(ctx, provider.ListSources())
	if err != nil {
		return err
	}
	if _, err := provider.UpTo(ctx, version); err != nil {
		return fmt.Errorf("sqlite: migrations: %w", err)
	}
	made, err := schemaIn(ctx, db)
	if err != nil {
		return err
	}
	there, err := schemaIn(ctx, i.tx)
	if err != nil {
		return err
	}
	for name, text := range made {
		switch is, ok := there[name]; {
		case !ok && !strings.HasPrefix(name, "trigger "):
			return &audit.Fault{Row: name, Text: "it is missing"}
		case ok && is != text:
			return &audit.Fault{Row: name, Text: "it is not what the migrations make"}
		}
	}
	return nil
}

// version is that of the schema, to which all migrations up to it must have led. Of
// each, goose reads the time too.
func (i *Inspection) version(ctx context.Context, known []*goose.Source) (version int64, err error) {
	want := []int64{0}
	for _, source := range known {
		want = append(want, source.Version)
	}
	next := 0
	err = i.each(ctx, `SELECT version_id, is_applied, tstamp FROM goose_db_version ORDER BY id`, func(row *sql.Rows) error {
		var applied bool
		var at time.Time
		err := row.Scan(&version, &applied, &at)
		switch newest := want[len(want)-1]; {
		case err == nil && applied && next < len(want) && version == want[next]:
			next++
			return nil
		case err == nil && applied && next == len(want) && version > newest:
			return fmt.Errorf("sqlite: the ledger was written by a newer relay (schema %d, this one knows %d): check it with that version, or a later one", version, newest)
		}
		return &audit.Fault{Row: "goose_db_version", Text: "it does not name the versions of the schema one after the other"}
	})
	return version, err
}

// schemaIn is what a database consists of, with its SQL.
func schemaIn(ctx context.Context, db interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}) (map[string]string, error) {
	rows, err := db.QueryContext(ctx, `SELECT type || ' ' || name, tbl_name || ': ' || coalesce(sql, '') FROM sqlite_schema`)
	if err != nil {
		return nil, inspecting(err)
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			return nil, inspecting(err)
		}
		all[name] = text
	}
	return all, inspecting(rows.Err())
}
