package storetest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
)

// newOutbox is a ledger whose one site wants messages; told counts how often
// somebody was told of one.
func newOutbox(t *testing.T, open Open) (l *consent.Ledger, clock *Clock, told *int) {
	clock, told = NewClock(), new(int)
	wants := func(site string) bool { return site == "pk_test_pass" }
	return NewLedger(t, open(t, t.TempDir()), clock, consent.WithOutbox(wants, func() { *told++ })), clock, told
}

func given(t *testing.T, l *consent.Ledger, key string, change ...func(*consent.Decision)) consent.State {
	t.Helper()
	d := Decision(key)
	for _, f := range change {
		f(&d)
	}
	state, err := l.Give(t.Context(), d)
	require.NoError(t, err)
	return state
}

func withdrawn(t *testing.T, l *consent.Ledger, id string) {
	t.Helper()
	_, err := l.Withdraw(t.Context(), consent.Withdrawal{ID: id, Via: consent.ViaReceipt})
	require.NoError(t, err)
}

func erase(l *consent.Ledger, t *testing.T, ids ...string) (int, error) {
	return l.Erase(t.Context(), consent.Erasure{IDs: ids, Via: consent.ViaOperator, Reason: "case 4711"})
}

func erasedIsGone(t *testing.T, open Open) {
	l, clock, _ := newOutbox(t, open)
	d := Decision("key-of-the-erased")
	d.Subject, d.SubjectSource, d.TicketID = "customer-77", "ticket", "ticket-1"
	state, err := l.Give(t.Context(), d)
	require.NoError(t, err)
	calls := []consent.Call{{Endpoint: "connect", Result: "ok", TransactionID: "txn-1", At: Start}}
	_, err = l.Used(t.Context(), state.Committed, calls)
	require.NoError(t, err)
	redemption := consent.Redemption{ConsentID: state.ID(), JTI: "jti-1", IdempotencyKey: "redeem-once", Token: "tok", Reply: "sealed"}
	_, err = l.Redeem(t.Context(), redemption)
	require.NoError(t, err)
	keep := given(t, l, "key-of-the-kept", func(d *consent.Decision) { d.Subject = "customer-77" })
	before, err := l.Proof(t.Context(), 3)
	require.NoError(t, err)
	require.NotEmpty(t, before)

	clock.Move(time.Minute)
	n, err := erase(l, t, state.ID(), state.ID())
	require.NoError(t, err)
	require.Equal(t, 1, n, "named twice, erased once")
	n, err = erase(l, t, state.ID())
	require.NoError(t, err)
	require.Zero(t, n, "again changes nothing")

	record, err := l.Consent(t.Context(), d.Site, state.ID())
	require.NoError(t, err)
	require.Len(t, record.Events, 4)
	require.Empty(t, record.Body)
	for _, event := range record.Events[:3] {
		require.Empty(t, event.Body)
		require.Zero(t, event.Call)
	}
	last := record.Events[3]
	require.Equal(t, consent.ErasedEvent, last.Kind)
	require.Equal(t, consent.ViaOperator, last.Via)
	var rows consent.Rows // the kind of each stays, and so does who vouches for it
	for _, event := range record.Events[:3] {
		rows.Add(event.Index, event.Kind, uuid.MustParse(state.ID()), d.Site, event.At)
	}
	require.JSONEq(t, `{"schema":"ekyc-connect/consent-record/v1","record_id":"`+state.ID()+`","event":{"state":"erased",
		"time":"2026-11-23T04:31:00.123Z","entity":"operator"},"prev_event":2,"site":"pk_test_pass","via":"operator","reason":"case 4711",
		"rows_sha256":"`+rows.Sum()+`"}`, string(last.Body))

	_, err = l.State(t.Context(), state.ID())
	require.ErrorIs(t, err, consent.ErrErased)
	require.ErrorIs(t, err, consent.ErrWithdrawn, "and it is worth nothing")
	require.ErrorIs(t, l.Standing(t.Context(), state.Committed), consent.ErrErased)
	_, err = l.Withdraw(t.Context(), consent.Withdrawal{ID: state.ID(), Via: consent.ViaReceipt})
	require.ErrorIs(t, err, consent.ErrErased)
	_, err = l.Redeem(t.Context(), redemption)
	require.ErrorIs(t, err, consent.ErrWithdrawn)
	_, err = l.Receipt(t.Context(), state.ID())
	require.ErrorIs(t, err, consent.ErrErased)
	_, known, err := l.Repeat(t.Context(), consent.Given, d)
	require.NoError(t, err)
	require.False(t, known, "its idempotency key is forgotten")
	records, _, err := l.BySubject(t.Context(), d.Site, "customer-77", 0, "")
	require.NoError(t, err)
	require.Len(t, records, 1)
	require.Equal(t, keep.ID(), records[0].ID, "others stay")

	// A call that was under way is still counted, without what the vendor said.
	total, err := l.Used(t.Context(), state.Committed, calls)
	require.ErrorIs(t, err, consent.ErrErased)
	require.Equal(t, 2, total)
	record, err = l.Record(t.Context(), state.ID())
	require.NoError(t, err)
	require.NotContains(t, string(record.Events[4].Body), "txn-1")

	// The log proves all others as before, and the erased ones' places.
	for index := range int64(6) {
		_, err = l.Proof(t.Context(), index)
		require.NoError(t, err)
	}
	messages, err := l.Messages(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, messages, 1)
	var told struct {
		Type string
		Data struct{ Purpose, Via string }
	}
	require.NoError(t, json.Unmarshal(messages[0].Body, &told))
	require.Equal(t, []string{"consent.erased", "account-opening", "operator"}, []string{told.Type, told.Data.Purpose, told.Data.Via})
}

func allErasedOrNone(t *testing.T, open Open) {
	l, _, _ := newOutbox(t, open)
	state := given(t, l, "key-of-the-spared")
	_, err := erase(l, t, state.ID(), "019ab000-0000-7000-8000-000000000000")
	require.ErrorIs(t, err, consent.ErrNotFound)
	require.ErrorContains(t, err, "019ab000-0000-7000-8000-000000000000")
	_, err = erase(l, t, "no id")
	require.ErrorIs(t, err, consent.ErrNotFound)
	for _, e := range []consent.Erasure{
		{IDs: []string{state.ID()}, Via: consent.ViaOperator},
		{IDs: []string{state.ID()}, Via: consent.ViaPartner, Reason: "x"},
		{IDs: []string{state.ID()}, Via: consent.ViaOperator, Reason: string(make([]byte, 201))},
	} {
		_, err = l.Erase(t.Context(), e)
		require.Error(t, err)
	}
	_, err = l.State(t.Context(), state.ID())
	require.NoError(t, err)
}

func heldIsNotErased(t *testing.T, open Open) {
	l, clock, _ := newOutbox(t, open)
	held, free := given(t, l, "key-of-the-held-one"), given(t, l, "key-of-the-free-one")
	require.NoError(t, l.Hold(t.Context(), held.ID(), "court of Pune, 12/2026"))
	require.ErrorIs(t, l.Hold(t.Context(), "019ab000-0000-7000-8000-000000000000", "x"), consent.ErrNotFound)
	require.Error(t, l.Hold(t.Context(), held.ID(), ""))
	_, err := erase(l, t, free.ID(), held.ID())
	require.ErrorIs(t, err, consent.ErrHeld)
	require.ErrorContains(t, err, held.ID()+": consent: record is under a legal hold: court of Pune")
	holds, err := l.Holds(t.Context())
	require.NoError(t, err)
	require.Len(t, holds, 1)
	require.Equal(t, consent.Hold{Consent: holds[0].Consent, Reason: "court of Pune, 12/2026", Since: Start}, holds[0])

	clock.Move(24 * time.Hour)
	n, err := l.EraseOld(t.Context(), clock.Now(), "kept long enough")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_, err = l.State(t.Context(), free.ID())
	require.ErrorIs(t, err, consent.ErrErased)
	_, err = l.State(t.Context(), held.ID())
	require.NoError(t, err)

	require.NoError(t, l.Release(t.Context(), held.ID()))
	require.NoError(t, l.Release(t.Context(), held.ID()), "again is no error")
	n, err = erase(l, t, held.ID())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.ErrorIs(t, l.Hold(t.Context(), held.ID(), "too late"), consent.ErrErased)
}

func oldIsErased(t *testing.T, open Open) {
	l, clock, _ := newOutbox(t, open)
	const year = 365 * 24 * time.Hour
	var old []string
	for i := range 300 {
		old = append(old, given(t, l, fmt.Sprintf("old-key-number-%04d", i)).ID())
	}
	lively := given(t, l, "key-of-one-withdrawn-later")
	clock.Move(year)
	withdrawn(t, l, lively.ID())
	young := given(t, l, "key-of-a-young-one")
	clock.Move(year)

	cut := Start.Add(year)
	n, err := l.EraseOld(t.Context(), cut, "7 years are over")
	require.NoError(t, err)
	require.Equal(t, len(old), n)
	for i, id := range old {
		_, err = l.State(t.Context(), id)
		require.ErrorIs(t, err, consent.ErrErased, i)
	}
	record, err := l.Record(t.Context(), old[0])
	require.NoError(t, err)
	require.Equal(t, consent.ViaRetention, record.Events[1].Via)
	for _, kept := range []consent.State{lively, young} {
		_, err = l.State(t.Context(), kept.ID())
		require.NoError(t, err)
	}
	n, err = l.EraseOld(t.Context(), cut, "7 years are over")
	require.NoError(t, err)
	require.Zero(t, n)
	n, err = l.EraseOld(t.Context(), clock.Now(), "all")
	require.NoError(t, err)
	require.Equal(t, 2, n)
}
