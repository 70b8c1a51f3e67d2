package app

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMemoryIsLimitedByTheConnectionsUnlessTheOperatorSaysOtherwise(t *testing.T) {
	oldLimit, oldPercent := debug.SetMemoryLimit(-1), debug.SetGCPercent(100)
	t.Cleanup(func() { debug.SetMemoryLimit(oldLimit); debug.SetGCPercent(oldPercent) })
	limited := func(connections int, set string) (limit int64, percent int) {
		debug.SetMemoryLimit(math.MaxInt64)
		debug.SetGCPercent(100)
		LimitMemory(connections, func(name string) (string, bool) { return "", name == set })
		return debug.SetMemoryLimit(-1), debug.SetGCPercent(100)
	}
	for set, connections := range map[string]int{"": 0, "GOMEMLIMIT": 8192} {
		limit, percent := limited(connections, set)
		require.EqualValues(t, math.MaxInt64, limit, "no bound, or the runtime has read it by itself")
		require.Equal(t, 100, percent)
	}
	few, percent := limited(1024, "")
	require.Equal(t, garbage, percent)
	many, percent := limited(8192, "GOGC")
	require.Equal(t, 100, percent)
	require.Greater(t, few, int64(room))
	require.InDelta(t, 7168*roomEach, many-few, 16<<20, "the rest is what this test holds")
	require.Less(t, many, int64(1<<30))
}
