package consent_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/memory"
	"ekycconnect/server/internal/consent/storetest"
)

// damaged is a store whose rows somebody has changed.
type damaged struct {
	consent.Store
	decision func(*consent.Entry)
	notice   []byte
	events   func([]consent.Entry) []consent.Entry // in a transaction, by index
}

func (d *damaged) Decision(ctx context.Context, id uuid.UUID) (consent.Entry, error) {
	entry, err := d.Store.Decision(ctx, id)
	if d.decision != nil {
		d.decision(&entry)
	}
	return entry, err
}

func (d *damaged) Notice(ctx context.Context, sum [32]byte) ([]byte, error) {
	if d.notice != nil {
		return d.notice, nil
	}
	return d.Store.Notice(ctx, sum)
}

func (d *damaged) Update(ctx context.Context, f func(consent.Tx) error) error {
	return d.Store.Update(ctx, func(tx consent.Tx) error { return f(damagedTx{tx, d}) })
}

type damagedTx struct {
	consent.Tx
	d *damaged
}

func (tx damagedTx) Range(ctx context.Context, from int64, limit int) ([]consent.Entry, error) {
	events, err := tx.Tx.Range(ctx, from, limit)
	return tx.d.events(events), err
}

func TestADamagedRowHasNoReceipt(t *testing.T) {
	store := &damaged{Store: memory.New()}
	l := storetest.NewLedger(t, store, storetest.NewClock())
	state, err := l.Give(t.Context(), noticed(t, l, key(1)))
	require.NoError(t, err)
	_, err = l.Receipt(t.Context(), state.ID())
	require.NoError(t, err)
	store.decision = func(e *consent.Entry) { e.Salt = e.Salt[:31] }
	_, err = l.Receipt(t.Context(), state.ID())
	require.ErrorContains(t, err, "the salt of event 0 is damaged")
	store.decision = nil
	store.notice = []byte("another notice")
	_, err = l.Receipt(t.Context(), state.ID())
	require.ErrorContains(t, err, "a stored notice was changed")
}

func TestALogBeginsWithNoEventMissing(t *testing.T) {
	store := memory.New()
	older := func(tx consent.Tx) error { // an older program's, without a log
		var b consent.Batch
		for i := range int64(5) {
			b.Entries = append(b.Entries, consent.Entry{Index: i, Kind: consent.Given, Consent: uuid.New(), At: storetest.Start, Salt: make([]byte, 32)})
		}
		return tx.Append(t.Context(), b)
	}
	require.NoError(t, store.Update(t.Context(), older))
	lacking := &damaged{Store: store, events: func(events []consent.Entry) []consent.Entry { return events[1:] }}
	l := storetest.NewLedger(t, lacking, storetest.NewClock())
	require.ErrorIs(t, l.Ready(t.Context()), consent.ErrLog)
	require.ErrorContains(t, l.Ready(t.Context()), "event 0 of 5 is missing")

	l = storetest.NewLedger(t, store.Reopen(), storetest.NewClock())
	require.EqualValues(t, 5, published(t, l).Size)
}

func TestAClockThatIsFarAheadSetsNobodysTime(t *testing.T) {
	for ahead, want := range map[time.Duration]time.Duration{30 * time.Second: 30 * time.Second, 2 * time.Minute: 0} {
		store, early := memory.New(), storetest.NewClock()
		early.Move(ahead)
		_, err := storetest.NewLedger(t, store, early).Give(t.Context(), storetest.Decision(key(1)))
		require.NoError(t, err)
		state, err := storetest.NewLedger(t, store.Reopen(), storetest.NewClock()).Give(t.Context(), storetest.Decision(key(2)))
		require.NoError(t, err)
		require.Equal(t, storetest.Start.Add(want), state.At)
	}
}
