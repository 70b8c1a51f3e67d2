package translog

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/sumdb/note"

	"ekycconnect/server/internal/consent/translog/checkpoint"
)

// anchorEvery is the pause between two writes of the anchor.
const anchorEvery = time.Second

// anchor keeps the newest checkpoint in a file outside the store. A store that
// was replaced by an older copy of itself is behind it. A nil anchor is none: its
// methods do nothing.
type anchor struct {
	path   string
	every  time.Duration // between two writes, at least
	log    *slog.Logger
	newest chan Head     // holds the head that is to be written next
	hurry  chan struct{} // closed by close: the last head is written without a pause
	ended  chan struct{} // closed when the writing goroutine has ended
}

func newAnchor(path string, log *slog.Logger) *anchor {
	return &anchor{path: path, every: anchorEvery, log: log, newest: make(chan Head, 1), hurry: make(chan struct{}), ended: make(chan struct{})}
}

// read returns the checkpoint in the file; zero if there is no file.
func (a *anchor) read(origin string, verifiers note.Verifiers) (checkpoint.Checkpoint, error) {
	if a == nil {
		return checkpoint.Checkpoint{}, nil
	}
	signed, err := os.ReadFile(a.path)
	if errors.Is(err, fs.ErrNotExist) {
		return checkpoint.Checkpoint{}, nil
	}
	if err != nil {
		return checkpoint.Checkpoint{}, err
	}
	return checkpoint.Open(signed, origin, verifiers)
}

// write has the file hold h soon, and does not wait for it. It must be called by
// one goroutine at a time.
func (a *anchor) write(h Head) {
	if a == nil {
		return
	}
	select { // an older head that is not yet written is replaced
	case <-a.newest:
	default:
	}
	a.newest <- h
}

// start begins to write.
func (a *anchor) start() {
	if a != nil {
		go a.writeHeads()
	}
}

// close writes what is left to write.
func (a *anchor) close() {
	if a != nil {
		close(a.hurry)
		close(a.newest)
		<-a.ended
	}
}

// writeHeads writes the newest head, with pauses.
func (a *anchor) writeHeads() {
	defer close(a.ended)
	var last []byte
	failing := false
	pause := time.NewTicker(a.every)
	defer pause.Stop()
	for h := range a.newest {
		if bytes.Equal(h.Note, last) {
			continue
		}
		err := replaceFile(a.path, h.Note)
		if err == nil {
			last = h.Note
		} else if !failing { // logged once, not every second
			a.log.Error("the log's newest checkpoint cannot be written to its anchor: a log that is rolled back would not be noticed", "error", err)
		}
		failing = err != nil
		select {
		case <-pause.C:
		case <-a.hurry:
		}
	}
}

// replaceFile replaces a file atomically; the new one is synced.
func replaceFile(path string, text []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return fmt.Errorf("translog: %w", err)
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("translog: %w", errors.Join(err, os.Remove(file.Name())))
	}
	return nil
}
