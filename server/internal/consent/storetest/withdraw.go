package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
)

func withdrawalEnds(t *testing.T, open Open) {
	l, clock := newLedger(t, open)
	d := Decision("key-of-a-change-of-mind")
	given, err := l.Give(t.Context(), d)
	require.NoError(t, err)
	call := []consent.Call{{Endpoint: "connect", Result: "ok", TransactionID: "txn-1", At: Start}}
	_, err = l.Used(t.Context(), given.Committed, call)
	require.NoError(t, err)
	redemption := consent.Redemption{ConsentID: given.ID(), JTI: "jti-1", IdempotencyKey: "redeem-once", Token: "tok", Reply: "sealed"}
	_, err = l.Redeem(t.Context(), redemption)
	require.NoError(t, err)

	clock.Move(time.Minute)
	withdrawn, err := l.Withdraw(t.Context(), consent.Withdrawal{ID: given.ID(), Via: consent.ViaReceipt})
	require.NoError(t, err)
	require.True(t, withdrawn.Withdrawn)
	require.Equal(t, Start.Add(time.Minute), withdrawn.WithdrawnAt)
	require.Equal(t, given.At, withdrawn.At)

	// The second one, by whatever way, changes nothing.
	clock.Move(time.Minute)
	again, err := l.Withdraw(t.Context(), consent.Withdrawal{ID: given.ID(), Site: d.Site, Via: consent.ViaPartner})
	require.NoError(t, err)
	require.Equal(t, withdrawn, again)
	state, err := l.State(t.Context(), given.ID())
	require.NoError(t, err)
	require.Equal(t, withdrawn, state)
	repeated, known, err := l.Repeat(t.Context(), consent.Given, d)
	require.NoError(t, err)
	require.True(t, known)
	require.True(t, repeated.Withdrawn, "a repeat is no way back")

	for _, peek := range []bool{false, true} {
		redemption.Peek = peek
		_, err = l.Redeem(t.Context(), redemption)
		require.ErrorIs(t, err, consent.ErrWithdrawn, "not even the same answer again")
	}
	total, err := l.Used(t.Context(), given.Committed, call)
	require.ErrorIs(t, err, consent.ErrWithdrawn)
	require.Equal(t, 2, total, "a call that was under way is recorded all the same")

	record, err := l.Consent(t.Context(), d.Site, given.ID())
	require.NoError(t, err)
	require.Len(t, record.Events, 5)
	event := record.Events[3]
	require.Equal(t, consent.WithdrawnEvent, event.Kind)
	require.Equal(t, consent.ViaReceipt, event.Via)
	require.Equal(t, Start.Add(time.Minute), event.At)
	require.JSONEq(t, `{"schema":"ekyc-connect/consent-record/v1","record_id":"`+given.ID()+`","event":{"state":"withdrawn",
		"time":"2026-11-23T04:31:00.123Z","entity":"holder"},"prev_event":2,"site":"pk_test_pass","via":"receipt"}`, string(event.Body))
	require.Equal(t, consent.Used, record.Events[4].Kind)
}

func parallelWithdrawals(t *testing.T, open Open) {
	l, _ := newLedger(t, open)
	given, err := l.Give(t.Context(), Decision("key-of-an-angry-person"))
	require.NoError(t, err)
	require.NoError(t, errors.Join(together(50, func(int) error {
		_, err := l.Withdraw(t.Context(), consent.Withdrawal{ID: given.ID(), Via: consent.ViaReceipt})
		return err
	})...))
	record, err := l.Consent(t.Context(), given.Site, given.ID())
	require.NoError(t, err)
	require.Len(t, record.Events, 2)
}

func withdrawnByItsOwn(t *testing.T, open Open) {
	l, _ := newLedger(t, open)
	given, err := l.Give(t.Context(), Decision("key-of-one-site"))
	require.NoError(t, err)
	refused, err := l.Refuse(t.Context(), Decision("key-of-a-refusal"))
	require.NoError(t, err)
	for want, w := range map[error]consent.Withdrawal{
		consent.ErrNotFound: {ID: given.ID(), Site: "pk_test_other", Via: consent.ViaPartner},
		consent.ErrRefusal:  {ID: refused.ID(), Site: given.Site, Via: consent.ViaPartner},
	} {
		_, err = l.Withdraw(t.Context(), w)
		require.ErrorIs(t, err, want)
	}
	_, err = l.Withdraw(t.Context(), consent.Withdrawal{ID: "019ab000-0000-7000-8000-000000000000", Via: consent.ViaReceipt})
	require.ErrorIs(t, err, consent.ErrNotFound)
	_, err = l.Withdraw(t.Context(), consent.Withdrawal{ID: given.ID(), Via: "letter"})
	require.Error(t, err)
	state, err := l.State(t.Context(), given.ID())
	require.NoError(t, err)
	require.False(t, state.Withdrawn)
}
