package main

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMemoryIsLimitedByTheConnectionsUnlessTheOperatorSaysOtherwise(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	limited := func(connections int, set bool) int64 {
		debug.SetMemoryLimit(math.MaxInt64)
		limitMemory(connections, func(name string) (string, bool) { return "", set && name == "GOMEMLIMIT" })
		return debug.SetMemoryLimit(-1)
	}
	const unlimited = math.MaxInt64
	require.EqualValues(t, unlimited, limited(0, false), "as many connections as come")
	require.EqualValues(t, unlimited, limited(8192, true), "the runtime has read it by itself")
	few, many := limited(1024, false), limited(8192, false)
	require.Greater(t, few, int64(room))
	require.InDelta(t, 7168*roomEach, many-few, 16<<20, "the rest is what this test holds")
	require.Less(t, many, int64(1<<30))
}
