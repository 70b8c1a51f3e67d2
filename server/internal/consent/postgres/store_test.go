package postgres

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/consent/translog"
	"ekycconnect/server/internal/pgtest"
	"ekycconnect/server/internal/secret"
)

func opened(t *testing.T, dsn string) *Store {
	store, err := Open(t.Context(), secret.New(dsn))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func TestStore(t *testing.T) {
	var databases sync.Map // by the directory that the suite names
	storetest.Run(t, func(t *testing.T, dir string) consent.Store {
		dsn, ok := databases.Load(dir)
		if !ok {
			dsn = pgtest.Database(t)
			databases.Store(dir, dsn)
		}
		store, err := Open(t.Context(), secret.New(dsn.(string)))
		require.NoError(t, err)
		return store
	})
}

func TestAnEventWithoutItsLeafIsRefused(t *testing.T) {
	store := opened(t, pgtest.Database(t))
	for _, b := range []consent.Batch{
		{Entries: []consent.Entry{{Kind: consent.Given}}},
		{Log: translog.Update{Leaves: []translog.Leaf{{}}}},
	} {
		err := store.Update(t.Context(), func(tx consent.Tx) error { return tx.Append(t.Context(), b) })
		require.ErrorContains(t, err, "and a row holds both")
	}
}
