// Command release makes a release of the commit that is checked out, which must be clean
// and have a tag: programs for all systems, packages, a container image, a bill of
// materials and checksums. Everything is made from an archive of the commit, so that who
// has the archive gets the same bytes. make release runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	out := flag.String("out", "bin/release", "directory for what is made; it is emptied first")
	tools := flag.String("tools", ".bin", "directory of nfpm and cyclonedx-gomod")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := release(ctx, *out, *tools); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// commit is what is released.
type commit struct {
	tag  string // v1.2.3
	hash string
	at   time.Time
}

func (c commit) version() string { return strings.TrimPrefix(c.tag, "v") }

// maker makes the parts of a release in one directory.
type maker struct {
	commit
	source string // directory of the unpacked archive
	stage  string // directory for what is made on the way
	out    string
	tools  string
}

func release(ctx context.Context, out, tools string) (err error) {
	c, err := tagged(ctx, ".")
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "ekyc-connect-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if tools, err = filepath.Abs(tools); err != nil {
		return err
	}
	if out, err = filepath.Abs(out); err != nil {
		return err
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	m := &maker{commit: c, source: filepath.Join(work, "source"), stage: filepath.Join(work, "stage"), out: out, tools: tools}
	for _, dir := range []string{m.source, m.stage} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	if err := m.unpack(ctx); err != nil {
		return err
	}
	for _, make := range []func(context.Context) error{m.programs, m.packages, m.image, m.bills, m.sums} {
		if err := make(ctx); err != nil {
			return err
		}
	}
	return nil
}

// tagged is the commit that is checked out in a repository. Nothing else than it may be
// there, and it must have a tag.
func tagged(ctx context.Context, dir string) (c commit, err error) {
	git := func(args ...string) string {
		if err != nil {
			return ""
		}
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Dir = dir
		var text []byte
		if text, err = cmd.Output(); err != nil {
			err = fmt.Errorf("git %s: %w", args[0], err)
		}
		return strings.TrimSpace(string(text))
	}
	if changes := git("status", "--porcelain"); changes != "" {
		return c, fmt.Errorf("there are changes: commit them, or put them away with git stash\n%s", changes)
	}
	tags := git("tag", "--points-at", "HEAD", "--list", "v*", "--sort=-version:refname")
	if err == nil && tags == "" {
		return c, fmt.Errorf("the commit has no tag: git tag -a v1.2.3 -m v1.2.3, after its entry in server/docs/CHANGELOG.md")
	}
	c.tag, _, _ = strings.Cut(tags, "\n")
	c.hash = git("rev-parse", "HEAD")
	at := git("show", "-s", "--format=%cI", "HEAD")
	if err != nil {
		return c, err
	}
	c.at, err = time.Parse(time.RFC3339, at)
	c.at = c.at.UTC()
	return c, err
}

// unpack writes the archive of the commit into the source directory.
func (m *maker) unpack(ctx context.Context) error {
	return m.shell(ctx, ".", nil, `git archive "$1" | tar -x -C "$2"`, m.hash, m.source)
}

// run runs a program with the release's moment for its clock.
func (m *maker) run(ctx context.Context, dir string, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), append(env, fmt.Sprintf("SOURCE_DATE_EPOCH=%d", m.at.Unix()), "TZ=UTC")...)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, text)
	}
	return nil
}

func (m *maker) shell(ctx context.Context, dir string, env []string, script string, args ...string) error {
	return m.run(ctx, dir, env, "sh", append([]string{"-euc", script, "sh"}, args...)...)
}
