package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config/configtest"
	"ekycconnect/server/internal/pgtest"
	"ekycconnect/server/internal/startline"
)

const waits = "the start waits for what cannot be reached"

// launched starts a relay and waits until it says that it waits; served waits for its line.
func launched(t *testing.T, args ...string) (p *process, served func()) {
	t.Helper()
	path, err := program()
	require.NoError(t, err)
	p = &process{t: t, log: &lockedBuffer{}}
	p.cmd = exec.Command(path, append([]string{"serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, args...)...)
	p.cmd.Stderr = p.log
	p.cmd.Env = os.Environ()
	for name, value := range configtest.Env {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); _ = p.cmd.Wait() })
	require.Eventually(t, func() bool { return strings.Contains(p.log.String(), waits) }, time.Minute, pollEvery)
	return p, func() {
		t.Helper()
		p.at, err = startline.Read(stdout)
		require.NoError(t, err, "log: %s", p.log)
	}
}

func TestASecondRelayOnOneDirectoryServesOnceTheFirstHasEnded(t *testing.T) {
	data := t.TempDir()
	first := start(t, "--data", data)
	second, served := launched(t, "--sandbox", "--data", data)
	require.Contains(t, second.log.String(), data+" is in use by another relay")
	require.NoError(t, first.cmd.Process.Signal(syscall.SIGTERM))
	served()
}

func TestARelayServesOnceItsDatabaseAnswers(t *testing.T) {
	server, err := pgtest.Start(pgtest.Options{})
	require.NoError(t, err)
	t.Cleanup(server.Remove)
	require.NoError(t, server.Stop())
	passfile := filepath.Join(t.TempDir(), "pgpass")
	require.NoError(t, os.WriteFile(passfile, []byte("*:*:*:*:"+server.Password()), 0o600))
	path := configtest.Example(t, "# Keys that seal what", "store: postgres://postgres@"+server.Address()+"/postgres?sslmode=disable&passfile="+passfile+"\n\n# Keys that seal what")
	p, served := launched(t, "--config", path)
	require.Contains(t, p.log.String(), "connection refused")
	require.NoError(t, server.Start())
	served()
}
