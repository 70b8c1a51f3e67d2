package consent_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/audit"
	"ekycconnect/server/internal/consent/sqlite"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/consent/translog"
	"ekycconnect/server/internal/consent/translog/checkpoint"
)

// anchored is a directory with a ledger in it that has an anchor.
type anchored struct {
	dir  string
	more int
}

func (a *anchored) options() consent.LogOptions {
	return consent.LogOptions{Origin: consent.SandboxOrigin, Anchor: filepath.Join(a.dir, "log.anchor")}
}

func (a *anchored) open(t *testing.T) *consent.Ledger {
	l, err := reopen(t, a.dir, storetest.Keys, consent.WithLog(a.options()))
	require.NoError(t, err)
	return l
}

// give records n more consents.
func (a *anchored) give(t *testing.T, l *consent.Ledger, n int) {
	for range n {
		a.more++
		_, err := l.Give(t.Context(), noticed(t, l, key(a.more)))
		require.NoError(t, err)
	}
}

// run opens the ledger, records n consents and closes it.
func (a *anchored) run(t *testing.T, n int) {
	l := a.open(t)
	a.give(t, l, n)
	require.NoError(t, l.Close())
}

func (a *anchored) file(name string) string { return filepath.Join(a.dir, name) }

func (a *anchored) copy(t *testing.T, from, to string) {
	text, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, text, 0o600))
}

func (a *anchored) anchor(t *testing.T) checkpoint.Checkpoint {
	text, err := os.ReadFile(a.file("log.anchor"))
	require.NoError(t, err)
	c, _, err := checkpoint.Parse(text)
	require.NoError(t, err)
	return c
}

func (a *anchored) verify(t *testing.T) audit.Report {
	from, err := sqlite.Inspect(t.Context(), a.dir)
	require.NoError(t, err)
	defer from.Close()
	report, err := audit.Verify(t.Context(), from, audit.Options{})
	require.NoError(t, err)
	return report
}

func (a *anchored) fork(t *testing.T, reason string) (translog.Forked, error) {
	store, err := sqlite.Open(a.dir)
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	return consent.ForkLog(t.Context(), store, storetest.Keys, a.options(), reason, storetest.Start)
}

// stopped checks that the ledger records nothing and says why, and still answers.
func stopped(t *testing.T, l *consent.Ledger, why string) {
	t.Helper()
	_, err := l.Give(t.Context(), storetest.Decision("a-key-of-one-who-comes-too-late"))
	require.ErrorIs(t, err, consent.ErrUnavailable)
	require.ErrorIs(t, err, consent.ErrLog)
	err = l.Ready(t.Context())
	require.ErrorIs(t, err, consent.ErrUnavailable)
	require.ErrorContains(t, err, why)
	_, err = l.Checkpoint(t.Context())
	require.NoError(t, err)
}

func TestAnOldCopyOfTheStoreStopsAllWritingUntilItIsAccepted(t *testing.T) {
	a := &anchored{dir: t.TempDir()}
	a.run(t, 5)
	a.copy(t, a.file("ledger.db"), a.file("copy.db"))
	a.run(t, 3)
	require.EqualValues(t, 8, a.anchor(t).Size)
	_, err := a.fork(t, "for no reason")
	require.ErrorContains(t, err, "nothing to do")

	a.copy(t, a.file("copy.db"), a.file("ledger.db"))
	l := a.open(t)
	stopped(t, l, "log_rolled_back: it has 5 entries, and the anchor "+a.file("log.anchor")+" has 8; find the newer data, or stop the relay and accept the loss with `relay log fork --reason TEXT`")
	require.EqualValues(t, 5, published(t, l).Size)
	require.NoError(t, l.Close())
	require.EqualValues(t, 8, a.anchor(t).Size, "what was seen is not forgotten")

	_, err = a.fork(t, " ")
	require.ErrorContains(t, err, "give a reason")
	forked, err := a.fork(t, "disk of 3 November lost, backup restored")
	require.NoError(t, err)
	require.EqualValues(t, 5, forked.Size)
	require.EqualValues(t, 8, forked.Lost.Size)
	require.FileExists(t, forked.Kept)
	require.EqualValues(t, 5, a.anchor(t).Size)

	a.run(t, 10)
	report := a.verify(t)
	require.EqualValues(t, 15, report.Size)
	require.Len(t, report.Forks, 1)
	require.Equal(t, "disk of 3 November lost, backup restored", report.Forks[0].Reason)
	require.EqualValues(t, 5, report.Forks[0].Size)
	lost, err := os.ReadFile(forked.Kept)
	require.NoError(t, err)
	require.Equal(t, lost, report.Forks[0].Lost)
}

func TestAnEmptyStoreBesideAnAnchorStopsAllWriting(t *testing.T) {
	a := &anchored{dir: t.TempDir()}
	a.run(t, 5)
	require.NoError(t, os.Remove(a.file("ledger.db")))
	l := a.open(t)
	_, err := l.Give(t.Context(), storetest.Decision(key(99)))
	require.ErrorIs(t, err, consent.ErrLog)
	require.ErrorContains(t, l.Ready(t.Context()), "it is empty, and the anchor")
	require.NoError(t, l.Close())
	_, err = a.fork(t, "the disk was lost")
	require.NoError(t, err)
	a.run(t, 1)
	require.EqualValues(t, 1, a.verify(t).Size)
}

func TestAStoreThatIsReplacedUnderARunningRelayStopsIt(t *testing.T) {
	l, faulty, _ := newFaulty(t)
	for i := range 5 {
		_, err := l.Give(t.Context(), storetest.Decision(key(i)))
		require.NoError(t, err)
	}
	older, err := sqlite.Open(t.TempDir())
	require.NoError(t, err)
	other, err := consent.New(older, storetest.Keys, storetest.NewClock().Now, quiet)
	require.NoError(t, err)
	_, err = other.Give(t.Context(), storetest.Decision(key(0)))
	require.NoError(t, err)
	faulty.Replace(older)
	stopped(t, l, "log_rolled_back: it has 1 entries and had 5")
}

// What another relay wrote and nobody was told of may be lost with a primary whose
// replica lacks it. Who has only read it is not stopped by that.
func TestAHeadThatNothingWasCommittedOnMayBeLost(t *testing.T) {
	dir, promoted := t.TempDir(), t.TempDir()
	store, err := sqlite.Open(dir)
	require.NoError(t, err)
	faulty := &storetest.Faulty{Store: store}
	l := storetest.NewLedger(t, faulty, storetest.NewClock())
	_, err = l.Give(t.Context(), storetest.Decision(key(1)))
	require.NoError(t, err)
	_, err = sqlite.Backup(t.Context(), dir, filepath.Join(promoted, "ledger.db"))
	require.NoError(t, err)
	shared, err := sqlite.OpenShared(t.Context(), dir)
	require.NoError(t, err)
	_, err = storetest.NewLedger(t, shared, storetest.NewClock()).Give(t.Context(), storetest.Decision(key(2)))
	require.NoError(t, err)

	faulty.Fail(storetest.Commit)
	_, err = l.Give(t.Context(), storetest.Decision(key(3)))
	require.ErrorIs(t, err, consent.ErrUnavailable)
	replica, err := sqlite.Open(promoted)
	require.NoError(t, err)
	faulty.Replace(replica)
	state, err := l.Give(t.Context(), storetest.Decision(key(3)))
	require.NoError(t, err)
	record, err := l.Record(t.Context(), state.ID())
	require.NoError(t, err)
	require.EqualValues(t, 1, record.Events[0].Index)
}

func TestALogKeepsItsName(t *testing.T) {
	dir := t.TempDir()
	first, err := reopen(t, dir, storetest.Keys)
	require.NoError(t, err)
	require.NoError(t, first.Close())
	_, err = reopen(t, dir, storetest.Keys, consent.WithLog(consent.LogOptions{Origin: "moved.example/v1/log"}))
	require.ErrorContains(t, err, fmt.Sprintf("write `log: {origin: %s}`", consent.SandboxOrigin))
}

func TestCheckpointsArePublishedEverySoOften(t *testing.T) {
	l, faulty, _ := newFaulty(t, consent.WithLog(consent.LogOptions{Origin: consent.SandboxOrigin, PublishEvery: 200 * time.Millisecond}))
	for i := range 3 {
		_, err := l.Give(t.Context(), storetest.Decision(key(i)))
		require.NoError(t, err)
	}
	tile := tlog.Tile{H: translog.TileHeight, W: 3}
	require.Eventually(t, func() bool { return published(t, l).Size == 3 }, time.Minute, 10*time.Millisecond)
	_, err := l.Tile(t.Context(), tile)
	require.NoError(t, err)
	_, err = l.Give(t.Context(), storetest.Decision(key(3)))
	require.NoError(t, err)
	before := faulty.Transactions() // all that came before the decision has ended, too
	if published(t, l).Size == 3 {  // else the next publication came in between
		tile.W = 4
		_, err = l.Tile(t.Context(), tile)
		if published(t, l).Size == 3 {
			require.ErrorIs(t, err, consent.ErrNotFound, "recorded, and not yet published")
		}
	}
	require.Eventually(t, func() bool { return published(t, l).Size == 4 }, time.Minute, 10*time.Millisecond)
	require.LessOrEqual(t, faulty.Transactions(), before+1, "nothing is written while there is nothing new")
}
