package postgres

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/audit"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/pgtest"
)

// Package sqlite has the whole of this test; here is what the reading may get
// wrong: each table, each column, the first row and the last.
func TestAChangeOfAnyColumnIsFoundAndNamed(t *testing.T) {
	dsn := pgtest.Database(t)
	l := relay(t, dsn, storetest.NewClock())
	for i := range 5 {
		d := noticed(t, l, fmt.Sprintf("key-number-%06d", i))
		d.Subject, d.SubjectSource = fmt.Sprint("customer-", i), "page"
		state, err := l.Give(t.Context(), d)
		require.NoError(t, err)
		_, err = l.Redeem(t.Context(), consent.Redemption{ConsentID: state.ID(), JTI: d.IdempotencyKey, Token: "t", Reply: "r"})
		require.NoError(t, err)
	}
	require.EqualValues(t, 10, verified(t, dsn).Size)
	conn := connected(t, dsn)
	do := func(statement string) {
		t.Helper()
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	for _, table := range []string{"event", "claim", "place", "notice", "head", "checkpoint"} {
		do("ALTER TABLE " + table + " DISABLE TRIGGER USER")
	}
	const number, text, bytes = "%s + 1048576", "'x' || %s", `%s || '\x00'`
	for _, c := range []struct{ table, column, to, row string }{
		{"event", "idx", number, "event"}, {"event", "kind", text, "event"}, {"event", "site", text, "event"},
		{"event", "at", number, "event"}, {"event", "consent", "gen_random_uuid()", "event"},
		{"event", "bytes", bytes, "event"}, {"event", "salt", "sha256(%s)", "event"},
		{"event", "entry", "sha256(%s)", ""}, {"event", "above", "%s || sha256(entry)", "hash"},
		{"claim", "idx", number, "event"}, {"claim", "key", "gen_random_uuid()", "event"}, {"claim", "proof", "gen_random_uuid()", "event"},
		{"place", "idx", number, "event"}, {"place", "key", "gen_random_uuid()", "event"},
		{"notice", "bytes", bytes, "notice"}, {"notice", "sha256", "sha256(%s)", "notice"},
		{"head", "origin", text, "head"}, {"head", "size", number, ""}, {"head", "note", bytes, "head"},
		{"head", "checkpoints", number, ""}, {"head", "published", number, ""},
		{"checkpoint", "size", number, "checkpoint"}, {"checkpoint", "note", bytes, "checkpoint"},
	} {
		for _, end := range []string{"min", "max"} {
			t.Run(fmt.Sprintf("%s.%s, %s", c.table, c.column, end), func(t *testing.T) {
				to := c.to
				if strings.Contains(to, "%s") {
					to = fmt.Sprintf(to, c.column)
				}
				do("BEGIN")
				do(fmt.Sprintf("CREATE TABLE was AS SELECT * FROM %s", c.table))
				do(fmt.Sprintf("UPDATE %s SET %s = %s WHERE ctid = (SELECT %s(ctid) FROM %s)", c.table, c.column, to, end, c.table))
				do("COMMIT")
				_, err := verify(t, dsn)
				do("BEGIN")
				do("DELETE FROM " + c.table)
				do(fmt.Sprintf("INSERT INTO %s SELECT * FROM was", c.table))
				do("DROP TABLE was")
				do("COMMIT")
				require.True(t, audit.IsFault(err), "not noticed: %v", err)
				require.Contains(t, err.Error(), c.row)
			})
		}
	}
	require.EqualValues(t, 10, verified(t, dsn).Size, "it was that alone")
}
