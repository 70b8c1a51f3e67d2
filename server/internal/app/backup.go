package app

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// backupFile says in the data directory when the ledger was backed up last, for the
// relay that serves: it is another program that backs up.
const backupFile = "backup.time"

// NoteBackup notes that the ledger in a directory was backed up.
func NoteBackup(data string, at time.Time) error {
	file := filepath.Join(data, backupFile)
	if err := os.WriteFile(file+".new", []byte(at.UTC().Format(time.RFC3339)+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// LastBackup is when the ledger in a directory was backed up last; zero if that is not
// known.
func LastBackup(data string) time.Time {
	text, err := os.ReadFile(filepath.Join(data, backupFile))
	if err != nil {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(string(text)))
	if err != nil {
		return time.Time{}
	}
	return at
}
