package translog

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestALossIsAcceptedWithItsReason(t *testing.T) {
	now := time.Date(2026, 11, 3, 4, 5, 6, 0, time.UTC)
	m, o := new(memory), Options{Origin: origin, Anchor: anchorIn(t)}
	accept := func(m *memory, reason string) (Forked, error) {
		return AcceptLoss(t.Context(), m.transact, seeds, o, reason, now)
	}
	_, err := accept(m, "a case")
	require.ErrorContains(t, err, "there is no anchor")

	l := newLog(t, m, o)
	require.NoError(t, l.Open(t.Context(), m.transact))
	require.NoError(t, add(t, l, m, 5))
	older := &memory{rows: m.rows.clone()}
	require.NoError(t, add(t, l, m, 3))
	l.Close()
	anchor := read(t, o.Anchor)
	for _, reason := range []string{"", " \n", string(make([]byte, maxForkReason+1)), "\xff"} {
		_, err = accept(older, reason)
		require.ErrorContains(t, err, "give a reason")
	}
	_, err = accept(m, "a case")
	require.ErrorContains(t, err, "nothing to do", "it is not behind")
	require.Empty(t, m.rows.forks)

	// What does not agree with itself is mended by no fork.
	damaged := &memory{rows: older.rows.clone()}
	damaged.rows.leaves[4].Entry = entry(77)
	_, err = accept(damaged, "a case")
	require.ErrorIs(t, err, ErrStopped)
	require.Empty(t, damaged.rows.forks)
	require.Equal(t, anchor, read(t, o.Anchor))

	forked, err := accept(older, " disk lost, backup restored ")
	require.NoError(t, err)
	require.EqualValues(t, 5, forked.Size)
	require.EqualValues(t, 8, forked.Lost.Size)
	require.Equal(t, o.Anchor+".20261103T040506Z", forked.Kept)
	require.Equal(t, anchor, read(t, forked.Kept))
	require.Equal(t, older.rows.head.Note, read(t, o.Anchor))
	require.Equal(t, []Fork{{At: now, Reason: "disk lost, backup restored", Size: 5, Lost: anchor}}, older.rows.forks)
	require.NoError(t, add(t, open(t, older, o), older, 9))
}

func TestAnAnchorThatIsUnreadableIsKeptAsItWas(t *testing.T) {
	m, o := new(memory), Options{Origin: origin, Anchor: anchorIn(t)}
	require.NoError(t, add(t, open(t, m, Options{}), m, 5))
	require.NoError(t, replaceFile(o.Anchor, []byte("hello\n")))
	forked, err := AcceptLoss(t.Context(), m.transact, seeds, o, "overwritten by a script", time.Now())
	require.NoError(t, err)
	require.Zero(t, forked.Lost)
	require.Equal(t, "hello\n", string(read(t, forked.Kept)))
	require.Equal(t, "hello\n", string(m.rows.forks[0].Lost))
	open(t, m, o)
}
