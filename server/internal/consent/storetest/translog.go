package storetest

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/receipt"
	"ekycconnect/server/internal/consent/translog"
	"ekycconnect/server/internal/consent/translog/checkpoint"
)

// leaf is some leaf with as many hashes above it as a real one has.
func leaf(index int64) translog.Leaf {
	l := translog.Leaf{Entry: [32]byte{byte(index), byte(index >> 8), 1}}
	level := byte(1)
	for n := index; n&1 == 1; n >>= 1 {
		l.Above = append(l.Above, tlog.Hash{byte(index), byte(index >> 8), 2, level})
		level++
	}
	return l
}

// logged is b with a leaf for each entry.
func logged(b consent.Batch) consent.Batch {
	for _, e := range b.Entries {
		b.Log.Leaves = append(b.Log.Leaves, leaf(e.Index))
	}
	if len(b.Entries) > 0 {
		b.Log.First = b.Entries[0].Index
	}
	return b
}

func hashesKept(t *testing.T, open Open) {
	store := opened(t, open)
	head, err := store.Head(t.Context())
	require.NoError(t, err)
	require.Zero(t, head, "no log was begun")
	published, err := store.Published(t.Context())
	require.NoError(t, err)
	require.Zero(t, published)

	var b consent.Batch
	for i := range int64(100) {
		b.Entries = append(b.Entries, entry(i, uuid.New()))
	}
	b.Log = translog.Update{
		Head:    &translog.Head{Origin: "log.example", Size: 100, Note: []byte("note of 100")},
		Publish: true, LogKeys: []string{"key-1", "key-2"},
	}
	require.NoError(t, appendBatch(t, store, logged(b)))
	head, err = store.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, *b.Log.Head, head)
	published, err = store.Published(t.Context())
	require.NoError(t, err)
	require.Equal(t, b.Log.Head.Note, published.Note)
	require.EqualValues(t, 100, published.Size)
	keys, err := store.LogKeys(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"key-2", "key-1"}, keys)

	// Every stored hash, in any order, also twice.
	var indexes []int64
	var want []tlog.Hash
	for i := range int64(100) {
		l := leaf(i)
		first := tlog.StoredHashIndex(0, i)
		indexes, want = append(indexes, first), append(want, tlog.RecordHash(l.Entry[:]))
		for level, hash := range l.Above {
			indexes, want = append([]int64{first + 1 + int64(level)}, indexes...), append([]tlog.Hash{hash}, want...)
		}
	}
	indexes, want = append(indexes, indexes[0]), append(want, want[0])
	got, err := store.Hashes(t.Context(), indexes)
	require.NoError(t, err)
	require.Equal(t, want, got)
	_, err = store.Hashes(t.Context(), []int64{0, tlog.StoredHashIndex(0, 100)})
	require.ErrorIs(t, err, translog.ErrMissing, "one that is not there")
	leaves, err := store.Leaves(t.Context(), 98, 10)
	require.NoError(t, err)
	require.Equal(t, [][32]byte{leaf(98).Entry, leaf(99).Entry}, leaves)

	// Another head, not published; then one with an entry; a key that is known.
	e := entry(100, uuid.New())
	require.NoError(t, appendBatch(t, store, logged(consent.Batch{Entries: []consent.Entry{e}, Log: translog.Update{
		LogKeys: []string{"key-1", "key-3"},
		Head:    &translog.Head{Origin: "log.example", Size: 101, Note: []byte("note of 101")},
	}})))
	published, err = store.Published(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 100, published.Size)
	keys, err = store.LogKeys(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"key-3", "key-2", "key-1"}, keys)
	for _, h := range []translog.Head{{Origin: "log.example", Size: 99, Note: []byte("n")}, {Origin: "other.example", Size: 102, Note: []byte("n")}} {
		require.Error(t, appendBatch(t, store, consent.Batch{Log: translog.Update{Head: &h}}), "a log neither shrinks nor changes its name")
	}
	require.Error(t, appendBatch(t, store, consent.Batch{Log: translog.Update{Publish: true, Head: &translog.Head{Origin: "log.example", Size: 101, Note: nil}}}))
	require.NoError(t, store.Update(t.Context(), func(tx consent.Tx) error {
		entries, err := tx.Range(t.Context(), 99, 1000)
		require.NoError(t, err)
		require.Len(t, entries, 2)
		require.Equal(t, e.Salt, entries[1].Salt)
		return nil
	}))
}

func everyEventProven(t *testing.T, open Open) {
	dir, clock := t.TempDir(), NewClock()
	l := NewLedger(t, open(t, dir), clock)
	var ids []string
	text := []byte("a notice")
	require.NoError(t, l.PutNotice(t.Context(), hexSum(text), text))
	give := func(i int) error {
		d := Decision(fmt.Sprintf("key-of-an-event-%04d", i))
		d.NoticeSHA256 = hexSum(text)
		state, err := l.Give(t.Context(), d)
		ids = append(ids, state.ID())
		return err
	}
	for i := range 20 {
		require.NoError(t, give(i))
	}
	require.NoError(t, l.Close())
	l = NewLedger(t, open(t, dir), clock)
	for i := range 13 {
		require.NoError(t, give(20+i))
	}
	lines, err := l.LogKeys(t.Context())
	require.NoError(t, err)
	keys, err := checkpoint.Verifiers(lines[0])
	require.NoError(t, err)
	for i, id := range ids {
		file, err := l.Receipt(t.Context(), id)
		require.NoError(t, err)
		r, err := receipt.Verify(file, keys)
		require.NoError(t, err)
		require.EqualValues(t, i, r.Index())
		require.EqualValues(t, 33, r.Size())
	}
}
