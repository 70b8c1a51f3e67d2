package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
)

// lasts is how long a claimed call counts as under way in these tests.
const lasts = 45 * time.Second

// otpCall wants to make a call under a key, which any consent allows.
func otpCall(of consent.State, endpoint, key string) consent.OTPCall {
	return consent.OTPCall{
		ConsentID: of.ID(), Site: of.Site, Endpoint: endpoint, IdempotencyKey: key, Lasts: lasts,
		Allowed: func(consent.State) error { return nil },
	}
}

func generated(of consent.State, key string) consent.OTPCall {
	return otpCall(of, consent.EndpointGenerateOTP, key)
}

func outcome(c consent.OTPCall, result string) consent.Call {
	return consent.Call{Endpoint: c.Endpoint, Result: result, TransactionID: "vendor-txn", At: Start}
}

// made claims a call and records its result.
func made(t *testing.T, l *consent.Ledger, c consent.OTPCall, result string) {
	t.Helper()
	claim, err := l.ClaimOTP(t.Context(), c)
	require.NoError(t, err)
	require.NoError(t, l.SettleOTP(t.Context(), claim, outcome(c, result)))
}

// refused holds that a call is refused, whether one asks or claims.
func refused(t *testing.T, l *consent.Ledger, c consent.OTPCall, want error) {
	t.Helper()
	_, err := l.ClaimOTP(t.Context(), c)
	for _, err := range []error{err, l.ClaimableOTP(t.Context(), c)} {
		var done, wanted *consent.OTPDone
		if errors.As(want, &wanted) {
			require.ErrorAs(t, err, &done)
			require.Equal(t, wanted, done)
			continue
		}
		require.ErrorIs(t, err, want)
	}
}

func claimsOfCalls(t *testing.T, open Open) {
	store := opened(t, open)
	one, two := uuid.New(), uuid.New()
	claim := func(b byte, of uuid.UUID) consent.OTPClaim {
		return consent.OTPClaim{Key: key(b), Owner: key(b + 100), Consent: of, Endpoint: consent.EndpointVerifyOTP, At: Start, Until: Start.Add(lasts)}
	}
	read := func(keys []consent.Key, consents ...uuid.UUID) []consent.OTPClaim {
		claims, err := store.OTPClaims(t.Context(), keys, consents)
		require.NoError(t, err)
		return claims
	}
	begun := []consent.OTPClaim{claim(1, one), claim(2, one), claim(3, two)}
	require.NoError(t, appendBatch(t, store, consent.Batch{Upkeep: consent.Upkeep{OTPBegun: begun}}))
	require.Empty(t, read(nil))
	require.ElementsMatch(t, begun[:1], read([]consent.Key{key(1), key(9)}))
	require.ElementsMatch(t, begun[:2], read([]consent.Key{key(1)}, one), "each once")
	require.ElementsMatch(t, begun, read([]consent.Key{key(3)}, one, uuid.New()))

	require.Error(t, appendBatch(t, store, consent.Batch{Upkeep: consent.Upkeep{OTPBegun: []consent.OTPClaim{claim(4, two), claim(1, two)}}}), "a key is claimed once")
	require.Empty(t, read([]consent.Key{key(4)}), "and nothing of it is left")
	again := claim(1, two)
	require.NoError(t, appendBatch(t, store, consent.Batch{Upkeep: consent.Upkeep{OTPEnded: []consent.Key{key(1), key(9)}, OTPBegun: []consent.OTPClaim{again}}}))
	require.ElementsMatch(t, []consent.OTPClaim{again, begun[2]}, read(nil, two))
	require.NoError(t, appendBatch(t, store, consent.Batch{Upkeep: consent.Upkeep{OTPBegun: []consent.OTPClaim{claim(5, two)}, Blank: []uuid.UUID{two}}}))
	require.ElementsMatch(t, begun[1:2], read(nil, one, two))
}

func callClaimedOnce(t *testing.T, open Open) {
	l, clock := newLedger(t, open)
	state := given(t, l, "key-of-a-verification")
	first := generated(state, "first")
	require.NoError(t, l.ClaimableOTP(t.Context(), first))
	claim, err := l.ClaimOTP(t.Context(), first)
	require.NoError(t, err)
	require.Equal(t, []any{Start, Start.Add(lasts), first.Endpoint}, []any{claim.At, claim.Until, claim.Endpoint})

	second := generated(state, "second")
	refused(t, l, first, consent.ErrInProgress)
	refused(t, l, second, consent.ErrInProgress)
	other := given(t, l, "key-of-another-one")
	require.NoError(t, l.ClaimableOTP(t.Context(), generated(other, "third")), "another consent is free")
	refused(t, l, generated(other, "first"), consent.ErrInProgress) // a key is the site's, whatever it is used for
	require.NoError(t, l.ClaimableOTP(t.Context(), otpCall(other, consent.EndpointVerifyOTP, "first")), "each endpoint has keys of its own")

	clock.Move(lasts)
	refused(t, l, first, &consent.OTPDone{}) // nobody knows what became of it
	require.NoError(t, l.ClaimableOTP(t.Context(), second))
	require.NoError(t, l.SettleOTP(t.Context(), claim, outcome(first, "ok")), "late is better than never")
	refused(t, l, first, &consent.OTPDone{Result: "ok"})
	made(t, l, second, "vendor_refused")
	refused(t, l, second, &consent.OTPDone{Result: "vendor_refused"})
	refused(t, l, generated(other, "second"), &consent.OTPDone{Result: "vendor_refused"})

	record, err := l.Consent(t.Context(), state.Site, state.ID())
	require.NoError(t, err)
	require.Len(t, record.Events, 3)
	require.Equal(t, []string{"generate-otp", "ok", "vendor-txn"}, []string{record.Events[1].Endpoint, record.Events[1].Result, record.Events[1].TransactionID})
	require.Contains(t, string(record.Events[1].Body), `"lookups_sha256":"`, "the log vouches for the key")
	for _, event := range record.Events {
		require.NotContains(t, string(event.Body), "second", "keys are kept as hashes")
	}
}

func callGivenBack(t *testing.T, open Open) {
	l, _ := newLedger(t, open)
	state := given(t, l, "key-of-a-verification")
	c := generated(state, "first")
	claim, err := l.ClaimOTP(t.Context(), c)
	require.NoError(t, err)
	require.NoError(t, l.ReleaseOTP(t.Context(), claim))
	require.NoError(t, l.ReleaseOTP(t.Context(), claim), "again is no error")
	made(t, l, c, "ok")
	state, err = l.State(t.Context(), state.ID())
	require.NoError(t, err)
	require.Equal(t, consent.OTPUse{Asked: 1, Sent: 1}, state.OTP)
}

func parallelCalls(t *testing.T, open Open) {
	l, _ := newLedger(t, open)
	state := given(t, l, "key-of-a-verification")
	for _, keys := range []func(i int) string{
		func(int) string { return "one-key" },
		func(i int) string { return fmt.Sprint("key-", i) },
	} {
		claims := make([]consent.OTPClaim, 50)
		claimed := 0
		for i, err := range together(len(claims), func(i int) (err error) {
			claims[i], err = l.ClaimOTP(t.Context(), generated(state, keys(i)))
			return err
		}) {
			if err != nil {
				require.ErrorIs(t, err, consent.ErrInProgress)
				continue
			}
			claimed++
			defer func() { require.NoError(t, l.ReleaseOTP(t.Context(), claims[i])) }()
			require.NoError(t, l.ReleaseOTP(t.Context(), claims[i]))
		}
		require.Equal(t, 1, claimed)
	}
}

// A process that ends between a call and its record leaves a call of which nobody knows.
func callUnknown(t *testing.T, open Open) {
	dir, clock := t.TempDir(), NewClock()
	first := NewLedger(t, open(t, dir), clock)
	state := given(t, first, "key-of-a-verification")
	c := otpCall(state, consent.EndpointVerifyOTP, "lost")
	_, err := first.ClaimOTP(t.Context(), c)
	require.NoError(t, err)
	require.NoError(t, first.Close())

	second := NewLedger(t, open(t, dir), clock)
	refused(t, second, c, consent.ErrInProgress) // another relay may still be at it
	clock.Move(lasts)
	refused(t, second, c, &consent.OTPDone{})
	clock.Move(24 * time.Hour)
	refused(t, second, c, &consent.OTPDone{})
}

func callsCounted(t *testing.T, open Open) {
	l, _ := newLedger(t, open)
	state := given(t, l, "key-of-a-verification")
	_, err := l.Used(t.Context(), state.Committed, []consent.Call{
		{Endpoint: "connect", Result: "vendor_unavailable", At: Start}, {Endpoint: "connect", Result: "ok", At: Start}, {Endpoint: "reload-captcha", Result: "ok", At: Start}})
	require.NoError(t, err)
	for i, step := range []struct {
		endpoint, result string
		want             consent.OTPUse
	}{
		{consent.EndpointGenerateOTP, "vendor_refused", consent.OTPUse{Asked: 1}},
		{consent.EndpointGenerateOTP, "ok", consent.OTPUse{Asked: 2, Sent: 1}},
		{consent.EndpointVerifyOTP, "vendor_refused", consent.OTPUse{Asked: 2, Sent: 1, Tried: 1}},
		{consent.EndpointVerifyOTP, "vendor_unknown", consent.OTPUse{Asked: 2, Sent: 1, Tried: 2}},
		{consent.EndpointGenerateOTP, "vendor_unknown", consent.OTPUse{Asked: 3, Sent: 1, Tried: 2}},
		{consent.EndpointGenerateOTP, "ok", consent.OTPUse{Asked: 4, Sent: 2}},
		{consent.EndpointVerifyOTP, "ok", consent.OTPUse{Asked: 4, Sent: 2, Tried: 1, Verified: true}},
	} {
		c := otpCall(state, step.endpoint, fmt.Sprint("call-", i))
		made(t, l, c, step.result)
		now, err := l.State(t.Context(), state.ID())
		require.NoError(t, err)
		require.Equal(t, step.want, now.OTP)
		require.Equal(t, 3, now.Calls, "pictures keep their own count")
		c.Allowed = func(s consent.State) error { // it sees the same
			require.Equal(t, step.want, s.OTP)
			return errNotAllowed
		}
		refused(t, l, c, errNotAllowed)
	}
}

var errNotAllowed = errors.New("not allowed")

func callsOfAnEndedConsent(t *testing.T, open Open) {
	l, clock := newLedger(t, open)
	state := given(t, l, "key-of-a-verification")
	c := generated(state, "under-way")
	claim, err := l.ClaimOTP(t.Context(), c)
	require.NoError(t, err)
	withdrawn(t, l, state.ID())
	require.ErrorIs(t, l.SettleOTP(t.Context(), claim, outcome(c, "ok")), consent.ErrWithdrawn)
	refused(t, l, c, &consent.OTPDone{Result: "ok"}) // it is recorded all the same

	next := generated(state, "under-way-at-erasing")
	claim, err = l.ClaimOTP(t.Context(), next)
	require.NoError(t, err, "it is Allowed that judges withdrawals")
	_, err = erase(l, t, state.ID())
	require.NoError(t, err)
	refused(t, l, next, consent.ErrErased)
	require.ErrorIs(t, l.SettleOTP(t.Context(), claim, outcome(next, "ok")), consent.ErrErased)
	record, err := l.Record(t.Context(), state.ID())
	require.NoError(t, err)
	last := record.Events[len(record.Events)-1]
	require.Equal(t, consent.Used, last.Kind)
	require.NotContains(t, string(last.Body), "vendor-txn")
	require.NotContains(t, string(last.Body), "lookups_sha256")
	other := given(t, l, "key-of-another-one")
	for _, key := range []string{"under-way", "under-way-at-erasing"} {
		require.NoError(t, l.ClaimableOTP(t.Context(), generated(other, key)), "the key is forgotten")
	}

	clock.Move(time.Hour)
	unknown := c
	unknown.ConsentID = "019ab000-0000-7000-8000-000000000000"
	refused(t, l, unknown, consent.ErrNotFound)
	no, err := l.Refuse(t.Context(), Decision("key-of-a-refusal"))
	require.NoError(t, err)
	refused(t, l, generated(no, "of-a-refusal"), consent.ErrNotFound)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = l.ClaimOTP(gone, generated(other, "of-one-who-left"))
	require.Error(t, err)
	require.NoError(t, l.ClaimableOTP(t.Context(), generated(other, "of-one-who-left")))
}
