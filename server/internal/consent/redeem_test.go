package consent_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/memory"
	"ekycconnect/server/internal/consent/storetest"
)

func TestARedemptionIsRepeatedForItsOwnConsentAlone(t *testing.T) {
	l := storetest.NewLedger(t, memory.New(), storetest.NewClock()) // one moment: both ids begin alike
	one, err := l.Give(t.Context(), storetest.Decision(key(1)))
	require.NoError(t, err)
	other, err := l.Give(t.Context(), storetest.Decision(key(2)))
	require.NoError(t, err)
	r := consent.Redemption{ConsentID: one.ID(), JTI: "j", Token: "t", IdempotencyKey: "a-key-of-a-redemption", Reply: "sealed"}
	_, err = l.Redeem(t.Context(), r)
	require.NoError(t, err)
	again, err := l.Redeem(t.Context(), r)
	require.NoError(t, err)
	require.True(t, again.Repeat)
	r.ConsentID = other.ID()
	_, err = l.Redeem(t.Context(), r)
	require.ErrorIs(t, err, consent.ErrSeen)
}

func TestWhatHadNoReplyIsNotRepeated(t *testing.T) {
	l := storetest.NewLedger(t, memory.New(), storetest.NewClock())
	given, err := l.Give(t.Context(), storetest.Decision(key(1)))
	require.NoError(t, err)
	r := consent.Redemption{ConsentID: given.ID(), JTI: "j", Token: "t", IdempotencyKey: "a-key-of-a-redemption"}
	_, err = l.Redeem(t.Context(), r)
	require.NoError(t, err)
	_, err = l.Redeem(t.Context(), r)
	require.ErrorIs(t, err, consent.ErrSeen)
}

func TestAnErasureNotifiesOnceAndOnlyIfItErased(t *testing.T) {
	told := 0
	wants := func(string) bool { return true }
	l := storetest.NewLedger(t, memory.New(), storetest.NewClock(), consent.WithOutbox(wants, func() { told++ }))
	given, err := l.Give(t.Context(), storetest.Decision(key(1)))
	require.NoError(t, err)
	for range 2 {
		_, err = l.Erase(t.Context(), consent.Erasure{IDs: []string{given.ID()}, Via: consent.ViaOperator, Reason: "case"})
		require.NoError(t, err)
		require.Equal(t, 1, told)
	}
}
