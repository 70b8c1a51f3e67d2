package postgres

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/pgtest"
)

func otpCall(of consent.State, key string) consent.OTPCall {
	return consent.OTPCall{
		ConsentID: of.ID(), Site: of.Site, Endpoint: consent.EndpointVerifyOTP, IdempotencyKey: key, Lasts: time.Minute,
		Allowed: func(consent.State) error { return nil },
	}
}

func TestACallIsClaimedOnceAcrossRelays(t *testing.T) {
	dsn := pgtest.Database(t)
	all := relays(t, dsn, 3)
	state, err := all[0].Give(t.Context(), noticed(t, all[0], "key-of-a-verification"))
	require.NoError(t, err)
	claims := make([]consent.OTPClaim, 30)
	claimed := -1
	for i, err := range at(len(claims), func(i int) (err error) {
		claims[i], err = all[i%3].ClaimOTP(t.Context(), otpCall(state, []string{"one-key", fmt.Sprint("key-", i)}[i%2]))
		return err
	}) {
		if err == nil {
			require.Equal(t, -1, claimed, "claimed twice")
			claimed = i
			continue
		}
		require.ErrorIs(t, err, consent.ErrInProgress)
	}
	require.NotEqual(t, -1, claimed)
	require.NoError(t, all[(claimed+1)%3].SettleOTP(t.Context(), claims[claimed],
		consent.Call{Endpoint: consent.EndpointVerifyOTP, Result: "vendor_refused", At: storetest.Start}))
	var done *consent.OTPDone
	_, err = all[(claimed+2)%3].ClaimOTP(t.Context(), otpCall(state, []string{"one-key", fmt.Sprint("key-", claimed)}[claimed%2]))
	require.ErrorAs(t, err, &done)
	require.Equal(t, "vendor_refused", done.Result)
	require.EqualValues(t, 2, verified(t, dsn).Size)
}

// Whose claim was committed and its answer lost knows its own again.
func TestAClaimWhoseAnswerIsLostIsStillItsOwners(t *testing.T) {
	for _, how := range []string{"before", "after"} {
		dsn := pgtest.Database(t)
		network, through := newCutter(t, dsn)
		l, other := relay(t, through, storetest.NewClock()), relay(t, dsn, storetest.NewClock())
		state, err := l.Give(t.Context(), noticed(t, l, "key-of-a-verification"))
		require.NoError(t, err)
		for i := range 3 {
			call := otpCall(state, fmt.Sprint("key-", i))
			network.arm(how, 1)
			claim, err := l.ClaimOTP(t.Context(), call)
			require.NoError(t, err, how)
			require.ErrorIs(t, other.ClaimableOTP(t.Context(), call), consent.ErrInProgress)
			network.arm(how, 1)
			require.NoError(t, l.SettleOTP(t.Context(), claim, consent.Call{Endpoint: call.Endpoint, Result: "ok", At: storetest.Start}))
			var done *consent.OTPDone
			require.ErrorAs(t, other.ClaimableOTP(t.Context(), call), &done)
		}
		require.EqualValues(t, 4, verified(t, dsn).Size, "nothing is there twice")
	}
}

func TestAClaimOfACallIsHeldAgainstTheEvents(t *testing.T) {
	dsn := pgtest.Database(t)
	l := relay(t, dsn, storetest.NewClock())
	state, err := l.Give(t.Context(), noticed(t, l, "key-of-a-verification"))
	require.NoError(t, err)
	_, err = l.ClaimOTP(t.Context(), otpCall(state, "open"))
	require.NoError(t, err)
	verified(t, dsn)
	conn := connected(t, dsn)
	for _, statement := range []string{`UPDATE otp_claim SET until = until + 1`, `TRUNCATE otp_claim`} {
		_, err := conn.Exec(t.Context(), statement)
		require.ErrorContains(t, err, "claims are never changed")
	}
	for _, statement := range []string{`ALTER TABLE otp_claim DISABLE TRIGGER USER`, `UPDATE otp_claim SET consent = gen_random_uuid()`} {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	_, err = verify(t, dsn)
	require.ErrorContains(t, err, "there is no consent")
}

func TestTheRoleThatServesMayClaimCallsAndTheOneThatErasesTakesThemAway(t *testing.T) {
	super, _, serving, eraser := roles(t)
	l, other := relay(t, serving, storetest.NewClock()), relay(t, eraser, storetest.NewClock())
	state, err := l.Give(t.Context(), noticed(t, l, "key-of-a-verification"))
	require.NoError(t, err)
	claim, err := l.ClaimOTP(t.Context(), otpCall(state, "settled"))
	require.NoError(t, err)
	require.NoError(t, l.SettleOTP(t.Context(), claim, consent.Call{Endpoint: claim.Endpoint, Result: "vendor_refused", At: storetest.Start}))
	_, err = l.ClaimOTP(t.Context(), otpCall(state, "open"))
	require.NoError(t, err)
	_, err = other.Erase(t.Context(), consent.Erasure{IDs: []string{state.ID()}, Via: consent.ViaOperator, Reason: "case"})
	require.NoError(t, err)
	var left int
	require.NoError(t, connected(t, super).QueryRow(t.Context(), `SELECT count(*) FROM otp_claim`).Scan(&left))
	require.Zero(t, left)
	verified(t, super)
}
