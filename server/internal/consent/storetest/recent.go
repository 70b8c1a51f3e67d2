package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
)

// callsSince makes more events than are read at a time, so that the border of
// a chunk is crossed.
func callsSince(t *testing.T, open Open) {
	l, clock := newLedger(t, open)
	var want []consent.SpentCall
	for i := range 30 {
		given, err := l.Give(t.Context(), Decision(fmt.Sprintf("key-of-the-calls-%d", i)))
		require.NoError(t, err)
		_, err = l.Used(t.Context(), given.Committed, slices.Repeat([]consent.Call{{Endpoint: "connect", Result: "ok"}}, 50))
		require.NoError(t, err)
		if i >= 10 {
			for range 50 {
				want = append(want, consent.SpentCall{At: clock.Now().UTC(), Site: Decision("").Site, Consent: given.ID(), Endpoint: "connect", Result: "ok"})
			}
		}
		clock.Move(time.Minute)
	}
	calls, err := l.CallsSince(t.Context(), Start.Add(10*time.Minute))
	require.NoError(t, err)
	require.Equal(t, want, calls)

	none, err := l.CallsSince(t.Context(), clock.Now())
	require.NoError(t, err)
	require.Empty(t, none)
}
