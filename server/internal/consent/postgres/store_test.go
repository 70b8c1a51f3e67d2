package postgres

import (
	"sync"
	"testing"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/pgtest"
	"ekycconnect/server/internal/secret"

	"github.com/stretchr/testify/require"
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
