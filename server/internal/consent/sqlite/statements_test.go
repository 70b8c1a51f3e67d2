package sqlite

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// However many rows there are, each is written once and found once.
func TestSeveralRowsAreWrittenAndFoundOnce(t *testing.T) {
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "several.db"))
	require.NoError(t, err)
	defer db.Close()
	for _, n := range []int{0, 1, atOnce - 1, atOnce, atOnce + 1, 3*atOnce - 1, 3 * atOnce} {
		table := fmt.Sprint("t", n)
		_, err = db.Exec("CREATE TABLE " + table + " (key INTEGER PRIMARY KEY, value INTEGER)")
		require.NoError(t, err)
		s := &statements{prepare: db.PrepareContext}
		insert := s.addSeveral(t.Context(), "INSERT INTO "+table+" (key, value) VALUES %s", "(?,?)")
		find := s.addSeveral(t.Context(), "SELECT key, value FROM "+table+" WHERE key IN (%s)", "?")
		require.NoError(t, s.err)
		want, found := map[int]int{}, map[int]int{}
		require.NoError(t, insert.exec(t.Context(), n, func(args []any, i int) []any {
			want[i] = i * i
			return append(args, i, i*i)
		}))
		require.NoError(t, find.query(t.Context(), n, func(i int) any { return i }, func(row *sql.Rows) error {
			var key, value int
			err := row.Scan(&key, &value)
			require.NotContains(t, found, key)
			found[key] = value
			return err
		}))
		require.Equal(t, want, found)
		twice := insert.exec(t.Context(), n, func(args []any, i int) []any { return append(args, i, 0) })
		require.Equal(t, n > 0, twice != nil, "an error is told")
		s.close()
	}
}
