package engine

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Desktop is a screen that nobody sees, with a window manager and the screen reader
// Orca. What Orca would say is written down. Its methods are not safe for use by several
// goroutines.
type Desktop struct {
	env     []string // for programs that shall be on it
	dir     string
	running []*exec.Cmd
	heard   int // how much of what was said has been given out
}

const speechd = `LogLevel 1
CommunicationMethod "unix_socket"
AddModule "speech" %q "speech.conf"
DefaultModule speech
`

// NewDesktop starts one. The speech program is the one of the folder speech.
func NewDesktop(ctx context.Context, speech string) (*Desktop, error) {
	dir, err := os.MkdirTemp("", "ekyc-connect-desktop-")
	if err != nil {
		return nil, err
	}
	d := &Desktop{dir: dir}
	if err := d.begin(ctx, speech); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func (d *Desktop) begin(ctx context.Context, speech string) error {
	runtime := filepath.Join(d.dir, "run")
	for _, dir := range []string{runtime, filepath.Join(runtime, "speech-dispatcher"), filepath.Join(d.dir, "speech-dispatcher")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(d.dir, "speech-dispatcher", "speechd.conf"), fmt.Appendf(nil, speechd, speech), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(d.spoken(), nil, 0o600); err != nil {
		return err
	}
	display, number, err := screen()
	d.running = append(d.running, display)
	if err != nil {
		return err
	}
	d.env = append(os.Environ(), "HOME="+d.dir, "XDG_RUNTIME_DIR="+runtime, "DISPLAY=:"+number, "LANG=C.UTF-8", "SPOKEN="+d.spoken(),
		"GSETTINGS_BACKEND=memory", "LIBGL_ALWAYS_SOFTWARE=1", "NO_AT_BRIDGE=0", "GNOME_ACCESSIBILITY=1", "ACCESSIBILITY_ENABLED=1")
	bus := exec.Command("dbus-daemon", "--session", "--nofork", "--print-address=1")
	bus.Env = d.env
	said, err := bus.StdoutPipe()
	if err != nil {
		return err
	}
	if err := d.run(bus); err != nil {
		return err
	}
	address, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		return fmt.Errorf("engine: dbus-daemon names no address: %w", err)
	}
	d.env = append(d.env, "DBUS_SESSION_BUS_ADDRESS="+strings.TrimSpace(address))
	for _, command := range [][]string{
		{"openbox"},
		{"/usr/libexec/at-spi-bus-launcher", "--launch-immediately"},
		{"speech-dispatcher", "--run-single", "--timeout", "0", "--config-dir", filepath.Join(d.dir, "speech-dispatcher"), "--log-dir", d.dir,
			"--communication-method", "unix_socket", "--socket-path", filepath.Join(runtime, "speech-dispatcher", "speechd.sock"), "--pid-file", filepath.Join(d.dir, "speechd.pid")},
		{"orca", "--replace"},
	} {
		cmd := exec.Command(command[0], command[1:]...)
		cmd.Env = d.env
		if err := d.run(cmd); err != nil {
			return err
		}
	}
	words, err := d.Hear(ctx) // that it is on
	if err == nil && len(words) == 0 {
		err = fmt.Errorf("engine: orca says nothing")
	}
	return err
}

func (d *Desktop) run(cmd *exec.Cmd) error {
	if err := start(cmd); err != nil {
		return err
	}
	d.running = append(d.running, cmd)
	return nil
}

// environment is that of a browser which has a home of its own. Without a desktop it
// starts no bus for assistive technology, which would outlive it.
func (d *Desktop) environment(home string) []string {
	if d == nil {
		return append(os.Environ(), "HOME="+home, "DBUS_SESSION_BUS_ADDRESS=disabled:", "NO_AT_BRIDGE=1")
	}
	return append(slices.Clone(d.env), "HOME="+home)
}

func (d *Desktop) spoken() string { return filepath.Join(d.dir, "spoken") }

// Press presses a key by the name of X: Return, Tab, shift+Tab.
func (d *Desktop) Press(ctx context.Context, key string) error {
	return d.xdotool(ctx, "key", "--clearmodifiers", key)
}

// Type presses the keys of a text, as fast as a person does.
func (d *Desktop) Type(ctx context.Context, text string) error {
	return d.xdotool(ctx, "type", "--delay", "80", text)
}

func (d *Desktop) xdotool(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "xdotool", args...)
	cmd.Env = d.env
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("engine: xdotool: %w: %s", err, out)
	}
	return nil
}

// quiet is how long nothing is said before all is said: nothing tells that a screen
// reader has finished.
const quiet = 2 * time.Second

// Hear waits until something has been said and then nothing more for a while, and gives
// what was said since the last time. It is not an error that nothing is said.
func (d *Desktop) Hear(ctx context.Context) ([]string, error) {
	ctx, stop := context.WithTimeout(ctx, 3*quiet)
	defer stop()
	var text []byte
	for last := time.Now(); ; {
		now, err := os.ReadFile(d.spoken())
		if err != nil {
			return nil, err
		}
		if len(now) != len(text) {
			text, last = now, time.Now()
		}
		if ctx.Err() != nil || len(text) > d.heard && time.Since(last) > quiet {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	said := strings.Split(strings.TrimSuffix(string(text[d.heard:]), "\n"), "\n")
	if len(text) == d.heard {
		said = nil
	}
	d.heard = len(text)
	return said, nil
}

// Close ends all that runs on the desktop.
func (d *Desktop) Close() {
	for i := len(d.running) - 1; i >= 0; i-- {
		stop(d.running[i])
	}
	_ = os.RemoveAll(d.dir)
}
