package translog

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func read(t *testing.T, file string) []byte {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return text
}

// messages are lines of a logger.
type messages struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (m *messages) Write(line []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text.Write(line)
}

func (m *messages) count(part string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Count(m.text.String(), part)
}

func TestTheAnchorFollowsWithoutBeingWaitedFor(t *testing.T) {
	const cannot = "cannot be written to its anchor"
	dir := filepath.Join(t.TempDir(), "anchors") // is not there: nothing can be written
	o := Options{Origin: origin, Anchor: filepath.Join(dir, "log.anchor")}
	m, said := new(memory), new(messages)
	l, err := New(m, seeds, o, slog.New(slog.NewTextHandler(said, nil)))
	require.NoError(t, err)
	l.anchor.every = time.Millisecond
	require.NoError(t, l.Open(t.Context(), m.transact))
	within := func(what func() bool) {
		t.Helper()
		require.Eventually(t, what, time.Minute, time.Millisecond)
	}
	within(func() bool { return said.count(cannot) == 1 })
	for range 20 {
		require.NoError(t, add(t, l, m, 1), "nobody waits for the anchor")
	}
	require.NoError(t, os.Mkdir(dir, 0o700))
	within(func() bool { // written again once it can be
		require.NoError(t, add(t, l, m, 1))
		_, err := os.Stat(o.Anchor)
		return err == nil
	})
	require.NoError(t, add(t, l, m, 1))
	l.Close()
	require.Equal(t, m.rows.head.Note, read(t, o.Anchor), "and in the end")
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1, "nothing is left beside it")
	info, err := files[0].Info()
	require.NoError(t, err)
	require.Equal(t, "-rw-------", info.Mode().String())
}

// written has an anchor take heads with these notes, one after the other, and end.
func written(path string, said *messages, notes ...string) {
	a := newAnchor(path, slog.New(slog.NewTextHandler(said, nil)))
	a.every = 1
	a.start()
	for _, note := range notes {
		a.newest <- Head{Note: []byte(note)} // waits until the one before is taken
	}
	a.close()
}

func TestAnAnchorThatCannotBeWrittenIsSaidOnce(t *testing.T) {
	said := new(messages)
	written(filepath.Join(t.TempDir(), "missing", "log.anchor"), said, "1", "2", "3")
	require.Equal(t, 1, said.count("cannot be written to its anchor"))
}

func TestTheAnchorIsNotWrittenWhileItIsTheSame(t *testing.T) {
	path := anchorIn(t)
	a := newAnchor(path, slog.New(slog.DiscardHandler))
	a.every = 1
	a.start()
	a.newest <- Head{Note: []byte("3")}
	a.newest <- Head{Note: []byte("3")} // the first is taken
	a.newest <- Head{Note: []byte("3")} // the first is written
	require.NoError(t, os.Remove(path))
	a.close()
	require.NoFileExists(t, path)
}

func TestTheAnchorIsWrittenAtTheEndWhateverThePause(t *testing.T) {
	m, o := new(memory), Options{Anchor: anchorIn(t)}
	l := newLog(t, m, o)
	l.anchor.every = time.Hour
	require.NoError(t, l.Open(t.Context(), m.transact))
	for range 5 {
		require.NoError(t, add(t, l, m, 1))
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		l.Close()
	}()
	select {
	case <-closed:
	case <-time.After(time.Minute):
		require.Fail(t, "the end waits for the pause")
	}
	require.Equal(t, m.rows.head.Note, read(t, o.Anchor))
}
