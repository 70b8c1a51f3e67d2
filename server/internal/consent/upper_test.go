package consent_test

import (
	"context"
	"sync/atomic"
	"testing"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/receipt"
	"ekycconnect/server/internal/consent/sqlite"
	"ekycconnect/server/internal/consent/storetest"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"
)

// counting is a store that counts the hashes read outside of transactions, from a
// level of the tree on.
type counting struct {
	consent.Store
	from  atomic.Int64
	reads atomic.Int64
}

func (c *counting) Hashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error) {
	for _, index := range indexes {
		if level, _ := tlog.SplitStoredHashIndex(index); int64(level) >= c.from.Load() {
			c.reads.Add(1)
		}
	}
	return c.Store.Hashes(ctx, indexes)
}

func TestProofsReadNoHashFromHighInTheTree(t *testing.T) {
	dir := t.TempDir()
	open := func() (*consent.Ledger, *counting) {
		store, err := sqlite.Open(dir)
		require.NoError(t, err)
		c := &counting{Store: store}
		return storetest.NewLedger(t, c, storetest.NewClock()), c
	}
	l, store := open()
	l.Learnt()
	state, err := l.Give(t.Context(), noticed(t, l, key(1)))
	require.NoError(t, err)
	for range 6 {
		calls := make([]consent.Call, 100)
		for i := range calls {
			calls[i] = consent.Call{Endpoint: "connect", Result: "ok", At: storetest.Start}
		}
		_, err := l.Used(t.Context(), state.Committed, calls)
		require.NoError(t, err)
	}
	proveAll := func(l *consent.Ledger, store *counting, from int64) int64 {
		store.from.Store(from)
		store.reads.Store(0)
		for index := range int64(601) {
			_, err := l.Proof(t.Context(), index)
			require.NoError(t, err)
		}
		file, err := l.Receipt(t.Context(), state.ID())
		require.NoError(t, err)
		_, err = receipt.Verify(file, verifiers(t, l))
		require.NoError(t, err)
		return store.reads.Load()
	}
	require.NotZero(t, proveAll(l, store, 0), "those beside the event are read")
	require.Zero(t, proveAll(l, store, 6), "what was committed is known")
	require.NoError(t, l.Close())

	l, store = open()
	l.Learnt()
	require.Zero(t, proveAll(l, store, 8), "what was there at the start is learnt")
	require.Zero(t, proveAll(l, store, 6), "what was read once is known")
	require.NoError(t, l.Close())
}
