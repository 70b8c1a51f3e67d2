package sqlite

import (
	"testing"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"

	"github.com/stretchr/testify/require"
)

func TestWhatACommandErasesWhileTheRelayRunsIsNotRemembered(t *testing.T) {
	dir := t.TempDir()
	store, err := Open(dir)
	require.NoError(t, err)
	l := storetest.NewLedger(t, store, storetest.NewClock())
	for i := range 2 {
		d := storetest.Decision("key-of-the-erased-one-" + string(rune('0'+i)))
		state, err := l.Give(t.Context(), d)
		require.NoError(t, err)
		require.NoError(t, l.Standing(t.Context(), state.Committed))

		shared, err := OpenShared(t.Context(), dir)
		require.NoError(t, err)
		other := storetest.NewLedger(t, shared, storetest.NewClock())
		n, err := other.Erase(t.Context(), consent.Erasure{IDs: []string{state.ID()}, Via: consent.ViaOperator, Reason: "case"})
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.NoError(t, other.Close())
		if i == 0 { // the relay only reads
			require.ErrorIs(t, l.Standing(t.Context(), state.Committed), consent.ErrErased)
		}
		_, err = l.Used(t.Context(), state.Committed, []consent.Call{{Endpoint: "connect"}})
		require.ErrorIs(t, err, consent.ErrErased)
		_, err = l.State(t.Context(), state.ID())
		require.ErrorIs(t, err, consent.ErrErased)
	}
}
