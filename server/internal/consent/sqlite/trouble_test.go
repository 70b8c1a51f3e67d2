package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
)

func pragma(t *testing.T, conn *sql.Conn, text string) (value string) {
	require.NoError(t, conn.QueryRowContext(t.Context(), "PRAGMA "+text).Scan(&value))
	return value
}

func TestATroubledDiskAcknowledgesNothingAndNeedsNoRestart(t *testing.T) {
	for name, trouble := range map[string]func(t *testing.T, store *Store) (mend func()){
		"full": func(t *testing.T, store *Store) func() {
			pages := pragma(t, store.writer.conn, "page_count")
			require.Equal(t, pages, pragma(t, store.writer.conn, "max_page_count("+pages+")"))
			return func() {} // the limit is the connection's own
		},
		"read-only": func(t *testing.T, store *Store) func() {
			_, err := store.writer.conn.ExecContext(t.Context(), "PRAGMA query_only(1)")
			require.NoError(t, err)
			return func() {}
		},
		"locked": func(t *testing.T, store *Store) func() {
			other, err := connect(store.path, 0)
			require.NoError(t, err)
			conn, err := other.Conn(t.Context())
			require.NoError(t, err)
			_, err = conn.ExecContext(t.Context(), "BEGIN IMMEDIATE")
			require.NoError(t, err)
			return func() {
				_, err := conn.ExecContext(context.Background(), "ROLLBACK")
				require.NoError(t, err)
				require.NoError(t, conn.Close())
				require.NoError(t, other.Close())
			}
		},
		"cannot be opened": func(t *testing.T, store *Store) func() {
			// The connection fails once, and then there is no file to open.
			require.Error(t, store.Update(t.Context(), func(consent.Tx) error { return os.ErrInvalid }))
			aside := store.path + ".aside"
			require.NoError(t, os.Rename(store.path, aside))
			require.NoError(t, os.Mkdir(store.path, 0o700))
			return func() {
				require.NoError(t, os.Remove(store.path))
				require.NoError(t, os.Rename(aside, store.path))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := opened(t, t.TempDir())
			l := storetest.NewLedger(t, store, storetest.NewClock())
			before, err := l.Give(t.Context(), storetest.Decision("key-before-the-trouble"))
			require.NoError(t, err)
			require.NoError(t, l.Ready(t.Context()))

			d := storetest.Decision("key-during-the-trouble")
			d.ClientBuild = strings.Repeat("x", 64<<10) // more than a page has left
			mend := trouble(t, store)
			_, err = l.Give(t.Context(), d)
			require.ErrorIs(t, err, consent.ErrUnavailable)
			mend()
			_, known, err := l.Repeat(t.Context(), consent.Given, d)
			require.NoError(t, err)
			require.False(t, known, "nothing was written")
			require.NoError(t, l.Ready(t.Context()), "found out by writing")
			after, err := l.Give(t.Context(), d)
			require.NoError(t, err)
			for i, state := range []consent.State{before, after} {
				record, err := l.Consent(t.Context(), state.Site, state.ID())
				require.NoError(t, err)
				require.EqualValues(t, i, record.Events[0].Index)
			}
		})
	}
}

func TestReadinessFollowsTheDisk(t *testing.T) {
	store := opened(t, t.TempDir())
	other, err := connect(store.path, 0)
	require.NoError(t, err)
	defer other.Close()
	conn, err := other.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)
	write := func() error { return store.Update(t.Context(), func(consent.Tx) error { return nil }) }
	require.ErrorIs(t, write(), consent.ErrUnavailable)
	require.ErrorIs(t, store.Ready(t.Context()), consent.ErrUnavailable)
	require.ErrorIs(t, store.Ready(t.Context()), consent.ErrUnavailable)
	_, err = conn.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	require.NoError(t, store.Ready(t.Context()))
	require.NoError(t, write())
}

func TestEventsAndNoticesCannotBeChanged(t *testing.T) {
	store := opened(t, t.TempDir())
	l := storetest.NewLedger(t, store, storetest.NewClock())
	for i := range 3 {
		d := storetest.Decision("key-number-" + strconv.Itoa(i))
		d.Subject, d.SubjectSource = "customer", "page"
		_, err := l.Give(t.Context(), d)
		require.NoError(t, err)
	}
	text := []byte("a notice")
	require.NoError(t, l.PutNotice(t.Context(), fmt.Sprintf("%x", sha256.Sum256(text)), text))
	conn := store.writer.conn
	for _, statement := range []string{
		`UPDATE event SET kind = 'refused' WHERE idx = 1`,
		`UPDATE event SET idx = 7 WHERE idx = 2`,
		`DELETE FROM event WHERE idx = 2`,
		`DELETE FROM event`,
		`INSERT INTO event SELECT 5, kind, consent, site, at FROM event WHERE idx = 0`,
		`INSERT OR REPLACE INTO event SELECT 1, 'used', consent, site, at FROM event WHERE idx = 1`,
		`UPDATE body SET bytes = x'7b7d' WHERE idx = 1`,
		`UPDATE body SET idx = 9 WHERE idx = 1`,
		`UPDATE body SET bytes = x'' WHERE idx = 1`,
		`UPDATE hash SET above = x''`,
		`DELETE FROM hash`,
		`DELETE FROM head`,
		`UPDATE head SET size = 0`,
		`UPDATE checkpoint SET size = 99`,
		`DELETE FROM checkpoint`,
		`DELETE FROM body WHERE idx = 1`,
		`UPDATE notice SET bytes = x'00'`,
		`DELETE FROM notice`,
		`INSERT OR REPLACE INTO notice SELECT sha256, x'00' FROM notice`,
		`INSERT OR REPLACE INTO body SELECT idx, x'7b7d' FROM body WHERE idx = 1`,
	} {
		_, err := conn.ExecContext(t.Context(), statement)
		require.Error(t, err, statement)
	}
	_, err := conn.ExecContext(t.Context(), `UPDATE body SET bytes = x'', salt = x'' WHERE idx = 1`)
	require.NoError(t, err, "a body can be blanked, and only that")
}

func TestNothingThatImpersonatesIsOnTheDisk(t *testing.T) {
	dir := t.TempDir()
	store, err := Open(dir)
	require.NoError(t, err)
	l := storetest.NewLedger(t, store, storetest.NewClock())
	for i := range 50 {
		d := storetest.Decision(fmt.Sprintf("CANARY-idempotency-%d", i))
		d.Subject, d.SubjectSource, d.TicketID = fmt.Sprintf("CANARY-subject-%d", i), "ticket", fmt.Sprintf("CANARY-ticket-%d", i)
		given, err := l.Give(t.Context(), d)
		require.NoError(t, err)
		d.Subject += "-refused"
		_, err = l.Refuse(t.Context(), d)
		require.NoError(t, err)
		_, err = l.Redeem(t.Context(), consent.Redemption{ConsentID: given.ID(), Reply: "sealed",
			JTI: fmt.Sprintf("CANARY-jti-%d", i), IdempotencyKey: fmt.Sprintf("CANARY-redeem-%d", i), Token: fmt.Sprintf("CANARY-token-%d", i)})
		require.NoError(t, err)
	}
	look := func() (bytes int) {
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			require.NotContains(t, string(text), "CANARY", filepath.Base(file))
			require.NotContains(t, string(text), string(storetest.Keys.Lookup), filepath.Base(file))
			bytes += len(text)
		}
		return bytes
	}
	require.Greater(t, look(), 50*1000, "while it is open: the file, its log, its index")
	require.NoError(t, l.Close())
	require.Greater(t, look(), 50*1000)
}
