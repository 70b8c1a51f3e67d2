package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the driver

	"ekycconnect/server/internal/consent"
)

const (
	// readers is small: reads take microseconds, and each connection has a cache.
	readers = 4

	// lockWait is how long a statement waits for a lock that another program
	// (an sqlite3 shell, a backup) holds on the file.
	lockWait = 2 * time.Second

	// Look-ups are by hash, so every consent touches pages all over their trees. Up
	// to 128 MiB of pages are cached, which is the trees over a million and a half
	// consents, and a commit writes the write-ahead log back once it holds 8000 pages,
	// 32 MiB (measured: a sixth less work than with SQLite's defaults, a cache of 2 MiB
	// and a log of 4).
	writerCache = "cache_size(-131072)"
	writerLog   = "wal_autocheckpoint(8000)"

	// What is deleted is overwritten: an erased record must not be left in the
	// file's free space.
	writerWipe = "secure_delete(1)"
)

// Store is a [consent.Store] in one directory.
type Store struct {
	path  string
	lock  *os.File
	write *sql.DB // one connection at most
	read  *sql.DB
	reads *queries

	readers readerPool
	recent  *recent      // nil in a store that is opened shared
	checked atomic.Int64 // Unix time in ns of the last check whether another process has written

	mu     sync.Mutex // held by a transaction
	writer *writer    // nil until the next one, and after a failure
	failed bool       // the last transaction did not succeed
	proven time.Time  // when a transaction of a consent's size last succeeded
	closed bool
	wrote  bool // at least once
}

var _ consent.Store = (*Store)(nil)

// Open opens or makes the ledger in dir, which is made if it is missing, for
// its owner alone. Its errors say what to do; nothing is served without it.
func Open(dir string) (*Store, error) { return open(dir, lockWait) }

func open(dir string, wait time.Duration) (_ *Store, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, fmt.Errorf("sqlite: data directory: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("sqlite: make the data directory: %w", err)
	}
	s := &Store{path: filepath.Join(dir, "ledger.db"), recent: newRecent(), readers: newReaderPool()}
	if s.lock, err = lockDirectory(dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if err := makeFile(s.path); err != nil {
		return nil, fmt.Errorf("sqlite: open the ledger: %w", err)
	}
	if s.write, err = connect(s.path, wait, writerCache, writerLog, writerWipe); err != nil {
		return nil, err
	}
	// No idle connection: one that is given back is closed, which undoes
	// whatever it had begun.
	s.write.SetMaxOpenConns(1)
	s.write.SetMaxIdleConns(0)
	ctx := context.Background()
	if err := readBack(ctx, s.write, s.path); err != nil {
		return nil, err
	}
	if err := migrate(ctx, s.write, s.path); err != nil {
		return nil, err
	}
	if err := s.prepare(ctx, wait); err != nil {
		return nil, err
	}
	return s, nil
}

// prepare opens what is read and written with.
func (s *Store) prepare(ctx context.Context, wait time.Duration) (err error) {
	if s.read, err = connect(s.path, wait, "query_only(1)"); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	prepared := &statements{prepare: s.read.PrepareContext}
	if s.reads = newQueries(ctx, prepared); prepared.err != nil {
		return failed("prepare", prepared.err)
	}
	return s.openWriter(ctx)
}

// openWriter sees to it that there is a writer. It needs the lock.
func (s *Store) openWriter(ctx context.Context) (err error) {
	if s.writer == nil {
		s.writer, err = newWriter(ctx, s.write, s.recent)
	}
	return err
}

// makeFile makes the file before SQLite does, so that nobody else can read it
// (SQLite gives its -wal and -shm files the same mode), and syncs the directories that name it,
// which SQLite does for its own new files only.
func makeFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Chmod(0o600), file.Close()); err != nil {
		return err
	}
	dir := filepath.Dir(path)
	return errors.Join(syncDirectory(dir), syncDirectory(filepath.Dir(dir)))
}

func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// connect opens a pool whose every connection has these settings and then the
// ones given.
func connect(path string, wait time.Duration, pragmas ...string) (*sql.DB, error) {
	name := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{
		"_pragma": append([]string{
			"busy_timeout(" + strconv.FormatInt(wait.Milliseconds(), 10) + ")",
			"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		}, pragmas...),
		"_txlock":    {"immediate"},
		"_dqs":       {"0"},
		"_defensive": {"1"},
	}.Encode()}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w", path, err)
	}
	return db, nil
}

// readBack refuses a database that does not do as it is told: a file system
// without shared memory has no WAL, and a setting that is misspelt is ignored.
func readBack(ctx context.Context, db *sql.DB, path string) error {
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"} {
		var got string
		if err := db.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(&got); err != nil {
			return fmt.Errorf("sqlite: open %s: %w", path, err)
		}
		if got != want {
			return fmt.Errorf("sqlite: %s: %s is %s and must be %s for commits to be durable: put the data directory on a local disk", path, pragma, got, want)
		}
	}
	return nil
}

// openPlain opens a database file as it is, for reading: no setting of it is
// changed and no file is created.
func openPlain(path string) (*sql.DB, error) {
	name := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"mode": {"ro"}, "_pragma": {"query_only(1)"}}.Encode()}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w", path, err)
	}
	return db, nil
}
