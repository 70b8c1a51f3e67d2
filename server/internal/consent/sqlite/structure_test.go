package sqlite

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent/audit"
)

// An index that lacks a row hides a withdrawal from who asks by consent, and from
// nobody who reads by number.
func TestARowThatAnIndexLacksIsFound(t *testing.T) {
	dir := written(t)
	file := filepath.Join(dir, "ledger.db")
	db, err := openPlain(file)
	require.NoError(t, err)
	var id []byte
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT consent FROM event WHERE idx = 17`).Scan(&id))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	pages := btrees(t, db, text)["event_consent"]
	require.NoError(t, db.Close())
	require.Len(t, pages, 1)
	page := text[pages[0].used[1][0]:pages[0].used[1][1]]
	page[bytes.Index(page, id)+15] ^= 1
	require.NoError(t, os.WriteFile(file, text, 0o600))

	_, err = verify(t, dir, audit.Options{})
	require.True(t, audit.IsFault(err), "not noticed: %v", err)
	require.ErrorContains(t, err, "index event_consent: row ")

	// A copy is made from the tables, without the fault.
	_, err = Backup(t.Context(), dir, filepath.Join(t.TempDir(), "copy.db"))
	require.ErrorContains(t, err, "the ledger is damaged, and was not copied: index event_consent: row ")
	require.NotContains(t, err.Error(), "log verify")
}

func TestASchemaThatWasChangedIsFoundAndNamed(t *testing.T) {
	dir := written(t)
	for statement, names := range map[string]string{
		`DROP INDEX event_consent`:                                               "index event_consent: it is missing",
		`DROP TABLE probe`:                                                       "table probe: it is missing",
		`ALTER TABLE hold ADD COLUMN more TEXT`:                                  "table hold: it is not what the migrations make",
		`DELETE FROM goose_db_version WHERE version_id = 2`:                      "goose_db_version: ",
		`UPDATE goose_db_version SET tstamp = 'x'`:                               "goose_db_version: ",
		`UPDATE goose_db_version SET is_applied = 0 WHERE id = 3`:                "goose_db_version: ",
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`: "was written by a newer relay (schema 9999",
	} {
		at, db := tampered(t, dir)
		run(t, db, statement)
		_, err := verify(t, at, audit.Options{})
		require.ErrorContains(t, err, names, statement)
	}
	at, db := tampered(t, dir)
	run(t, db, `CREATE TRIGGER head_no_delete BEFORE DELETE ON head BEGIN SELECT 1; END`)
	_, err := verify(t, at, audit.Options{})
	require.ErrorContains(t, err, "trigger head_no_delete: it is not what the migrations make")
}
