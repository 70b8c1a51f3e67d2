package postgres

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/consent/translog"
	"ekycconnect/server/internal/pgtest"
	"ekycconnect/server/internal/secret"
)

// older makes a ledger as a program of schema 2 left it, with the rows of a newer one.
func older(t *testing.T, from string) (dsn string) {
	t.Helper()
	dsn = pgtest.Database(t)
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	db := stdlib.OpenDB(*config)
	defer db.Close()
	files, err := fs.Sub(migrations, "migrations")
	require.NoError(t, err)
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithDisableGlobalRegistry(true))
	require.NoError(t, err)
	_, err = provider.UpTo(t.Context(), 2)
	require.NoError(t, err)
	newer, conn := connected(t, from), connected(t, dsn)
	for _, table := range []struct{ name, columns, read string }{
		{"event", "idx, kind, consent, site, at", ""},
		{"body", "idx, bytes, salt", "idx, bytes, salt FROM event"},
		{"hash", "idx, entry, above", "idx, entry, above FROM event"},
		{"claim", "key, idx, proof", "uuid_send(key), idx, uuid_send(proof) FROM claim"},
		{"place", "key, idx", "uuid_send(key), idx FROM place"},
		{"notice", "sha256, bytes", ""},
		{"log_key", "vkey", ""},
		{"checkpoint", "size, note", ""},
	} {
		read := table.read
		if read == "" {
			read = table.columns + " FROM " + table.name
		}
		rows, err := newer.Query(t.Context(), "SELECT "+read+" ORDER BY 1")
		require.NoError(t, err)
		all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
		require.NoError(t, err, table.name)
		require.NotEmpty(t, all, table.name)
		var insert pgx.Batch
		for _, values := range all {
			places := "$1"
			for i := 1; i < len(values); i++ {
				places += fmt.Sprintf(", $%d", i+1)
			}
			insert.Queue(fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table.name, table.columns, places), values...)
		}
		require.NoError(t, conn.SendBatch(t.Context(), &insert).Close(), table.name)
	}
	var head translog.Head
	require.NoError(t, newer.QueryRow(t.Context(), readHead).Scan(&head.Origin, &head.Size, &head.Note))
	_, err = conn.Exec(t.Context(), `UPDATE head SET origin = $1, size = $2, note = $3`, head.Origin, head.Size, head.Note)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), `INSERT INTO allowance_entry VALUES ('main', 7, 1, 2, 0, 'a', true)`)
	require.NoError(t, err)
	return dsn
}

func TestALedgerOfTheSchemaBeforeIsTheSameAfterTheUpgrade(t *testing.T) {
	from := pgtest.Database(t)
	l, other := relay(t, from, storetest.NewClock()), relay(t, from, storetest.NewClock())
	for i := range 5 {
		d := noticed(t, l, fmt.Sprintf("key-number-%06d", i))
		d.Subject, d.SubjectSource = "customer", "page"
		state, err := l.Give(t.Context(), d)
		require.NoError(t, err)
		_, err = l.Redeem(t.Context(), consent.Redemption{ConsentID: state.ID(), JTI: consent.TokenID(state.ID(), i), Token: "t", Reply: "r"})
		require.NoError(t, err)
		if i == 2 {
			_, err = other.Erase(t.Context(), consent.Erasure{IDs: []string{state.ID()}, Via: consent.ViaOperator, Reason: "case"})
			require.NoError(t, err)
		}
	}
	want := verified(t, from)
	dsn := older(t, from)
	upgraded := relay(t, dsn, storetest.NewClock())
	require.Equal(t, want, verified(t, dsn))
	records, _, err := upgraded.BySubject(t.Context(), storetest.Decision("").Site, "customer", 0, "")
	require.NoError(t, err)
	require.Len(t, records, 4)
	d := noticed(t, upgraded, "key-number-000004")
	d.Subject, d.SubjectSource = "customer", "page"
	_, known, err := upgraded.Repeat(t.Context(), consent.Given, d)
	require.NoError(t, err)
	require.True(t, known)
	var note []int64
	require.NoError(t, connected(t, dsn).QueryRow(t.Context(), `SELECT at FROM allowance_note WHERE seq = 7`).Scan(&note))
	require.Equal(t, []int64{2}, note)
}

// What would be left out of the one table is in the two others before it.
func TestAnUpgradeDropsNoEvent(t *testing.T) {
	from := pgtest.Database(t)
	l := relay(t, from, storetest.NewClock())
	d := noticed(t, l, "key-of-the-event")
	d.Subject, d.SubjectSource = "customer", "page"
	_, err := l.Give(t.Context(), d)
	require.NoError(t, err)
	dsn := older(t, from)
	conn := connected(t, dsn)
	for _, statement := range []string{`ALTER TABLE body DISABLE TRIGGER USER`, `DELETE FROM body`} {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	_, err = Open(t.Context(), secret.New(dsn))
	require.ErrorContains(t, err, "has no text or no hash")
}

// What is planned once for all, or compiled, is slower by far where a ledger grows.
func TestStatementsArePlannedForTheTablesAsTheyAre(t *testing.T) {
	s := opened(t, pgtest.Database(t))
	var mode, jit string
	require.NoError(t, s.pool.QueryRow(t.Context(), `SELECT current_setting('plan_cache_mode'), current_setting('jit')`).Scan(&mode, &jit))
	require.Equal(t, "force_custom_plan", mode)
	require.Equal(t, "off", jit)
}

// A plan that is kept was made when the tables had a row or two, and must not read them
// whole when they have grown.
func TestAPlanOfACommitIsGoodForAnySize(t *testing.T) {
	dsn := pgtest.Database(t)
	l, s := relay(t, dsn, storetest.NewClock()), opened(t, dsn)
	_, err := l.Give(t.Context(), noticed(t, l, "key-of-the-only-one"))
	require.NoError(t, err)
	_, err = connected(t, dsn).Exec(t.Context(), `VACUUM (ANALYZE) event, claim, reply`)
	require.NoError(t, err)
	w, err := newWriter(t.Context(), s.config.ConnConfig)
	require.NoError(t, err)
	defer w.drop()
	for statement, kind := range map[string]string{
		claimsByKey: "uuid[]", claimants: "bigint[]", eventsByConsent: "uuid[]",
	} {
		_, err := w.conn.Exec(t.Context(), `PREPARE kept (`+kind+`) AS `+statement)
		require.NoError(t, err)
		rows, err := w.conn.Query(t.Context(), `EXPLAIN EXECUTE kept ('{}')`)
		require.NoError(t, err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		plan := strings.Join(lines, "\n")
		require.NotContains(t, plan, "Seq Scan", statement)
		require.Contains(t, plan, "Index", statement)
		require.Contains(t, plan, "$1", "it is made without the values")
		_, err = w.conn.Exec(t.Context(), `DEALLOCATE kept`)
		require.NoError(t, err)
	}
}
