package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/app"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/sqlite"
)

func TestABackupIsOneMomentOfALedgerThatIsWritten(t *testing.T) {
	s := newServing(t)
	for i := range 50 {
		s.give(t, fmt.Sprintf("key-before-number-%03d", i))
	}
	ctx, stop := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			if _, err := s.Give(t.Context(), decision(fmt.Sprintf("key-meanwhile-number-%06d", i))); err != nil {
				t.Errorf("the relay stopped recording: %v", err)
				return
			}
		}
	})
	defer func() { stop(); writer.Wait() }()
	out := t.TempDir()
	for i := range 5 {
		file := filepath.Join(out, fmt.Sprintf("backup-%d.db", i))
		code, stdout, stderr := relayed(t, nil, "store", "backup", "--data", s.dir, "--out", file)
		require.Zero(t, code, stderr)
		require.Contains(t, stdout, "written and checked")
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.EqualValues(t, 0o600, info.Mode().Perm())

		// Restored, it is a ledger whose log is whole.
		dir := t.TempDir()
		require.NoError(t, os.Rename(file, filepath.Join(dir, "ledger.db")))
		code, _, stderr = relayed(t, nil, "log", "verify", "--data", dir)
		require.Zero(t, code, stderr)
		store, err := sqlite.Open(dir)
		require.NoError(t, err)
		require.NoError(t, store.Close())
	}
	left, err := os.ReadDir(out)
	require.NoError(t, err)
	require.Empty(t, left, "no temporary file is left")
}

// The relay shows when the newest backup began: of what came later the copy has nothing.
func TestABackupIsNotedForTheRelay(t *testing.T) {
	s := newServing(t)
	require.Zero(t, app.LastBackup(s.dir))
	begin := time.Now().Truncate(time.Second)
	code, _, stderr := relayed(t, nil, "store", "backup", "--data", s.dir, "--out", filepath.Join(t.TempDir(), "backup.db"))
	require.Zero(t, code, stderr)
	require.WithinRange(t, app.LastBackup(s.dir), begin, time.Now())
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "backup.time"), []byte("soon"), 0o600))
	require.Zero(t, app.LastBackup(s.dir))
	require.NoError(t, os.Remove(filepath.Join(s.dir, "backup.time")))
	require.NoError(t, os.Mkdir(filepath.Join(s.dir, "backup.time"), 0o700))
	code, _, stderr = relayed(t, nil, "store", "backup", "--data", s.dir, "--out", filepath.Join(t.TempDir(), "backup.db"))
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "is written and checked, but the relay cannot be told")
}

func TestABackupNeverReplacesAFile(t *testing.T) {
	s := newServing(t)
	file := filepath.Join(t.TempDir(), "notes.txt")
	require.NoError(t, os.WriteFile(file, []byte("mine"), 0o600))
	code, _, stderr := relayed(t, nil, "store", "backup", "--data", s.dir, "--out", file)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "was not touched")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "mine", string(text))
}

// What server/docs/restore.md says: an older copy is noticed by the anchor, and
// nothing is recorded before somebody decides.
func TestARestoredOlderCopyRecordsNothingBeforeSomebodyDecides(t *testing.T) {
	s := newServing(t)
	s.give(t, "key-before-the-backup")
	file := filepath.Join(t.TempDir(), "backup.db")
	code, _, stderr := relayed(t, nil, "store", "backup", "--data", s.dir, "--out", file)
	require.Zero(t, code, stderr)
	s.give(t, "key-after-the-backup")
	require.NoError(t, s.Close())

	require.NoError(t, os.Rename(file, filepath.Join(s.dir, "ledger.db")))
	for _, beside := range []string{"ledger.db-wal", "ledger.db-shm"} {
		require.NoError(t, os.RemoveAll(filepath.Join(s.dir, beside)))
	}
	s.open(t)
	_, err := s.Give(t.Context(), decision("key-after-the-restore"))
	require.ErrorIs(t, err, consent.ErrUnavailable)
	require.ErrorContains(t, err, "relay log fork")
	require.NoError(t, s.Close())

	code, _, stderr = relayed(t, nil, "log", "fork", "--data", s.dir, "--reason", "the disk was lost")
	require.Zero(t, code, stderr)
	s.open(t)
	_, err = s.Give(t.Context(), decision("key-after-the-restore"))
	require.NoError(t, err)
}
