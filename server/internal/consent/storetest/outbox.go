package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
)

func messageWithItsEvent(t *testing.T, open Open) {
	l, clock, told := newOutbox(t, open)
	state := given(t, l, "key-of-a-told-site")
	clock.Move(time.Minute)
	withdrawn(t, l, state.ID())
	withdrawn(t, l, state.ID())
	other := given(t, l, "key-of-an-untold-site", func(d *consent.Decision) { d.Site = "pk_test_other" })
	withdrawn(t, l, other.ID())

	messages, err := l.Messages(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, messages, 1, "one for the event, and none for a site that wants none")
	require.NotZero(t, *told)
	m := messages[0]
	require.JSONEq(t, `{"type":"consent.withdrawn","timestamp":"2026-11-23T04:31:00.123Z","data":{"consent_id":"`+state.ID()+
		`","sitekey":"pk_test_pass","purpose":"account-opening","via":"receipt"}}`, string(m.Body))
	m.Body = nil
	at := Start.Add(time.Minute)
	id := m.Consent
	require.Equal(t, state.ID(), id.String())
	require.Equal(t, consent.Message{Index: 1, Site: "pk_test_pass", Made: at, Due: at, Kind: consent.WithdrawnEvent, Consent: id}, m)
}

func messageWaits(t *testing.T, open Open) {
	l, clock, _ := newOutbox(t, open)
	for i := range 3 {
		withdrawn(t, l, given(t, l, fmt.Sprintf("key-number-%06d", i)).ID())
		clock.Move(time.Second)
	}
	indexes := func() (found []int64) {
		messages, err := l.Messages(t.Context(), 10)
		require.NoError(t, err)
		for _, m := range messages {
			found = append(found, m.Index)
		}
		return found
	}
	require.Equal(t, []int64{1, 3, 5}, indexes())
	require.NoError(t, l.Postpone(t.Context(), 1, Start.Add(time.Hour)))
	require.Equal(t, []int64{3, 5, 1}, indexes(), "the one that is due first first")
	require.NoError(t, l.Delivered(t.Context(), 3))
	require.NoError(t, l.GiveUp(t.Context(), 5))
	require.Equal(t, []int64{1}, indexes())
	messages, err := l.Messages(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, 1, messages[0].Tries)
	require.Equal(t, Start.Add(time.Hour), messages[0].Due)
	waiting, givenUp, err := l.MessageCount(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{1, 1}, []int{waiting, givenUp}, "what was given up is kept")
	messages, err = l.GivenUp(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, messages, 1)
	require.EqualValues(t, 5, messages[0].Index)
	require.Zero(t, messages[0].Due)
	messages, err = l.GivenUp(t.Context(), 5, 10)
	require.NoError(t, err)
	require.Empty(t, messages)
	require.NoError(t, l.Resend(t.Context(), 5))
	require.Equal(t, []int64{5, 1}, indexes(), "it waits again")
	m, ok, _, err := l.Take(t.Context(), clock.Now(), clock.Now().Add(time.Second))
	require.NoError(t, err)
	require.True(t, ok)
	require.Zero(t, m.Tries, "as a new one does")
	require.NoError(t, l.GiveUp(t.Context(), 5))
	n, err := l.ForgetMessages(t.Context(), Start.Add(2*time.Second))
	require.NoError(t, err)
	require.Zero(t, n)
	n, err = l.ForgetMessages(t.Context(), Start.Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, 1, n, "for as long as it is worth something")
	require.Equal(t, []int64{1}, indexes())
}

func messageTaken(t *testing.T, open Open) {
	l, clock, _ := newOutbox(t, open)
	take := func(now time.Time) (consent.Message, bool, time.Time) {
		m, ok, next, err := l.Take(t.Context(), now, now.Add(time.Minute))
		require.NoError(t, err)
		return m, ok, next
	}
	_, ok, next := take(clock.Now())
	require.False(t, ok)
	require.Zero(t, next, "none waits")
	clock.Move(time.Second)
	state := given(t, l, "key-of-a-message")
	withdrawn(t, l, state.ID())
	_, ok, next = take(Start)
	require.False(t, ok)
	require.Equal(t, Start.Add(time.Second), next, "not before it is due")
	m, ok, _ := take(Start.Add(time.Second))
	require.True(t, ok)
	require.EqualValues(t, 1, m.Index)
	require.Equal(t, consent.WithdrawnEvent, m.Kind)
	require.Equal(t, state.ID(), m.Consent.String())
	require.Zero(t, m.Tries)
	require.NoError(t, l.Postpone(t.Context(), 1, Start.Add(time.Hour)))
	_, ok, next = take(Start.Add(time.Minute))
	require.False(t, ok)
	require.Equal(t, Start.Add(time.Hour), next)
	m, ok, _ = take(Start.Add(time.Hour))
	require.True(t, ok)
	require.Equal(t, 1, m.Tries)
	require.NoError(t, l.Delivered(t.Context(), 1))
	_, ok, _ = take(Start.Add(24 * time.Hour))
	require.False(t, ok)
}
