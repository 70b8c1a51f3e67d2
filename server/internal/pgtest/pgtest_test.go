package pgtest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close(t.Context()) }) // it may have been cut off
	return c
}

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	one, other := connect(t, Database(t)), connect(t, Database(t))
	_, err := one.Exec(t.Context(), "CREATE TABLE mine ()")
	require.NoError(t, err)
	var there bool
	require.NoError(t, other.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_tables WHERE tablename = 'mine')").Scan(&there))
	require.False(t, there)
}

func TestAWrongPasswordIsRefused(t *testing.T) {
	_, err := pgx.Connect(t.Context(), strings.Replace(Database(t), Shared(t).Password(), "guessed", 1))
	require.ErrorContains(t, err, "password authentication failed")
}

func TestWhatWasCommittedOutlivesAKillAndAStop(t *testing.T) {
	s, err := Start(Options{})
	require.NoError(t, err)
	t.Cleanup(s.Remove)
	require.NoError(t, s.Exec(t.Context(), "postgres", "CREATE TABLE kept (n int)"))
	require.NoError(t, s.Exec(t.Context(), "postgres", "INSERT INTO kept VALUES (1)"))
	require.NoError(t, s.Kill())
	require.Error(t, s.Exec(t.Context(), "postgres", "SELECT 1"))
	require.NoError(t, s.Start())
	require.NoError(t, s.Exec(t.Context(), "postgres", "INSERT INTO kept VALUES (2)"))
	require.NoError(t, s.Stop())
	require.NoError(t, s.Start())
	var n int
	require.NoError(t, connect(t, s.DSN("postgres")).QueryRow(t.Context(), "SELECT count(*) FROM kept").Scan(&n))
	require.Equal(t, 2, n)
}

func TestAPromotedStandbyHasAllThatWasAcknowledgedAndTakesWrites(t *testing.T) {
	first, err := Start(Options{})
	require.NoError(t, err)
	t.Cleanup(first.Remove)
	second, err := first.Standby()
	require.NoError(t, err)
	t.Cleanup(second.Remove)
	require.NoError(t, first.Exec(t.Context(), "postgres", "CREATE TABLE kept (n int)"))
	require.ErrorContains(t, second.Exec(t.Context(), "postgres", "CREATE TABLE other ()"), "read-only")
	c := connect(t, first.DSN("postgres"))
	for n := range 200 {
		_, err := c.Exec(t.Context(), "INSERT INTO kept VALUES ($1)", n)
		require.NoError(t, err)
	}
	require.NoError(t, first.Kill())
	require.NoError(t, second.Promote())
	require.NoError(t, second.Exec(t.Context(), "postgres", "INSERT INTO kept VALUES (200)"))
	var n int
	require.NoError(t, connect(t, second.DSN("postgres")).QueryRow(t.Context(), "SELECT count(*) FROM kept").Scan(&n))
	require.Equal(t, 201, n)

	third, err := second.Standby()
	require.NoError(t, err, "the one that was promoted may have a standby in turn")
	third.Remove()
}

// The process of this test starts another of the same tests, which has a server and
// is killed.
func TestAServerEndsWithItsProcessHoweverThatEnds(t *testing.T) {
	if os.Getenv("PGTEST_IN") == "killed" {
		_, err := os.Stdout.WriteString("dir " + Shared(t).dir + "\n")
		require.NoError(t, err)
		select {}
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestAServerEndsWithItsProcessHoweverThatEnds$")
	cmd.Env = append(os.Environ(), "PGTEST_IN=killed")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	buffer := make([]byte, 200)
	n, err := out.Read(buffer)
	require.NoError(t, err)
	dir, found := strings.CutPrefix(strings.TrimSpace(string(buffer[:n])), "dir ")
	require.True(t, found)
	require.DirExists(t, dir)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	require.Eventually(t, func() bool { _, err := os.Stat(dir); return os.IsNotExist(err) }, patience, 20*time.Millisecond)
}
