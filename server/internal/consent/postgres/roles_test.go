package postgres

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/pgtest"
	"ekycconnect/server/internal/secret"
)

// roles makes a database whose tables one role owns, and two more roles.
func roles(t *testing.T) (super, owner, serving, eraser string) {
	t.Helper()
	super = pgtest.Database(t)
	u, err := url.Parse(super)
	require.NoError(t, err)
	name, tag := u.Path[1:], strings.ToLower(rand.Text()[:8])
	dsns := make([]string, 3)
	for i, role := range []string{"owner", "serving", "eraser"} {
		user, password := role+"_"+tag, "canary-"+rand.Text()
		require.NoError(t, pgtest.Shared(t).Exec(t.Context(), name, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", user, password)))
		u.User = url.UserPassword(user, password)
		dsns[i] = u.String()
	}
	require.NoError(t, pgtest.Shared(t).Exec(t.Context(), name, "ALTER DATABASE "+name+" OWNER TO owner_"+tag))
	require.NoError(t, Migrate(t.Context(), secret.New(dsns[0]), secret.New(dsns[1]), secret.New(dsns[2])))
	return super, dsns[0], dsns[1], dsns[2]
}

func connected(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

// forged are statements that no role may run, triggers refuse them even to the
// owner.
var forged = []string{
	`UPDATE event SET kind = 'refused' WHERE idx = 1`,
	`DELETE FROM event WHERE idx = 2`,
	`TRUNCATE event`,
	`INSERT INTO event SELECT 9, at, consent, kind, site, entry, above, salt, bytes FROM event WHERE idx = 0`,
	`INSERT INTO event SELECT idx, at, consent, 'used', site, entry, above, salt, bytes FROM event WHERE idx = 1 ON CONFLICT (idx) DO UPDATE SET kind = 'used'`,
	`UPDATE event SET bytes = '{}' WHERE idx = 1`,
	`UPDATE event SET bytes = '' WHERE idx = 1`,
	`UPDATE event SET salt = '' WHERE idx = 1`,
	`UPDATE event SET bytes = '', salt = '', kind = 'refused' WHERE idx = 1`,
	`UPDATE event SET bytes = '', salt = '', site = 'x' WHERE idx = 1`,
	`UPDATE event SET bytes = '', salt = '', consent = gen_random_uuid() WHERE idx = 1`,
	`UPDATE event SET bytes = '', salt = '', at = at + 1 WHERE idx = 1`,
	`UPDATE event SET bytes = '', salt = '', idx = 9 WHERE idx = 1`,
	`UPDATE event SET bytes = '', salt = '', above = entry WHERE idx = 0`,
	`UPDATE event SET bytes = '', salt = '', entry = sha256(entry) WHERE idx = 1`,
	`DELETE FROM head`,
	`UPDATE head SET size = 0`,
	`UPDATE head SET origin = 'other.example'`,
	`UPDATE checkpoint SET size = 99`,
	`DELETE FROM checkpoint`,
	`INSERT INTO checkpoint SELECT min(size) - 1, '' FROM checkpoint`,
	`UPDATE claim SET idx = 0`,
	`UPDATE place SET idx = 0`,
	`UPDATE notice SET bytes = ''`,
	`DELETE FROM notice`,
	`UPDATE log_key SET vkey = 'x'`,
	`DELETE FROM log_key`,
	`UPDATE fingerprint SET print = '\\x0000000000000000'`,
	`DELETE FROM fingerprint`,
	`TRUNCATE event, claim, place, notice, head, checkpoint, log_key, fork`,
}

func TestNoRoleMayChangeWhatWasRecorded(t *testing.T) {
	super, owner, serving, eraser := roles(t)
	l := relay(t, serving, storetest.NewClock())
	for i := range 3 {
		d := noticed(t, l, fmt.Sprintf("key-number-%06d", i))
		d.Subject, d.SubjectSource = "customer", "page"
		_, err := l.Give(t.Context(), d)
		require.NoError(t, err)
	}
	for _, dsn := range []string{super, owner, serving, eraser} {
		conn := connected(t, dsn)
		for _, statement := range forged {
			_, err := conn.Exec(t.Context(), statement)
			require.Error(t, err, statement)
		}
	}
	// What the one who erases may, the one who serves may not.
	for _, statement := range []string{
		`UPDATE event SET bytes = '', salt = '' WHERE idx = 1`,
		`DELETE FROM claim WHERE idx = 1`,
		`DELETE FROM place WHERE idx = 1`,
		`INSERT INTO hold VALUES (gen_random_uuid(), 'x', 1)`,
		`DELETE FROM hold`,
	} {
		_, err := connected(t, serving).Exec(t.Context(), statement)
		require.ErrorContains(t, err, "permission denied", statement)
		_, err = connected(t, eraser).Exec(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	for _, dsn := range []string{serving, eraser} {
		for _, statement := range []string{`CREATE TEMP TABLE event (idx int)`, `CREATE TABLE mine ()`, `DROP TABLE event`, `ALTER TABLE event DISABLE TRIGGER ALL`} {
			_, err := connected(t, dsn).Exec(t.Context(), statement)
			require.Error(t, err, statement)
		}
	}
	_, err := verify(t, super)
	require.ErrorContains(t, err, "event 1: its text is blank", "the log tells of it")
}

func TestTheRoleThatServesCannotEraseAndTheOtherCan(t *testing.T) {
	_, _, serving, eraser := roles(t)
	l, other := relay(t, serving, storetest.NewClock()), relay(t, eraser, storetest.NewClock())
	state, err := l.Give(t.Context(), noticed(t, l, "key-of-the-erased"))
	require.NoError(t, err)
	e := consent.Erasure{IDs: []string{state.ID()}, Via: consent.ViaOperator, Reason: "case"}
	_, err = l.Erase(t.Context(), e)
	require.ErrorContains(t, err, "permission denied for table event")
	require.NotErrorIs(t, err, consent.ErrUnavailable)
	_, err = l.State(t.Context(), state.ID())
	require.NoError(t, err, "nothing of it was written")
	n, err := other.Erase(t.Context(), e)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_, err = l.State(t.Context(), state.ID())
	require.ErrorIs(t, err, consent.ErrErased)
	require.EqualValues(t, 1, verified(t, serving).Erased)
}

func TestNoErrorHoldsThePassword(t *testing.T) {
	good := pgtest.Database(t)
	u, err := url.Parse(good)
	require.NoError(t, err)
	with := func(change func(*url.URL)) string {
		other := *u
		other.User = url.UserPassword("postgres", "CANARY:p@ss/w?rd")
		change(&other)
		return other.String()
	}
	for name, dsn := range map[string]string{
		"wrong password":      with(func(*url.URL) {}),
		"nobody listens":      with(func(u *url.URL) { u.Host = "127.0.0.1:1" }),
		"no such host":        with(func(u *url.URL) { u.Host = "[::1" }),
		"a bad port":          with(func(u *url.URL) { u.Host = "127.0.0.1:x" }),
		"a bad setting":       with(func(u *url.URL) { u.RawQuery = "sslmode=CANARYmode" }),
		"two bad hosts":       with(func(u *url.URL) { u.Host = "127.0.0.1:1,127.0.0.1:2" }),
		"not an URL":          "postgres://postgres:CANARY%zz@127.0.0.1/x",
		"not escaped":         "postgres://postgres:CANARY#a@b:c@127.0.0.1:1/x",
		"another scheme":      "mysql://root:CANARY@127.0.0.1/x",
		"words":               "host=127.0.0.1 password=CANARY",
		"password in a query": with(func(u *url.URL) { u.User = nil; u.Host = "127.0.0.1:1"; u.RawQuery = "user=a&password=CANARY" }),
	} {
		at := secret.New(dsn)
		_, opening := Open(t.Context(), at)
		require.Error(t, opening, name)
		_, inspecting := Inspect(t.Context(), at)
		require.Error(t, inspecting, name)
		_, looking := Describe(t.Context(), at)
		require.Error(t, looking, name)
		for _, text := range []string{opening.Error(), inspecting.Error(), looking.Error(), fmt.Sprintf("%+v", opening), Name(at), User(at)} {
			require.NotContains(t, text, "CANARY", name)
			require.NotContains(t, text, "p@ss", name)
			require.NotContains(t, text, "p%40ss", name)
		}
	}
}
