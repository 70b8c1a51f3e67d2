package translog

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"
)

// readFrom is how many of the hashes that were read stand on a level or above.
func (m *memory) readFrom(from int) (n int) {
	for _, index := range m.read {
		if level, _ := tlog.SplitStoredHashIndex(index); level >= from {
			n++
		}
	}
	m.read = nil
	return n
}

func TestProofsReadNoHashFromHighInTheTree(t *testing.T) {
	m := new(memory)
	l := open(t, m, Options{})
	l.warming.Wait()
	for range 6 {
		require.NoError(t, add(t, l, m, 100))
	}
	m.read = nil
	proven(t, l, 600)
	require.NotEmpty(t, m.read, "those near the entry are read")
	require.Zero(t, m.readFrom(cachedFrom), "what was committed is cached")

	l = open(t, m, Options{})
	l.warming.Wait()
	m.read = nil
	proven(t, l, 600)
	require.Zero(t, m.readFrom(warmedFrom), "what was there at the start is warmed")
	proven(t, l, 600)
	require.Zero(t, m.readFrom(cachedFrom), "what was read once is cached")
}

func TestTheCacheIsBounded(t *testing.T) {
	var c hashCache
	c.put(cachedFrom, cachedPerLevel-1, tlog.Hash{1})
	c.put(cachedFrom, cachedPerLevel, tlog.Hash{1})
	c.put(cachedFrom-1, 0, tlog.Hash{1})
	require.Len(t, c.levels[0], cachedPerLevel)
	_, ok := c.get(tlog.StoredHashIndex(cachedFrom, cachedPerLevel-1))
	require.True(t, ok)
	_, ok = c.get(tlog.StoredHashIndex(cachedFrom, 0))
	require.False(t, ok, "only what was put")
}

func TestARowThatLacksHashesIsNoticed(t *testing.T) {
	m := new(memory)
	require.NoError(t, add(t, open(t, m, Options{}), m, 8))
	m.rows.leaves[7].Above = m.rows.leaves[7].Above[:2]
	_, err := m.Hashes(t.Context(), []int64{tlog.StoredHashIndex(2, 1)})
	require.NoError(t, err)
	_, err = m.Hashes(t.Context(), []int64{tlog.StoredHashIndex(2, 1), tlog.StoredHashIndex(3, 0)})
	require.ErrorIs(t, err, ErrMissing)
	require.ErrorContains(t, err, "1 of 2")
	_, err = EntryOf(make([]byte, 31))
	require.ErrorContains(t, err, "31 bytes")
}
