package sqlite

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
)

func opened(t *testing.T, dir string) *Store {
	store, err := open(dir, 0) // no wait for locks: the tests hold them on purpose
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func TestTheStorePassesTheSuite(t *testing.T) {
	storetest.Run(t, func(t *testing.T, dir string) consent.Store {
		store, err := Open(dir)
		require.NoError(t, err)
		return store
	})
}

func TestFilesAreForTheirOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data ?#%41 é")
	opened(t, dir)
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		info, err := entry.Info()
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), entry.Name())
		names = append(names, entry.Name())
	}
	require.Equal(t, []string{"ledger.db", "ledger.db-shm", "ledger.db-wal", "lock"}, names)
}

func TestADirectoryServesOneProcess(t *testing.T) {
	dir := t.TempDir()
	first, err := Open(dir)
	require.NoError(t, err)
	_, err = Open(dir)
	require.ErrorContains(t, err, dir)
	require.ErrorContains(t, err, "in use by another relay")
	require.ErrorContains(t, err, "a data directory of its own")
	require.NoError(t, first.Close())
	opened(t, dir)
}

func TestClosingCheckpointsTheWAL(t *testing.T) {
	dir := t.TempDir()
	store, err := Open(dir)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	require.NoFileExists(t, filepath.Join(dir, "ledger.db-wal"), "no connection is left open")
}

func TestCommitsAreSyncedOnEveryConnection(t *testing.T) {
	store := opened(t, t.TempDir())
	for range 2 { // the second one is made after a failure
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"} {
			var got string
			require.NoError(t, store.writer.conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
			require.Equal(t, want, got, pragma)
		}
		require.Error(t, store.Update(t.Context(), func(consent.Tx) error { return os.ErrInvalid }))
		require.NoError(t, store.Update(t.Context(), func(consent.Tx) error { return nil }))
	}
}

func TestAnotherSettingIsRefused(t *testing.T) {
	db, err := connect(filepath.Join(t.TempDir(), "x.db"), 0, "synchronous(NORMAL)")
	require.NoError(t, err)
	defer db.Close()
	require.ErrorContains(t, readBack(t.Context(), db, "x.db"), "synchronous is 1 and must be 2")
}

func TestANewerLedgerIsRefused(t *testing.T) {
	dir := t.TempDir()
	store, err := Open(dir)
	require.NoError(t, err)
	_, err = store.writer.conn.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	_, err = Open(dir)
	require.ErrorContains(t, err, "written by a newer relay (schema 99, this one knows ")
	_, err = Open(dir)
	require.ErrorContains(t, err, "newer", "and the refusal left no lock behind")
}

func TestWhatIsNoLedgerIsRefused(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ledger.db"), []byte("this is a text and not a database, by far"), 0o600))
	_, err := Open(dir)
	require.ErrorContains(t, err, "not a database")
	file := filepath.Join(dir, "a-file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = Open(filepath.Join(file, "below"))
	require.ErrorContains(t, err, "make the data directory")
}

func TestTheWALIsWrittenBackAndBeginsAnew(t *testing.T) {
	store := opened(t, t.TempDir())
	var next int64
	size := func(name string) int64 {
		info, err := os.Stat(name)
		require.NoError(t, err)
		return info.Size()
	}
	for range 60 {
		var b consent.Batch
		for range 256 {
			b.Entries = append(b.Entries, consent.Entry{Index: next, Kind: consent.Given, Consent: uuid.New(), Site: "pk", Body: make([]byte, 1100), Salt: make([]byte, 32)})
			next++
		}
		require.NoError(t, store.Update(t.Context(), func(tx consent.Tx) error { return tx.Append(t.Context(), b) }))
	}
	require.Greater(t, size(store.path), int64(6000*1100))
	require.Less(t, size(store.path+"-wal"), int64(48<<20))
}
