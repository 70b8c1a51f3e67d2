package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/startline"
)

// heldSocket is a listening socket that outlives the relays it is passed to, as one of
// a systemd.socket unit does.
func heldSocket(t *testing.T) (file *os.File, address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	file, err = l.(*net.TCPListener).File()
	require.NoError(t, err)
	require.NoError(t, l.Close()) // file holds the socket
	t.Cleanup(func() { _ = file.Close() })
	return file, l.Addr().String()
}

// activated is a relay that was started as systemd starts one: with sockets, by name,
// and with more environment.
func activated(t *testing.T, sockets []*os.File, names string, env []string, args ...string) *process {
	t.Helper()
	path, err := program()
	require.NoError(t, err)
	p := &process{t: t, log: &lockedBuffer{}}
	// LISTEN_PID must be the relay's own, which only the child knows.
	p.cmd = exec.Command("/bin/sh", append([]string{"-c", `LISTEN_PID=$$ exec "$0" "$@"`, path, "serve", "--sandbox"}, args...)...)
	p.cmd.Env = append(append(os.Environ(), fmt.Sprintf("LISTEN_FDS=%d", len(sockets)), "LISTEN_FDNAMES="+names), env...)
	p.cmd.ExtraFiles = sockets
	p.cmd.Stderr = p.log
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); _ = p.cmd.Wait() })
	p.at, err = startline.Read(stdout)
	require.NoError(t, err, "log: %s", p.log)
	return p
}

// The one relay on SQLite is restarted ten times under 50 requests a second. Whoever
// comes while there is none waits in the socket for the next one.
func TestRestartsUnderAHeldSocketLoseNothing(t *testing.T) {
	for name, transport := range map[string]*http.Transport{
		"a connection a request":    {DisableKeepAlives: true},
		"connections that are kept": {MaxIdleConnsPerHost: 50},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, vendor := t.TempDir(), startVendor(t)
			socket, address := heldSocket(t)
			run := func() *process {
				return activated(t, []*os.File{socket}, "ekyc-connect.socket", nil, "--admin", "127.0.0.1:0", "--data", data, "--vendor-url", vendor)
			}
			p := run()
			require.Equal(t, "http://"+address, p.at.URL)
			load := newLoad(p, p.at.URL, transport)
			load.during(t, func() {
				for n := range 10 {
					load.wait(t, 25*(n+1))
					require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
					require.NoError(t, p.cmd.Wait(), "exit 0")
					p = run()
				}
				load.wait(t, 275)
			})
			load.requireNothingLost(t)
		})
	}
}

func TestBothListenersMayBeHeld(t *testing.T) {
	t.Parallel()
	public, publicAt := heldSocket(t)
	admin, adminAt := heldSocket(t)
	p := activated(t, []*os.File{admin, public}, "admin:public", nil)
	require.Equal(t, "http://"+publicAt, p.at.URL)
	require.Equal(t, "http://"+adminAt, p.at.AdminURL)
	var health struct {
		Status string `json:"status"`
	}
	status, err := p.do(t.Context(), "GET", "/healthz", nil, nil, &health)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
}

// So is a flag that a socket leaves without effect.
func TestSocketsThatCannotBeTakenAreSaidPlainly(t *testing.T) {
	t.Parallel()
	path, err := program()
	require.NoError(t, err)
	one, _ := heldSocket(t)
	two, _ := heldSocket(t)
	notASocket, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer notASocket.Close()
	for want, c := range map[string]struct {
		sockets []*os.File
		names   string
		flags   []string
	}{
		"FileDescriptorName=admin":      {sockets: []*os.File{one, two}},
		"what systemd passed on cannot": {sockets: []*os.File{notASocket}},
		"--listen does nothing here":    {sockets: []*os.File{one}, flags: []string{"--listen", "127.0.0.1:0"}},
		"--admin does nothing here":     {sockets: []*os.File{one}, names: "admin", flags: []string{"--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}},
	} {
		cmd := exec.Command("/bin/sh", append([]string{"-c", `LISTEN_PID=$$ exec "$0" serve --sandbox "$@"`, path}, c.flags...)...)
		cmd.Env = append(os.Environ(), fmt.Sprintf("LISTEN_FDS=%d", len(c.sockets)), "LISTEN_FDNAMES="+c.names)
		cmd.ExtraFiles = c.sockets
		out, err := cmd.CombinedOutput()
		require.Error(t, err, want)
		require.Contains(t, string(out), want)
		require.Equal(t, 1, strings.Count(string(out), "\n"), "%s", out)
	}
}

func TestSystemdIsToldWhatTheRelayDoes(t *testing.T) {
	t.Parallel()
	at := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: at, Net: "unixgram"})
	require.NoError(t, err)
	defer socket.Close()
	next := func() string {
		state := make([]byte, 256)
		require.NoError(t, socket.SetReadDeadline(time.Now().Add(time.Minute)))
		n, err := socket.Read(state)
		require.NoError(t, err)
		return string(state[:n])
	}
	p := activated(t, nil, "", []string{"NOTIFY_SOCKET=" + at, "WATCHDOG_USEC=2000000"}, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	told, beats := []string{}, 0
	until := func(want string) {
		for state := ""; state != want; {
			if state = next(); state == "WATCHDOG=1" {
				beats++
			} else {
				told = append(told, state)
			}
		}
	}
	until("READY=1")
	for beats < 3 {
		until("WATCHDOG=1")
	}
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
	until("READY=1")
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	until("STOPPING=1")
	require.NoError(t, p.cmd.Wait(), "exit 0")
	require.Equal(t, []string{"READY=1", "RELOADING=1", "READY=1", "STOPPING=1"}, told)
}

// What the backup's unit runs, as systemd hands it to the shell.
func TestTheBackupUnitWritesACopy(t *testing.T) {
	t.Parallel()
	unit, err := os.ReadFile("deploy/ekyc-connect-backup.service")
	require.NoError(t, err)
	script := regexp.MustCompile(`(?m)^ExecStart=/bin/sh -c '(.*)'$`).FindSubmatch(unit)
	require.NotNil(t, script)
	relay, err := program()
	require.NoError(t, err)
	s, copies := newServing(t), t.TempDir()
	run := strings.NewReplacer("$$", "$", "%%", "%", "/usr/local/bin/relay", relay,
		"--config /etc/ekyc-connect/relay.yaml", "--data "+s.dir, "/var/lib/ekyc-connect-backup", copies).Replace(string(script[1]))
	out, err := exec.Command("/bin/sh", "-c", run).CombinedOutput()
	require.NoError(t, err, "%s", out)
	files, err := filepath.Glob(filepath.Join(copies, "ledger-20??-??-??-??????.db"))
	require.NoError(t, err)
	require.Len(t, files, 1)
}
