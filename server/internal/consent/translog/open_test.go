package translog

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent/translog/checkpoint"
)

// forged is a signed note with another signature.
func forged(note []byte) []byte {
	other := bytes.Clone(note)
	at := len(other) - 10
	if other[at] == 'A' {
		other[at] = 'B'
	} else {
		other[at] = 'A'
	}
	return other
}

// readOnly checks that the log takes no entries and says why, and still answers.
func readOnly(t *testing.T, m *memory, o Options, why string) {
	t.Helper()
	l := newLog(t, m, o)
	err := l.Open(t.Context(), m.transact)
	t.Cleanup(l.Close)
	require.ErrorIs(t, err, ErrStopped)
	require.ErrorContains(t, err, why)
	before := m.rows.clone()
	require.ErrorIs(t, add(t, l, m, 1), ErrStopped)
	require.ErrorContains(t, l.Err(), why)
	require.Equal(t, before, m.rows)
	_, err = l.Checkpoint(t.Context())
	require.NoError(t, err)
}

// signHead returns a head of this log that anything may be the root of.
func signHead(t *testing.T, l *Log, size int64, root [32]byte) Head {
	signed, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: origin, Size: size, Root: root}, l.keys[0])
	require.NoError(t, err)
	return Head{Origin: origin, Size: size, Note: signed}
}

func otherKey(t *testing.T) checkpoint.Key {
	key, err := checkpoint.NewKey("other.example", make([]byte, 32))
	require.NoError(t, err)
	return key
}

func TestALogThatDoesNotAgreeWithItselfTakesNoEntries(t *testing.T) {
	whole := new(memory)
	l := open(t, whole, Options{PublishEvery: time.Hour})
	require.NoError(t, add(t, l, whole, 4))
	atFour := openNote(t, l, whole.rows.head.Note)
	open(t, whole, Options{}) // publishes it
	require.NoError(t, add(t, l, whole, 3))
	require.EqualValues(t, 4, whole.rows.published.Size)
	for name, c := range map[string]struct {
		change func(r *rows)
		why    string
	}{
		"head damaged":            {func(r *rows) { r.head.Note = forged(r.head.Note) }, "newest checkpoint does not open"},
		"head of another size":    {func(r *rows) { r.head.Size = 6 }, "covers 7 entries and is kept as one of 6"},
		"head of another tree":    {func(r *rows) { r.head = signHead(t, l, 7, entry(1)) }, "does not match the stored hashes"},
		"entries that it lacks":   {func(r *rows) { r.entries = r.entries[:6] }, "there are 6 events and the newest checkpoint covers 7"},
		"entries beyond it":       {func(r *rows) { r.entries = append(r.entries, entry(7)) }, "there are 8 events and the newest checkpoint covers 7"},
		"a leaf changed":          {func(r *rows) { r.leaves[6].Entry = entry(77) }, "does not match the stored hashes"},
		"a leaf missing":          {func(r *rows) { r.leaves = r.leaves[:6] }, "hashes of the log are missing"},
		"a published one damaged": {func(r *rows) { r.published.Note = forged(r.published.Note) }, "the checkpoint published at 4 entries is damaged"},
		"a published one unlike":  {func(r *rows) { r.published = signHead(t, l, 4, entry(1)) }, "its first 4 entries are not those of the newest published checkpoint"},
		"a published one ahead":   {func(r *rows) { r.published = signHead(t, l, 9, atFour.Root) }, "it has 7 entries, and the newest published checkpoint has 9"},
		"another log's key":       {func(r *rows) { r.keys[0] = otherKey(t).Public }, "a public log key in the store is damaged"},
		"a key damaged":           {func(r *rows) { r.keys[0] = "log.example+x" }, "a public log key in the store is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			m := &memory{rows: whole.rows.clone()}
			c.change(&m.rows)
			readOnly(t, m, Options{}, c.why)
		})
	}
	open(t, whole, Options{})
}

func TestALogThatIsBehindItsAnchorTakesNoEntries(t *testing.T) {
	m, o := new(memory), Options{Anchor: anchorIn(t)}
	l := newLog(t, m, o)
	require.NoError(t, l.Open(t.Context(), m.transact))
	require.NoError(t, add(t, l, m, 5))
	older := m.rows.clone()
	require.NoError(t, add(t, l, m, 3))
	l.Close()
	require.EqualValues(t, 8, openNote(t, l, read(t, o.Anchor)).Size)
	anchor := read(t, o.Anchor)

	readOnly(t, &memory{rows: older}, o, "log_rolled_back: it has 5 entries, and the anchor "+o.Anchor+" has 8; find the newer data, or stop the relay")
	readOnly(t, &memory{rows: unlike(t, 9)}, o, "log_rolled_back: its first 8 entries are not those of the anchor")
	require.Equal(t, anchor, read(t, o.Anchor), "what was seen is not forgotten")

	l = newLog(t, new(memory), o)
	err := l.Open(t.Context(), new(memory).transact)
	t.Cleanup(l.Close)
	require.ErrorIs(t, err, ErrStopped)
	require.ErrorContains(t, err, "log_rolled_back: it is empty, and the anchor "+o.Anchor+" has 8 entries")

	others, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: "other.example", Size: 3}, otherKey(t))
	require.NoError(t, err)
	for _, damaged := range [][]byte{nil, []byte("hello\n"), forged(anchor), others} {
		require.NoError(t, os.WriteFile(o.Anchor, damaged, 0o600))
		readOnly(t, &memory{rows: m.rows.clone()}, o, "cannot be read as a checkpoint of this log")
		empty := newLog(t, new(memory), o)
		require.ErrorIs(t, empty.Open(t.Context(), new(memory).transact), ErrStopped)
		t.Cleanup(empty.Close)
	}
	require.NoError(t, os.WriteFile(o.Anchor, anchor, 0o600))
	open(t, m, o)
}

func TestALogKeepsItsNameAndItsKeys(t *testing.T) {
	m := new(memory)
	open(t, m, Options{})
	moved, err := New(m, seeds, Options{Origin: "moved.example"}, nil)
	require.NoError(t, err)
	err = moved.Open(t.Context(), m.transact)
	require.ErrorContains(t, err, "write `log: {origin: log.example/v1}`")
	require.NotErrorIs(t, err, ErrStopped)
	stranger, err := New(m, [][]byte{make([]byte, 32)}, Options{Origin: origin}, nil)
	require.NoError(t, err)
	err = stranger.Open(t.Context(), m.transact)
	require.ErrorContains(t, err, "put the key that signed it back there")
	require.NotErrorIs(t, err, ErrStopped)

	_, err = New(m, nil, Options{Origin: origin}, nil)
	require.ErrorContains(t, err, "no key to sign the log with")
	_, err = New(m, [][]byte{make([]byte, 31)}, Options{Origin: origin}, nil)
	require.ErrorContains(t, err, "31 bytes")
	_, err = New(m, seeds, Options{Origin: "two words"}, nil)
	require.ErrorContains(t, err, "cannot name a log")
}
