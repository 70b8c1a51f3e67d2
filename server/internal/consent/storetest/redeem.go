package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
)

func redemption(t *testing.T, l *consent.Ledger, jti string) consent.Redemption {
	given, err := l.Give(t.Context(), Decision("key-of-"+jti))
	require.NoError(t, err)
	return consent.Redemption{ConsentID: given.ID(), JTI: jti, IdempotencyKey: "redeem-" + jti, Token: "token-" + jti, Reply: "sealed-1"}
}

func redeemsOnce(t *testing.T, open Open) {
	l, clock := newLedger(t, open)
	r := redemption(t, l, "jti-1")
	clock.Move(time.Minute)

	peek := r
	peek.Peek = true
	peeked, err := l.Redeem(t.Context(), peek)
	require.NoError(t, err)
	require.Equal(t, consent.Redeemed{Reply: "sealed-1"}, peeked)

	first, err := l.Redeem(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, consent.Redeemed{At: Start.Add(time.Minute), Reply: "sealed-1"}, first)

	// The same key and token: the first answer, for a quarter of an hour.
	clock.Move(15 * time.Minute)
	repeat := r
	repeat.Reply, repeat.Expired = "sealed-2", true
	first.Repeat = true
	again, err := l.Redeem(t.Context(), repeat)
	require.NoError(t, err)
	require.Equal(t, first, again)
	repeat.Peek = true
	again, err = l.Redeem(t.Context(), repeat)
	require.NoError(t, err)
	require.Equal(t, first, again)
	repeat.Peek = false

	for name, change := range map[string]func(*consent.Redemption){
		"without a key": func(r *consent.Redemption) { r.IdempotencyKey = "" },
		"another key":   func(r *consent.Redemption) { r.IdempotencyKey = "another-key-here" },
		"another token": func(r *consent.Redemption) { r.Token = "token-of-the-same-jti" },
	} {
		changed := repeat
		change(&changed)
		_, err = l.Redeem(t.Context(), changed)
		require.ErrorIs(t, err, consent.ErrSeen, name)
	}
	clock.Move(time.Millisecond)
	_, err = l.Redeem(t.Context(), repeat)
	require.ErrorIs(t, err, consent.ErrSeen)

	record, err := l.Consent(t.Context(), "pk_test_pass", r.ConsentID)
	require.NoError(t, err)
	require.Len(t, record.Events, 2, "neither peeks nor repeats write")
	require.Equal(t, consent.RedeemedEvent, record.Events[1].Kind)
}

func judgedInOrder(t *testing.T, open Open) {
	l, _ := newLedger(t, open)
	r := redemption(t, l, "jti-1")
	unknown := r
	unknown.ConsentID = "019ab000-0000-7000-8000-000000000000"
	_, err := l.Redeem(t.Context(), unknown)
	require.ErrorIs(t, err, consent.ErrNotFound)

	expired := r
	expired.Expired = true
	_, err = l.Redeem(t.Context(), expired)
	require.ErrorIs(t, err, consent.ErrExpired)
	expired.Peek = true
	_, err = l.Redeem(t.Context(), expired)
	require.ErrorIs(t, err, consent.ErrExpired)

	r.IdempotencyKey = ""
	_, err = l.Redeem(t.Context(), r)
	require.NoError(t, err)
	_, err = l.Redeem(t.Context(), r)
	require.ErrorIs(t, err, consent.ErrSeen, "no key, no repeat")
	expired.IdempotencyKey = ""
	_, err = l.Redeem(t.Context(), expired)
	require.ErrorIs(t, err, consent.ErrSeen, "seen comes before expired")
	_, err = l.Redeem(t.Context(), consent.Redemption{ConsentID: r.ConsentID, Token: "t"})
	require.Error(t, err)
}

func parallelRedemptions(t *testing.T, open Open) {
	l, _ := newLedger(t, open)
	r := redemption(t, l, "jti-1")
	redeemed := 0
	for _, err := range together(100, func(i int) error {
		mine := r
		mine.IdempotencyKey = fmt.Sprintf("a-key-of-its-own-%03d", i)
		_, err := l.Redeem(t.Context(), mine)
		return err
	}) {
		if err == nil {
			redeemed++
		} else {
			require.ErrorIs(t, err, consent.ErrSeen)
		}
	}
	require.Equal(t, 1, redeemed)

	// With one key between them they all get the one reply.
	r = redemption(t, l, "jti-2")
	replies := make([]consent.Redeemed, 100)
	first := 0
	for _, err := range together(len(replies), func(i int) (err error) {
		mine := r
		mine.Reply = fmt.Sprint("sealed-", i)
		replies[i], err = l.Redeem(t.Context(), mine)
		return err
	}) {
		require.NoError(t, err)
	}
	for _, reply := range replies {
		if !reply.Repeat {
			first++
		}
		require.Equal(t, replies[0].Reply, reply.Reply)
	}
	require.Equal(t, 1, first)
	record, err := l.Consent(t.Context(), "pk_test_pass", r.ConsentID)
	require.NoError(t, err)
	require.Len(t, record.Events, 2)
}
