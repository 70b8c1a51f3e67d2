package translog

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"ekycconnect/server/internal/consent/translog/checkpoint"
)

// rootOf is the RFC 6962 root of the entries from first to before end, as section
// 2.1 defines it.
func rootOf(first, end int64) tlog.Hash {
	if end-first == 1 {
		e := entry(first)
		return tlog.RecordHash(e[:])
	}
	k := int64(1)
	for k*2 < end-first {
		k *= 2
	}
	return tlog.NodeHash(rootOf(first, first+k), rootOf(first+k, end))
}

// proven checks the proof of every entry against the newest checkpoint.
func proven(t *testing.T, l *Log, size int64) {
	t.Helper()
	for i := range size {
		p, err := l.Proof(t.Context(), i)
		require.NoError(t, err)
		c := openNote(t, l, p.Checkpoint)
		require.Equal(t, size, c.Size)
		e, hashes := entry(i), make(tlog.RecordProof, len(p.Hashes))
		for j := range p.Hashes {
			hashes[j] = p.Hashes[j]
		}
		require.NoError(t, tlog.CheckRecord(hashes, c.Size, c.Root, i, tlog.RecordHash(e[:])))
	}
	for _, i := range []int64{-1, size} {
		_, err := l.Proof(t.Context(), i)
		require.ErrorIs(t, err, ErrNotFound)
	}
}

func TestEveryEntryIsProvenByTheNewestCheckpoint(t *testing.T) {
	m := new(memory)
	l := open(t, m, Options{})
	size := int64(0)
	for _, n := range []int64{1, 1, 2, 3, 5, 8, 13, 64, 33} {
		require.NoError(t, add(t, l, m, n))
		size += n
		require.Equal(t, rootOf(0, size), openNote(t, l, m.rows.head.Note).Root)
	}
	proven(t, l, size)
	l = open(t, m, Options{})
	require.NoError(t, add(t, l, m, 1))
	proven(t, l, size+1)
}

func TestALogBeginsWithWhatWasWrittenBeforeIt(t *testing.T) {
	m := new(memory)
	for i := range int64(2*begunAtATime + 7) {
		m.rows.entries = append(m.rows.entries, entry(i))
	}
	l := open(t, m, Options{})
	size := int64(len(m.rows.entries))
	require.Equal(t, rootOf(0, size), openNote(t, l, m.rows.head.Note).Root)
	require.Equal(t, m.rows.head.Note, m.rows.published.Note)
	require.Len(t, m.rows.leaves, int(size))
	require.NoError(t, add(t, l, m, 1))
	require.Equal(t, rootOf(0, size+1), openNote(t, l, m.rows.head.Note).Root)

	// Entries that are not there cannot be begun with.
	gap := new(memory)
	gap.rows.entries = m.rows.entries[:5]
	lacking := newLog(t, gap, Options{})
	err := gap.transact(t.Context(), func(tx Tx) error {
		_, err := lacking.begin(t.Context(), tx, 6)
		return err
	})
	require.ErrorIs(t, err, ErrStopped)
	require.ErrorContains(t, err, "event 5 of 6 is missing")
}

func TestLogsOnOneStoreFollowEachOther(t *testing.T) {
	m := new(memory)
	one, other := open(t, m, Options{}), open(t, m, Options{})
	for range 5 {
		require.NoError(t, add(t, one, m, 2))
		require.NoError(t, add(t, other, m, 3))
	}
	proven(t, one, 25)
	proven(t, other, 25)
}

func TestAStoreThatIsReplacedStopsTheLog(t *testing.T) {
	m := new(memory)
	l := open(t, m, Options{})
	require.NoError(t, add(t, l, m, 3))
	older := m.rows.clone()
	require.NoError(t, add(t, l, m, 3))
	for why, replacement := range map[string]rows{
		"log_rolled_back: it has 3 entries and had 6":                                              older,
		"log_rolled_back: its first 6 entries are not those of the one that this relay wrote last": unlike(t, 9),
	} {
		replaced := &memory{rows: replacement}
		running := newLog(t, replaced, Options{})
		running.newest = l.newest
		err := add(t, running, replaced, 1)
		require.ErrorIs(t, err, ErrStopped)
		require.ErrorContains(t, err, why)
		replaced.rows = m.rows.clone()
		require.ErrorIs(t, add(t, running, replaced, 1), ErrStopped, "until it is started anew")
		require.ErrorIs(t, running.Err(), ErrStopped)
	}
}

func TestAHeadIsTakenOverWithACommitAlone(t *testing.T) {
	m := new(memory)
	one, other := open(t, m, Options{}), open(t, m, Options{})
	before := m.rows.clone()
	require.NoError(t, add(t, other, m, 4))
	failed := errors.New("failed")
	require.ErrorIs(t, m.transact(t.Context(), func(tx Tx) error {
		_, err := one.Append(t.Context(), tx, 4, [][32]byte{entry(4)}, false)
		require.NoError(t, err)
		return failed
	}), failed)
	g, err := one.Append(t.Context(), m, 4, nil, true)
	require.NoError(t, err)
	require.True(t, g.Update.IsEmpty(), "it is published already")
	one.Committed(g.Unwritten())
	m.rows = before // a standby that lacked the other's entries took over
	require.NoError(t, add(t, one, m, 2))
	proven(t, one, 2)
}

func TestAppendingRefusesWhatDoesNotFit(t *testing.T) {
	m := new(memory)
	l := open(t, m, Options{})
	require.NoError(t, add(t, l, m, 3))
	for name, first := range map[string]int64{"a gap": 4, "an index that is taken": 2} {
		fresh := open(t, m, Options{})
		_, err := fresh.Append(t.Context(), m, first, [][32]byte{entry(first)}, false)
		require.ErrorIs(t, err, ErrStopped, name)
	}
	m.rows.leaves = m.rows.leaves[:2]
	fresh := newLog(t, m, Options{})
	_, err := fresh.Append(t.Context(), m, 3, [][32]byte{entry(3)}, false)
	require.ErrorIs(t, err, ErrStopped)
	require.ErrorIs(t, err, ErrMissing)
}

func TestCheckpointsArePublishedWhenItIsTime(t *testing.T) {
	m := new(memory)
	l := open(t, m, Options{PublishEvery: time.Hour})
	require.EqualValues(t, time.Hour, l.PublishEvery())
	require.NoError(t, add(t, l, m, 3))
	require.True(t, l.Unpublished())
	signed, err := l.Checkpoint(t.Context())
	require.NoError(t, err)
	require.Zero(t, openNote(t, l, signed).Size)

	publish := func(l *Log) Growth {
		g, err := l.Append(t.Context(), m, 0, nil, true)
		require.NoError(t, err)
		require.NoError(t, m.transact(t.Context(), func(tx Tx) error { return tx.Write(t.Context(), g.Update) }))
		l.Committed(g)
		return g
	}
	other := open(t, m, Options{PublishEvery: time.Hour})
	require.EqualValues(t, 3, m.rows.published.Size, "opening publishes")
	require.NoError(t, add(t, other, m, 1))
	require.True(t, publish(l).Update.IsEmpty(), "another has published since: that is often enough")
	require.True(t, publish(l).Update.Publish)
	require.False(t, l.Unpublished())
	require.EqualValues(t, 4, m.rows.published.Size)
	require.True(t, publish(l).Update.IsEmpty(), "there is nothing new")
}

func TestEveryKeySignsTheNewestFirst(t *testing.T) {
	m := new(memory)
	require.NoError(t, add(t, open(t, m, Options{}), m, 2))
	opened := func(m *memory) *Log {
		l, err := New(m, [][]byte{bytes.Repeat([]byte{8}, 32), seeds[0]}, Options{Origin: origin}, nil)
		require.NoError(t, err)
		require.NoError(t, l.Open(t.Context(), m.transact))
		t.Cleanup(l.Close)
		return l
	}
	both := opened(m)
	require.Equal(t, []string{both.keys[0].Public, both.keys[1].Public}, m.rows.keys)
	require.NoError(t, add(t, both, m, 1))
	_, signatures, err := checkpoint.Parse(m.rows.head.Note)
	require.NoError(t, err)
	require.Len(t, signatures, 2)
	p, err := both.Proof(t.Context(), 0)
	require.NoError(t, err)
	_, signatures, err = checkpoint.Parse(p.Checkpoint)
	require.NoError(t, err)
	require.Len(t, signatures, 1)
	require.Equal(t, both.keys[0].KeyHash(), signatures[0].Hash)
	keys, err := both.LogKeys(t.Context())
	require.NoError(t, err)
	require.Equal(t, m.rows.keys, keys)

	begun := new(memory)
	opened(begun)
	require.Equal(t, keys, begun.rows.keys, "recorded in the order of their age")
}
