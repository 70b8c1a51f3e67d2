package sqlite

import (
	"context"
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/audit"
	"ekycconnect/server/internal/consent/storetest"
)

// older makes a ledger as a program of an earlier schema left it, with the
// events of a newer one.
func older(t *testing.T, version int64, from string) (dir string) {
	dir = t.TempDir()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "ledger.db")+"?_pragma=journal_mode(WAL)")
	require.NoError(t, err)
	defer db.Close()
	files, err := fs.Sub(migrations, "migrations")
	require.NoError(t, err)
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	require.NoError(t, err)
	_, err = provider.UpTo(t.Context(), version)
	require.NoError(t, err)
	conn, err := db.Conn(context.Background())
	require.NoError(t, err)
	defer conn.Close()
	for _, statement := range []string{
		`ATTACH DATABASE '` + filepath.Join(from, "ledger.db") + `' AS newer`,
		`INSERT INTO event SELECT idx, kind, consent, site, at FROM newer.event ORDER BY idx`,
		`INSERT INTO body (idx, bytes) SELECT idx, bytes FROM newer.body`,
		`INSERT INTO claim SELECT key, idx, proof FROM newer.claim`,
		`INSERT INTO place SELECT key, idx FROM newer.place`,
		`INSERT INTO notice SELECT sha256, bytes FROM newer.notice`,
		`DETACH DATABASE newer`,
	} {
		_, err := conn.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	return dir
}

func TestALedgerFromBeforeTheLogGetsOne(t *testing.T) {
	dir := older(t, 1, written(t))
	_, err := Inspect(t.Context(), dir)
	require.ErrorContains(t, err, "holds no log yet")

	store, err := Open(dir)
	require.NoError(t, err)
	l := storetest.NewLedger(t, store, storetest.NewClock())
	records, _, err := l.BySubject(t.Context(), "pk_site_0", "customer-0", 0, "")
	require.NoError(t, err)
	require.Len(t, records, 1)
	_, err = l.Receipt(t.Context(), records[0].ID)
	require.NoError(t, err)
	_, err = l.Withdraw(t.Context(), consent.Withdrawal{ID: records[0].ID, Via: consent.ViaPartner})
	require.NoError(t, err)
	require.NoError(t, l.Close())

	report, err := verify(t, dir, audit.Options{})
	require.NoError(t, err)
	require.EqualValues(t, 31, report.Size)
	require.Equal(t, 2, report.Checkpoints, "one of all that was there, one of what came")
	var salts int
	db, err := sql.Open("sqlite", filepath.Join(dir, "ledger.db"))
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT count(DISTINCT salt) FROM body WHERE length(salt) = 32`).Scan(&salts))
	require.Equal(t, 31, salts, "each event has a salt of its own")
	require.NoError(t, os.RemoveAll(dir))
}
