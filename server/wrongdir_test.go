package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/pgtest"
)

// A command on a wrong directory says so, and makes nothing there.
func TestACommandOnAWrongDirectoryMakesNothing(t *testing.T) {
	outside := t.TempDir()
	target := pgtest.Database(t)
	const id = "019ab000-0000-7000-8000-000000000000"
	commands := map[string][]string{
		"log verify":       {"log", "verify", "--data"},
		"log fork":         {"log", "fork", "--reason", "a restored backup", "--data"},
		"consents export":  {"consents", "export", "--out", filepath.Join(outside, "records"), "--data"},
		"consents erase":   {"consents", "erase", id, "--reason", "case", "--data"},
		"consents expired": {"consents", "erase", "--expired", "--data"},
		"consents hold":    {"consents", "hold", id, "--reason", "case", "--data"},
		"consents release": {"consents", "release", id, "--data"},
		"consents holds":   {"consents", "holds", "--data"},
		"consents show":    {"consents", "show", id, "--data"},
		"store rekey":      {"store", "rekey", "--key", "lookup", "--reason", "case", "--data"},
		"store backup":     {"store", "backup", "--out", filepath.Join(outside, "backup.db"), "--data"},
		"store copy":       {"store", "copy", "--to", target, "--from"},
	}
	dirs := map[string]func(t *testing.T, dir string){
		"empty":    func(t *testing.T, dir string) {},
		"not made": func(t *testing.T, dir string) { require.NoError(t, os.Remove(dir)) },
		"a file of nothing": func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "ledger.db"), nil, 0o600))
		},
		"another program's": func(t *testing.T, dir string) {
			db, err := sql.Open("sqlite", filepath.Join(dir, "ledger.db"))
			require.NoError(t, err)
			_, err = db.ExecContext(t.Context(), `CREATE TABLE photo (id INTEGER)`)
			require.NoError(t, err)
			require.NoError(t, db.Close())
		},
		"keys alone, and an anchor": func(t *testing.T, dir string) {
			code, _, errs := relayed(t, nil, "keygen", "keys", "--out", filepath.Join(dir, "keys.yaml"))
			require.Zero(t, code, errs)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "log.anchor"), []byte("of a lost ledger"), 0o600))
		},
	}
	holds := func(dir string) (files map[string]string) {
		files = map[string]string{}
		names, _ := filepath.Glob(filepath.Join(dir, "*"))
		for _, name := range append(names, dir) {
			text, _ := os.ReadFile(name)
			files[name] = string(text)
			if _, err := os.Stat(name); err != nil {
				files[name] = "absent"
			}
		}
		return files
	}
	for of, args := range commands {
		for what, make := range dirs {
			t.Run(of+", "+what, func(t *testing.T) {
				dir := t.TempDir()
				make(t, dir)
				before := holds(dir)
				code, _, errs := relayed(t, nil, append(args, dir)...)
				require.Equal(t, 1, code)
				require.Contains(t, errs, "there is no ledger at "+filepath.Join(dir, "ledger.db"))
				require.Contains(t, errs, "name its data directory")
				require.Equal(t, before, holds(dir))
			})
		}
	}
	left, err := os.ReadDir(outside)
	require.NoError(t, err)
	require.Empty(t, left)
	requireNoTables(t, target)
}

// Nor does a command on a database without a ledger make tables in it.
func TestACommandOnAWrongDatabaseMakesNothing(t *testing.T) {
	d := newDatabase(t)
	file := d.configured(t, "store: "+d.owner)
	for _, args := range [][]string{
		{"log", "verify"}, {"log", "fork", "--reason", "a restored backup"}, {"consents", "export"}, {"consents", "erase", "--expired"}, {"consents", "holds"},
	} {
		code, _, errs := d.relayed(t, append(args, "--config", file)...)
		require.Equal(t, 1, code, args)
		require.Contains(t, errs, "holds no ledger", args)
		requireNoTables(t, d.dsn)
	}
}

func requireNoTables(t *testing.T, dsn string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	var tables int
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`).Scan(&tables))
	require.Zero(t, tables)
}
