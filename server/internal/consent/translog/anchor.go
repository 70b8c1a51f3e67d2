package consent

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"ekycconnect/server/internal/consent/checkpoint"

	"golang.org/x/mod/sumdb/note"
)

// anchorEvery is how often the anchor is written at most.
const anchorEvery = time.Second

// anchor keeps the newest checkpoint in a file outside the store. A store that
// was replaced by an older copy of itself is behind it. All methods do nothing
// on nil, which is no anchor.
type anchor struct {
	path   string
	log    *slog.Logger
	newest chan Head     // holds the one that is to be written next
	hurry  chan struct{} // closed when there is no time to wait any more
	ended  chan struct{} // closed when the writing goroutine has ended
}

func newAnchor(path string, log *slog.Logger) *anchor {
	return &anchor{path: path, log: log, newest: make(chan Head, 1), hurry: make(chan struct{}), ended: make(chan struct{})}
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

// write has the file hold h soon. Nobody waits for it. It is called by one
// goroutine at a time.
func (a *anchor) write(h Head) {
	if a == nil {
		return
	}
	select { // an older one that was not yet written need not be
	case <-a.newest:
	default:
	}
	a.newest <- h
}

// start begins to write.
func (a *anchor) start() {
	if a != nil {
		go a.keep()
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

func (a *anchor) keep() {
	defer close(a.ended)
	var last []byte
	failing := false
	pause := time.NewTicker(anchorEvery)
	defer pause.Stop()
	for h := range a.newest {
		if bytes.Equal(h.Note, last) {
			continue
		}
		err := replaceFile(a.path, h.Note)
		if err == nil {
			last = h.Note
		} else if !failing { // said once, not every second
			a.log.Error("the log's newest checkpoint cannot be written to its anchor: a log that is rolled back would not be noticed", "error", err)
		}
		failing = err != nil
		select {
		case <-pause.C:
		case <-a.hurry:
		}
	}
}

// replaceFile replaces a file by one that is complete and on the disk.
func replaceFile(path string, text []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return fmt.Errorf("consent: %w", err)
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("consent: %w", errors.Join(err, os.Remove(file.Name())))
	}
	return nil
}
