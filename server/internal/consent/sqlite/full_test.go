package sqlite

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	lib "modernc.org/sqlite/lib"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
)

// small is a directory that a test can fill: a file system of its own for root, and for
// others a limit on the size of a file.
type small struct {
	dir  string
	fill func(t *testing.T, left int64)
	free func(t *testing.T)
}

// ofItsOwn is set in a process that may limit itself.
const ofItsOwn = "EKYC_TEST_PROCESS_OF_ITS_OWN"

func limited(t *testing.T) small {
	signal.Ignore(syscall.SIGXFSZ) // the write fails then
	var before syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
	dir := t.TempDir()
	free := func(t *testing.T) { require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before)) }
	t.Cleanup(func() { free(t) })
	return small{dir, func(t *testing.T, left int64) {
		log, err := os.Stat(filepath.Join(dir, "ledger.db-wal"))
		require.NoError(t, err)
		require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(log.Size() + left), Max: before.Max}))
	}, free}
}

func mounted(t *testing.T) small {
	dir := t.TempDir()
	require.NoError(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"))
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	ballast := filepath.Join(dir, "ballast")
	return small{dir, func(t *testing.T, left int64) {
		var about syscall.Statfs_t
		require.NoError(t, syscall.Statfs(dir, &about))
		require.NoError(t, os.WriteFile(ballast, make([]byte, int64(about.Bavail)*about.Bsize-left), 0o600))
	}, func(t *testing.T) { require.NoError(t, os.Remove(ballast)) }}
}

// mayMount reports whether file systems can be mounted: by root, but not in every
// container.
func mayMount(t *testing.T) bool {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		require.ErrorIs(t, err, syscall.EPERM)
		return false
	}
	require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH))
	return true
}

// On a full disk readiness says what a decision will find, however much is left, and
// both work again by themselves once there is room.
func TestReadinessMeansThatAConsentCanBeRecorded(t *testing.T) {
	kinds := map[string]func(*testing.T) small{}
	if os.Getenv(ofItsOwn) != "" {
		kinds["a file's greatest size"] = limited
	} else {
		// The limit is the whole process's, and this one may be writing files for go test.
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
		child.Env = append(os.Environ(), ofItsOwn+"=1")
		said, err := child.CombinedOutput()
		require.NoError(t, err, "%s", said)
		require.Contains(t, string(said), "40960_bytes_left")
		if mayMount(t) {
			kinds["a small file system"] = mounted
		}
	}
	for kind, make := range kinds {
		for _, left := range []int64{0, 4096, 20 << 10, 40 << 10} {
			t.Run(fmt.Sprintf("%s, %d bytes left", kind, left), func(t *testing.T) {
				disk := make(t)
				store := opened(t, disk.dir)
				l := storetest.NewLedger(t, store, storetest.NewClock())
				_, err := l.Give(t.Context(), storetest.Decision("key-before-the-trouble"))
				require.NoError(t, err)
				require.NoError(t, l.Ready(t.Context()))

				store.proven = time.Time{} // as a second later
				disk.fill(t, left)
				for range 3 {
					require.ErrorIs(t, l.Ready(t.Context()), consent.ErrUnavailable)
				}
				d := storetest.Decision("key-during-the-trouble")
				d.ClientBuild = strings.Repeat("x", 64<<10)
				_, err = l.Give(t.Context(), d)
				require.ErrorIs(t, err, consent.ErrUnavailable)
				for range 3 {
					require.ErrorIs(t, l.Ready(t.Context()), consent.ErrUnavailable)
				}
				left, err := filepath.Glob(filepath.Join(disk.dir, ".room-*"))
				require.NoError(t, err)
				require.Empty(t, left)

				disk.free(t)
				require.NoError(t, l.Ready(t.Context()))
				after, err := l.Give(t.Context(), d)
				require.NoError(t, err)
				record, err := l.Consent(t.Context(), after.Site, after.ID())
				require.NoError(t, err)
				require.EqualValues(t, 1, record.Events[0].Index, "nothing was written meanwhile")
			})
		}
	}
}

// A consent takes no more than readiness writes, and readiness writes no more than once
// in the time that a commit proves something for.
func TestReadinessWritesAsMuchAsAConsentAndSeldom(t *testing.T) {
	store := opened(t, t.TempDir())
	l := storetest.NewLedger(t, store, storetest.NewClock())
	grown := func(do func()) int64 {
		before, err := os.Stat(store.path + "-wal")
		require.NoError(t, err)
		do()
		after, err := os.Stat(store.path + "-wal")
		require.NoError(t, err)
		return after.Size() - before.Size()
	}
	most := int64(0)
	for i := range 300 {
		most = max(most, grown(func() {
			d := storetest.Decision(fmt.Sprintf("key-number-%06d", i))
			d.Subject, d.SubjectSource, d.TicketID = fmt.Sprint("customer-", i), "ticket", fmt.Sprint("ticket-", i)
			_, err := l.Give(t.Context(), d)
			require.NoError(t, err)
		}))
	}
	store.proven = time.Time{}
	asked := grown(func() { require.NoError(t, l.Ready(t.Context())) })
	require.Greater(t, asked, most)
	t.Logf("a consent writes %d bytes at most, readiness %d", most, asked)
	store.proven = time.Now().Add(time.Hour) // it lasts, however slow this machine is
	require.Zero(t, grown(func() {
		for range 20 {
			require.NoError(t, l.Ready(t.Context()))
		}
	}))
}

// SQLite has a result code of its own for a full disk, and none for a full quota: that
// is a failed write, like any other.
func TestWhatIsFullIsToldByTrying(t *testing.T) {
	for errno, full := range map[syscall.Errno]bool{syscall.ENOSPC: true, syscall.EDQUOT: true, syscall.EFBIG: true, syscall.EIO: false, syscall.EROFS: false} {
		require.Equal(t, full, isFull(&os.PathError{Op: "write", Path: "x", Err: errno}), errno)
	}
	store := opened(t, t.TempDir())
	l := storetest.NewLedger(t, store, storetest.NewClock())
	_, err := l.Give(t.Context(), storetest.Decision("key-before-the-trouble"))
	require.NoError(t, err)
	// Writing works again: another transaction stands in the place of the failed one.
	store.mu.Lock()
	err = store.judgeCommit(t.Context(), failure(lib.SQLITE_IOERR_WRITE))
	store.mu.Unlock()
	require.ErrorIs(t, err, consent.ErrUnavailable)
	// It does not, and not for want of room: nobody knows.
	other, err := connect(store.path, 0)
	require.NoError(t, err)
	defer other.Close()
	conn, err := other.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)
	store.mu.Lock()
	err = store.judgeCommit(t.Context(), failure(lib.SQLITE_IOERR_WRITE))
	store.mu.Unlock()
	require.ErrorIs(t, err, consent.ErrUnknownOutcome)
	_, err = conn.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
}
