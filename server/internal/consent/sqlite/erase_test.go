package sqlite

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
)

// holding counts the files in dir, the log beside the database among them, that
// hold these bytes.
func holding(t *testing.T, dir string, what []byte) (files []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, entry := range all {
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		require.NoError(t, err)
		if bytes.Contains(content, what) {
			files = append(files, entry.Name())
		}
	}
	return files
}

func TestNothingThatWasErasedIsLeftInTheFiles(t *testing.T) {
	dir := t.TempDir()
	store, err := Open(dir)
	require.NoError(t, err)
	l := storetest.NewLedger(t, store, storetest.NewClock())
	var ids []string
	var salts [][]byte
	const n = 90
	for i := range n {
		d := storetest.Decision(fmt.Sprintf("key-of-canary-%06d", i))
		d.Subject = fmt.Sprintf("subject-%d", i)
		d.Nonce = fmt.Sprintf("canary-%06d-canary", i)
		d.VendorPurpose = string(bytes.Repeat([]byte("long "), i*80)) + "." // some need pages of their own
		state, err := l.Give(t.Context(), d)
		require.NoError(t, err)
		_, err = l.Used(t.Context(), state.Committed, []consent.Call{{Endpoint: "connect", TransactionID: "txn-" + d.Nonce, At: storetest.Start}})
		require.NoError(t, err)
		_, err = l.Redeem(t.Context(), consent.Redemption{ConsentID: state.ID(), JTI: d.Nonce, Token: "t", Reply: "reply-" + d.Nonce})
		require.NoError(t, err)
		ids = append(ids, state.ID())
	}
	rows, err := store.read.QueryContext(t.Context(), `SELECT salt FROM body`)
	require.NoError(t, err)
	for rows.Next() {
		var salt []byte
		require.NoError(t, rows.Scan(&salt))
		salts = append(salts, salt)
	}
	require.NoError(t, rows.Close())
	require.NotEmpty(t, holding(t, dir, []byte("canary-000007-canary")))

	kept := 50 // one stays, between the others
	erased := append(append([]string(nil), ids[:kept]...), ids[kept+1:]...)
	for len(erased) > 0 {
		most := min(len(erased), 37)
		_, err = l.Erase(t.Context(), consent.Erasure{IDs: erased[:most], Via: consent.ViaOperator, Reason: "test"})
		require.NoError(t, err)
		erased = erased[most:]
	}
	for i := range n {
		canary := []byte(fmt.Sprintf("canary-%06d-canary", i))
		if i == kept {
			require.Equal(t, []string{"ledger.db"}, holding(t, dir, canary))
			continue
		}
		require.Empty(t, holding(t, dir, canary), i)
	}
	left := 0
	for _, salt := range salts {
		left += len(holding(t, dir, salt))
	}
	require.Equal(t, 3, left, "the salts of the one that stays")
	var claims, places, replies int
	require.NoError(t, store.read.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM claim), (SELECT count(*) FROM place),
		(SELECT count(*) FROM reply)`).Scan(&claims, &places, &replies))
	require.Equal(t, []int{2, 1, 1}, []int{claims, places, replies})
}

func TestScrubSaysWhenAnotherProgramKeepsTheOldPages(t *testing.T) {
	dir := t.TempDir()
	store, err := open(dir, 1)
	require.NoError(t, err)
	l := storetest.NewLedger(t, store, storetest.NewClock())
	state, err := l.Give(t.Context(), storetest.Decision("key-of-a-canary"))
	require.NoError(t, err)
	reader, err := store.read.Conn(t.Context())
	require.NoError(t, err)
	_, err = reader.ExecContext(t.Context(), `BEGIN DEFERRED`)
	require.NoError(t, err)
	var count int
	require.NoError(t, reader.QueryRowContext(t.Context(), `SELECT count(*) FROM event`).Scan(&count))
	e := consent.Erasure{IDs: []string{state.ID()}, Via: consent.ViaOperator, Reason: "test"}
	_, err = l.Erase(t.Context(), e)
	require.ErrorIs(t, err, consent.ErrUnavailable)
	_, err = reader.ExecContext(t.Context(), `ROLLBACK`)
	require.NoError(t, err)
	require.NoError(t, reader.Close())
	_, err = l.Erase(t.Context(), e)
	require.NoError(t, err, "erasing again finishes it")
	require.Empty(t, holding(t, dir, []byte("nonce-of-the-presentation")))
}
