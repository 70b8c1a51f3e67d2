package sqlite

import (
	"database/sql"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
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

// Between the commit and the cache a claim is in the file whose event a reader would not
// find.
func TestWhoFindsAClaimFindsItsEventToo(t *testing.T) {
	dir := t.TempDir()
	store := opened(t, dir)
	l := storetest.NewLedger(t, store, storetest.NewClock())
	_, err := l.Give(t.Context(), storetest.Decision("key-of-the-only-one"))
	require.NoError(t, err)
	db, err := sql.Open("sqlite", filepath.Join(dir, "ledger.db"))
	require.NoError(t, err)
	var key consent.Key
	column(t, db, `SELECT key FROM claim`, func(v []byte) { key = consent.Key(v) })
	require.NoError(t, db.Close())

	var over atomic.Bool
	begun, seen := make(chan struct{}), make(chan bool)
	store.mu.Lock() // as a transaction does until the cache has what it wrote
	go func() {
		close(begun)
		found, err := store.Claims(t.Context(), []consent.Key{key})
		seen <- over.Load() && err == nil && len(found) == 1
	}()
	<-begun
	for range 100 { // the reader has long found the claim by then
		found, err := store.Claims(t.Context(), []consent.Key{{}})
		require.NoError(t, err)
		require.Empty(t, found)
	}
	over.Store(true)
	store.mu.Unlock()
	require.True(t, <-seen)
}

func TestTheNewestConsentsAreCachedUpToABound(t *testing.T) {
	r := newRecent()
	ids := make([]uuid.UUID, recentSize+2)
	for i := range ids {
		ids[i] = uuid.New()
		r.add(consent.Entry{Index: int64(i), Kind: consent.Given, Consent: ids[i]})
		r.add(consent.Entry{Kind: consent.Used, Consent: uuid.New()}) // of an older consent
	}
	r.add(consent.Entry{Index: recentSize + 2, Kind: consent.Used, Consent: ids[2]})
	require.Len(t, r.events, recentSize)
	found, others := r.find(ids[:3])
	require.Equal(t, ids[:2], others)
	require.Len(t, found, 2)
}

func TestWhatIsBlankedIsNotCachedInWhicheverBatch(t *testing.T) {
	store := opened(t, t.TempDir())
	id := uuid.New()
	entry := consent.Entry{Kind: consent.Given, Consent: id, Site: "pk", Body: []byte("{}"), Salt: make([]byte, 32)}
	require.NoError(t, store.Update(t.Context(), func(tx consent.Tx) error {
		return tx.Append(t.Context(), consent.Batch{Entries: []consent.Entry{entry}})
	}))
	require.NoError(t, store.Update(t.Context(), func(tx consent.Tx) error {
		err := tx.Append(t.Context(), consent.Batch{Upkeep: consent.Upkeep{Blank: []uuid.UUID{id}}})
		return errors.Join(err, tx.Append(t.Context(), consent.Batch{Notices: []consent.Notice{{Bytes: []byte("n")}}}))
	}))
	events, err := store.Events(t.Context(), []uuid.UUID{id})
	require.NoError(t, err)
	require.Len(t, events, 1)
	require.Empty(t, events[0].Body)
}
