package consent_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
)

func TestWhatTheStoreRefusedWasNeverRecorded(t *testing.T) {
	for _, step := range storetest.Steps {
		t.Run(string(step), func(t *testing.T) {
			l, faulty, _ := newFaulty(t)
			first, err := l.Give(t.Context(), storetest.Decision(key(1)))
			require.NoError(t, err)

			d := storetest.Decision(key(2))
			d.TicketID = "ticket"
			if step != storetest.Events { // a new decision reads no events
				faulty.Fail(step)
				state, err := l.Give(t.Context(), d)
				require.ErrorIs(t, err, consent.ErrUnavailable)
				require.True(t, state.IsZero())
				_, known, err := l.Repeat(t.Context(), consent.Given, d)
				require.NoError(t, err)
				require.False(t, known)
			}
			second, err := l.Give(t.Context(), d)
			require.NoError(t, err, "the next one works, and the ticket is whole")

			call := []consent.Call{{Endpoint: "connect", Result: "ok"}}
			if step != storetest.Claims { // calls claim nothing
				faulty.Fail(step)
				_, err = l.Used(t.Context(), second.Committed, call)
				require.ErrorIs(t, err, consent.ErrUnavailable)
			}
			total, err := l.Used(t.Context(), second.Committed, call)
			require.NoError(t, err)
			require.Equal(t, 1, total)

			r := consent.Redemption{ConsentID: second.ID(), JTI: "j", Token: "t", Reply: "r"}
			faulty.Fail(step)
			redeemed, err := l.Redeem(t.Context(), r)
			require.ErrorIs(t, err, consent.ErrUnavailable)
			require.Zero(t, redeemed)
			_, err = l.Redeem(t.Context(), r)
			require.NoError(t, err, "the token is whole")

			record, err := l.Consent(t.Context(), second.Site, second.ID())
			require.NoError(t, err)
			require.EqualValues(t, 1, record.Events[0].Index, "no gap after the first")
			require.Len(t, record.Events, 3)
			_, err = l.State(t.Context(), first.ID())
			require.NoError(t, err)
		})
	}
}

func TestAnUnknownOutcomeEndsTheProcess(t *testing.T) {
	for _, step := range []storetest.Step{storetest.Lost, storetest.Fsync} {
		t.Run(string(step), func(t *testing.T) {
			var ended error
			l, faulty, _ := newFaulty(t, consent.WithFatal(func(err error) { ended = err }))
			faulty.Fail(step)
			state, err := l.Give(t.Context(), storetest.Decision(key(1)))
			require.ErrorIs(t, err, consent.ErrUnknownOutcome)
			require.NotErrorIs(t, err, consent.ErrUnavailable, "nobody may be told that nothing was written")
			require.True(t, state.IsZero())
			require.ErrorIs(t, ended, consent.ErrUnknownOutcome)
			_, err = l.Give(t.Context(), storetest.Decision(key(2)))
			require.ErrorIs(t, err, consent.ErrUnavailable, "nothing is said any more")
			require.ErrorIs(t, l.Ready(t.Context()), consent.ErrUnavailable)
		})
	}
}

func TestDecisionsThatLackSomethingAreRefused(t *testing.T) {
	l, faulty, _ := newFaulty(t)
	for name, change := range map[string]func(*consent.Decision){
		"site":            func(d *consent.Decision) { d.Site = "" },
		"vendor purpose":  func(d *consent.Decision) { d.VendorPurpose = "" },
		"notice":          func(d *consent.Decision) { d.NoticeSHA256 = "" },
		"nonce":           func(d *consent.Decision) { d.Nonce = "" },
		"idempotency key": func(d *consent.Decision) { d.IdempotencyKey = "" },
	} {
		d := storetest.Decision(key(1))
		change(&d)
		_, err := l.Give(t.Context(), d)
		require.Error(t, err, name)
	}
	require.Zero(t, faulty.Transactions())
	// What cannot be written as JSON concerns its own caller alone.
	d := storetest.Decision(key(2))
	d.ClientBuild = "\xff"
	_, err := l.Give(t.Context(), d)
	require.Error(t, err)
	require.NotErrorIs(t, err, consent.ErrUnavailable)
	d.ClientBuild = ""
	_, err = l.Give(t.Context(), d)
	require.NoError(t, err)
}

func TestShortKeysAreRefused(t *testing.T) {
	_, err := consent.New(nil, consent.Keys{Lookup: make([]byte, 31)}, time.Now, nil)
	require.ErrorContains(t, err, "lookup key")
	_, err = consent.New(nil, consent.Keys{Lookup: make([]byte, 32)}, time.Now, nil)
	require.ErrorContains(t, err, "no key to sign the log with")
	_, err = consent.New(nil, consent.Keys{Lookup: make([]byte, 32), Log: [][]byte{make([]byte, 31)}}, time.Now, nil)
	require.ErrorContains(t, err, "31 bytes")
}
