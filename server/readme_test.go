package main

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// The README's way from nothing to a relay that serves, as a shell reads it; only the
// ports are others.
func TestWhatTheReadmeSaysUnderRunItRuns(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)## Run it\n\n```sh\n(.*?)```").FindSubmatch(text)
	require.NotNil(t, block)
	script, built := strings.CutPrefix(string(block[1]), "make build ")
	require.True(t, built, "it begins with the program")
	_, script, _ = strings.Cut(script, "\n")
	script = regexp.MustCompile(`(?m)^(bin/relay serve \S+ \S+)`).ReplaceAllString(script, "exec $1 --listen 127.0.0.1:0 --admin 127.0.0.1:0")
	require.Contains(t, script, "exec bin/relay")

	binary, err := program()
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "bin"), 0o700))
	require.NoError(t, os.Symlink(binary, filepath.Join(dir, "bin", "relay")))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	shell := exec.CommandContext(ctx, "sh", "-eu", "-c", script)
	shell.Dir = dir
	shell.Env = []string{"PATH=" + os.Getenv("PATH")}
	log := &lockedBuffer{}
	shell.Stderr = log
	stdout, err := shell.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, shell.Start())
	said, lines := "", bufio.NewScanner(stdout)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "{") {
		said += lines.Text() + "\n"
	}
	require.True(t, strings.HasPrefix(lines.Text(), `{"url":"https://consent.example.com"`), "%s%s", said, log)
	require.Regexp(t, `no problem, \d+ warning`, said)
	require.NoError(t, shell.Process.Signal(syscall.SIGTERM))
	require.NoError(t, shell.Wait(), "%s", log)
}
