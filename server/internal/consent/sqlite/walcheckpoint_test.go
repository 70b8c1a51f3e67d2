package sqlite

import (
	"os"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	lib "modernc.org/sqlite/lib"

	"ekycconnect/server/internal/consent"
)

func TestTheWALIsCheckpointedWhileCommitsContinueAndBeginsAnew(t *testing.T) {
	store := opened(t, t.TempDir())
	var next int64
	add := func(events int) {
		var b consent.Batch
		for range events {
			b.Entries = append(b.Entries, consent.Entry{Index: next, Kind: consent.Given, Consent: uuid.New(), Site: "pk", Body: make([]byte, 1100), Salt: make([]byte, 32)})
			next++
		}
		require.NoError(t, store.Update(t.Context(), func(tx consent.Tx) error { return tx.Append(t.Context(), b) }))
	}
	inFile := func() int64 {
		info, err := os.Stat(store.path)
		require.NoError(t, err)
		return info.Size()
	}
	for range 24 {
		add(256)
	}
	require.Less(t, inFile(), int64(1<<20), "not yet: all is in the log")
	for range 2 {
		add(256)
	}
	store.checkpointer.end() // waits for it
	store.checkpointer.due = nil
	require.Greater(t, inFile(), int64(6000*1100))

	add(1)
	var busy, pages, written int
	require.NoError(t, store.writer.conn.QueryRowContext(t.Context(), `PRAGMA wal_checkpoint(PASSIVE)`).Scan(&busy, &pages, &written))
	require.Less(t, pages, 100, "it began anew")
}

func TestAFailedSyncOfACheckpointIsTheAnswerToTheNextCommit(t *testing.T) {
	store := opened(t, t.TempDir())
	nothing := func(consent.Tx) error { return nil }
	store.checkpointer.result(nil)
	store.checkpointer.result(failure(lib.SQLITE_FULL))
	require.NoError(t, store.Update(t.Context(), nothing), "the log keeps what is not written back")
	store.checkpointer.result(failure(lib.SQLITE_IOERR_FSYNC))
	require.ErrorIs(t, store.Update(t.Context(), nothing), consent.ErrUnknownOutcome)
}
