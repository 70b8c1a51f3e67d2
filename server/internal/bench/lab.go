package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// lab is where a run takes place: its programs, its files, and who it tells.
type lab struct {
	root  string // of the sources
	dir   string // of this run, removed at its end
	relay string // the built relay
	node  string // the directory of the rivals from npm
	out   io.Writer
	quick bool // a look at whether all parts run: the figures say nothing

	consents int // how many the ledger grows to

	vendorOnce sync.Once
	vendorAt   *program
	vendorErr  error

	packagesOnce sync.Once
	packagesErr  error

	ends []func() // called in the end, the last first
}

func newLab(quick bool, consents int, out io.Writer) (*lab, error) {
	root, err := output(context.Background(), "go", "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		return nil, err
	}
	l := &lab{root: root, relay: filepath.Join(root, "bin", "relay"), node: filepath.Join(root, "server/internal/bench/node"), out: out, quick: quick, consents: consents}
	if _, err := os.Stat(l.relay); err != nil {
		return nil, fmt.Errorf("%w: run make build", err)
	}
	if l.dir, err = os.MkdirTemp("", "ekyc-bench-"); err != nil {
		return nil, err
	}
	return l, nil
}

// Close ends every program and removes what they wrote.
func (l *lab) Close() error {
	for _, end := range slices.Backward(l.ends) {
		end()
	}
	return os.RemoveAll(l.dir)
}

// atEnd has something done when the run is over.
func (l *lab) atEnd(end func()) { l.ends = append(l.ends, end) }

// say tells how far the run is.
func (l *lab) say(format string, args ...any) { fmt.Fprintf(l.out, format+"\n", args...) }

// docs is where the page is.
func (l *lab) docs() string { return filepath.Join(l.root, "server", "docs") }

// rounds is how often each figure is taken.
func (l *lab) rounds() int {
	if l.quick {
		return 1
	}
	return 5
}

// directory is a new one of this run.
func (l *lab) directory(name string) (string, error) { return os.MkdirTemp(l.dir, name+"-") }

// build makes one of the repository's programs.
func (l *lab) build(ctx context.Context, pkg string) (path string, err error) {
	path = filepath.Join(l.dir, filepath.Base(pkg))
	_, err = output(ctx, "go", "build", "-C", l.root, "-trimpath", "-o", path, pkg)
	return path, err
}

// packages installs what package.json names, by its lock file.
func (l *lab) packages(ctx context.Context) error {
	l.packagesOnce.Do(func() {
		if there, err := os.Stat(filepath.Join(l.node, "node_modules", ".package-lock.json")); err == nil {
			if lock, err := os.Stat(filepath.Join(l.node, "package-lock.json")); err == nil && there.ModTime().After(lock.ModTime()) {
				return
			}
		}
		_, l.packagesErr = output(ctx, "npm", "ci", "--prefix", l.node, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error")
	})
	return l.packagesErr
}

// output runs a command to its end and gives what it wrote, without the last
// line's end.
func output(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return "", fmt.Errorf("%w: make bench installs it", err)
		}
		return "", fmt.Errorf("%s: %w: %.400s", name, err, problem.String())
	}
	return strings.TrimRight(out.String(), "\n"), nil
}
