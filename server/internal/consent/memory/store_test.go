package memory

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
)

func TestTheStorePassesTheSuite(t *testing.T) {
	var stores sync.Map // by the directory that the suite names
	storetest.Run(t, func(_ *testing.T, dir string) consent.Store {
		known, there := stores.LoadOrStore(dir, New())
		if there {
			return known.(*Store).Reopen()
		}
		return known.(*Store)
	})
}

// Two ledgers on one store see each other's events at once, as two relays do.
func TestTwoLedgersOnOneStoreAreTwoRelays(t *testing.T) {
	store, clock := New(), storetest.NewClock()
	here, there := storetest.NewLedger(t, store, clock), storetest.NewLedger(t, store.Reopen(), clock)
	given, err := here.Give(t.Context(), storetest.Decision("key-of-one-relay"))
	require.NoError(t, err)
	_, err = there.Withdraw(t.Context(), consent.Withdrawal{ID: given.ID(), Via: consent.ViaReceipt})
	require.NoError(t, err)
	require.ErrorIs(t, here.Standing(t.Context(), given.Committed), consent.ErrWithdrawn)
	_, err = here.Give(t.Context(), storetest.Decision("key-after-the-others"))
	require.NoError(t, err)
}

func TestWhoHasLeftReadsAndWritesNothing(t *testing.T) {
	store := New()
	gone, leave := context.WithCancel(t.Context())
	leave()
	require.ErrorIs(t, store.Update(gone, func(consent.Tx) error { panic("begun") }), context.Canceled)
	_, err := store.Head(gone)
	require.ErrorIs(t, err, context.Canceled)
}
