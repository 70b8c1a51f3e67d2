package sqlite

import (
	"testing"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"

	"github.com/stretchr/testify/require"
)

func TestTheStorePassesTheSuite(t *testing.T) {
	storetest.Run(t, func(t *testing.T, dir string) consent.Store {
		store, err := Open(dir)
		require.NoError(t, err)
		return store
	})
}
