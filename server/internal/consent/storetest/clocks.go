package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
)

const year = 365 * 24 * time.Hour

// A clock that is ahead while one thing is recorded, and right again.
func clockAheadForOneCommit(t *testing.T, open Open) {
	for _, ahead := range []time.Duration{32 * time.Second, time.Hour, 20 * year} {
		var told []time.Duration
		clock := NewClock()
		l := NewLedger(t, open(t, t.TempDir()), clock, consent.WithClockAhead(func(by time.Duration) { told = append(told, by) }))
		require.Zero(t, l.ClockAhead())
		clock.Move(ahead)
		wrong := given(t, l, "key-of-the-wrong-time")
		require.Equal(t, Start.Add(ahead), wrong.At)
		require.Empty(t, told, "which time is right, nobody can tell yet")
		clock.Move(time.Second - ahead)
		require.Equal(t, ahead-time.Second, l.ClockAhead(), "before anything else is recorded")
		right := given(t, l, "key-of-the-right-time")
		require.Equal(t, Start.Add(time.Second), right.At)
		require.Equal(t, []time.Duration{ahead - time.Second}, told)
		require.Equal(t, ahead-time.Second, l.ClockAhead(), "for a while")
		require.Equal(t, right.At, given(t, l, "key-of-a-third").At)
		require.Len(t, told, 1, "once")
		_, err := l.Consent(t.Context(), wrong.Site, wrong.ID())
		require.NoError(t, err)
	}
}

// What is not told stands still for as long as it takes the clock to come up.
func clockLittleAhead(t *testing.T, open Open) {
	clock := NewClock()
	l := NewLedger(t, open(t, t.TempDir()), clock)
	clock.Move(30 * time.Second)
	ahead := given(t, l, "key-of-the-wrong-time")
	clock.Move(-30 * time.Second)
	require.Equal(t, ahead.At, given(t, l, "key-of-the-second").At)
	clock.Move(31 * time.Second)
	require.Equal(t, Start.Add(31*time.Second), given(t, l, "key-of-the-third").At)
	require.Zero(t, l.ClockAhead())
}

// One relay's clock is wrong, and another's right; each records after the other.
func clocksOfSeveralRelays(t *testing.T, open Open) {
	dir := t.TempDir()
	wrong, right := NewClock(), NewClock()
	wrong.Move(time.Hour)
	// In a store for one relay, one follows the other.
	var ats []time.Time
	var told int
	for i, clock := range []*Clock{right, wrong, right, wrong, right} {
		l := NewLedger(t, open(t, dir), clock, consent.WithClockAhead(func(time.Duration) { told++ }))
		ats = append(ats, given(t, l, fmt.Sprint("key-of-the-relay-", i)).At)
		require.NoError(t, l.Close())
	}
	late := Start.Add(time.Hour)
	require.Equal(t, []time.Time{Start, late, Start, late, Start}, ats)
	require.Equal(t, 2, told, "by the one that is behind, each time")
}

// An event with a time far ahead is in nobody's way who was recorded after it.
func oldBehindTheFuture(t *testing.T, open Open) {
	l, clock, _ := newOutbox(t, open)
	first := given(t, l, "key-of-the-first-one")
	clock.Move(20 * year)
	future := given(t, l, "key-of-one-of-the-future")
	clock.Move(-20 * year)
	var behind []string
	for i := range 300 {
		behind = append(behind, given(t, l, fmt.Sprintf("key-behind-number-%04d", i)).ID())
	}
	clock.Move(year)
	n, err := l.EraseOld(t.Context(), Start.Add(time.Hour), "kept long enough")
	require.NoError(t, err)
	require.Equal(t, 1+len(behind), n)
	for _, id := range append(behind, first.ID()) {
		_, err := l.State(t.Context(), id)
		require.ErrorIs(t, err, consent.ErrErased)
	}
	_, err = l.State(t.Context(), future.ID())
	require.NoError(t, err)
}

// A message that was written, or put off, by a clock that was ahead.
func messageOfTheFuture(t *testing.T, open Open) {
	l, clock, _ := newOutbox(t, open)
	for _, ahead := range []time.Duration{time.Hour, 20 * year} {
		take := func() (consent.Message, bool) {
			m, ok, _, err := l.Take(t.Context(), clock.Now(), clock.Now().Add(time.Minute))
			require.NoError(t, err)
			return m, ok
		}
		state := given(t, l, fmt.Sprint("key-of-a-message-", ahead))
		clock.Move(ahead)
		withdrawn(t, l, state.ID())
		clock.Move(-ahead)
		m, ok := take()
		require.True(t, ok, "it was never tried, so it is due")
		require.NoError(t, l.Postpone(t.Context(), m.Index, clock.Now().Add(5*time.Second)))
		_, ok = take()
		require.False(t, ok)
		clock.Move(5 * time.Second)
		m, ok = take()
		require.True(t, ok)
		require.NoError(t, l.Postpone(t.Context(), m.Index, clock.Now().Add(20*year)))
		m, ok = take()
		require.True(t, ok, "nothing is put off for so long")
		require.NoError(t, l.Delivered(t.Context(), m.Index))
	}
}

// A call that was claimed by a clock that was ahead is not under way until then.
func callOfTheFuture(t *testing.T, open Open) {
	l, clock := newLedger(t, open)
	state := given(t, l, "key-of-a-verification")
	call := func(key string) consent.OTPCall {
		return consent.OTPCall{ConsentID: state.ID(), Site: state.Site, Endpoint: consent.EndpointGenerateOTP, IdempotencyKey: key,
			Lasts: time.Minute, Allowed: func(consent.State) error { return nil }}
	}
	clock.Move(time.Hour)
	_, err := l.ClaimOTP(t.Context(), call("first"))
	require.NoError(t, err)
	clock.Move(-time.Hour)
	var done *consent.OTPDone
	_, err = l.ClaimOTP(t.Context(), call("first"))
	require.ErrorAs(t, err, &done, "never twice, whatever the clock says")
	_, err = l.ClaimOTP(t.Context(), call("second"))
	require.NoError(t, err)
}

// One commit of a clock that is ahead forgets no answer that is still worth something.
func repliesOutliveTheClock(t *testing.T, open Open) {
	l, clock := newLedger(t, open)
	r := redemption(t, l, "jti-1")
	_, err := l.Redeem(t.Context(), r)
	require.NoError(t, err)
	clock.Move(time.Hour)
	given(t, l, "key-of-the-wrong-time")
	clock.Move(-time.Hour)
	given(t, l, "key-of-the-right-time")
	repeated, err := l.Redeem(t.Context(), r)
	require.NoError(t, err)
	require.True(t, repeated.Repeat)
}

// What the day was spent on is read past an event whose time is wrong.
func callsSinceWrongTimes(t *testing.T, open Open) {
	l, clock := newLedger(t, open)
	call := func(key string) {
		state := given(t, l, key)
		_, err := l.Used(t.Context(), state.Committed, []consent.Call{{Endpoint: "connect", Result: "ok", At: clock.Now()}})
		require.NoError(t, err)
	}
	call("key-of-the-first")
	clock.Move(-48 * time.Hour)
	call("key-of-one-behind")
	clock.Move(48 * time.Hour)
	clock.Move(20 * year)
	call("key-of-one-ahead")
	clock.Move(-20 * year)
	call("key-of-the-last")
	calls, err := l.CallsSince(t.Context(), clock.Now().Add(-24*time.Hour))
	require.NoError(t, err)
	require.Len(t, calls, 3)
	for _, c := range calls {
		require.False(t, c.At.After(clock.Now()), "none was made in the future")
	}
}
