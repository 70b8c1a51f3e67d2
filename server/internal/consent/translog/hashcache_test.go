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
