package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const program = "/usr/local/bin/relay"

// units are copies of all units in one directory, with a program that is there.
func units(t *testing.T) (dir string, files []string) {
	t.Helper()
	dir = t.TempDir()
	for _, pattern := range []string{"*.service", "*.socket", "*.timer"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range found {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			copied := filepath.Join(dir, file)
			require.NoError(t, os.WriteFile(copied, []byte(strings.ReplaceAll(string(text), program, "/bin/true")), 0o644))
			files = append(files, copied)
		}
	}
	require.Len(t, files, 4)
	return dir, files
}

func TestSystemdTakesTheUnits(t *testing.T) {
	t.Parallel()
	_, files := units(t)
	for _, file := range files {
		out, err := exec.Command(find(t, "systemd-analyze"), "verify", file).CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Empty(t, string(out), "a warning is a setting that systemd does not take")
	}
}

func TestTheServicesMayDoLittle(t *testing.T) {
	t.Parallel()
	dir, _ := units(t)
	for service, tenths := range map[string]string{"ekyc-connect.service": "15", "ekyc-connect-backup.service": "5"} {
		out, err := exec.Command(find(t, "systemd-analyze"), "security", "--offline=true", "--threshold="+tenths, filepath.Join(dir, service)).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
}

// What systemd does not judge, but the relay relies on.
func TestTheUnitsSayWhatTheRelayReliesOn(t *testing.T) {
	t.Parallel()
	for file, lines := range map[string][]string{
		"ekyc-connect.service": {
			"Type=notify", "WatchdogSec=60", "ExecReload=/bin/kill -HUP $MAINPID", "Restart=always", "StartLimitIntervalSec=0",
			"Requires=ekyc-connect.socket", "TimeoutStopSec=60", "WantedBy=multi-user.target",
			"LimitCORE=0", "CoredumpFilter=0", "MemorySwapMax=0", // no number and no OTP on a disk
		},
		"ekyc-connect-backup.service": {"LimitCORE=0", "CoredumpFilter=0", "MemorySwapMax=0"},
		"ekyc-connect.socket":         {"ListenStream=127.0.0.1:8080", "FileDescriptorName=public", "TriggerLimitIntervalSec=0"},
	} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, line := range lines {
			require.Contains(t, "\n"+string(text), "\n"+line+"\n", file)
		}
	}
}

func TestTheRelaysUserIsMade(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(root, "etc"), 0o755))
	text, err := os.ReadFile("sysusers.conf")
	require.NoError(t, err)
	cmd := exec.Command(find(t, "systemd-sysusers"), "--root="+root, "-")
	cmd.Stdin = strings.NewReader(string(text))
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	passwd, err := os.ReadFile(filepath.Join(root, "etc", "passwd"))
	require.NoError(t, err)
	user := regexp.MustCompile(`(?m)^ekyc-connect:.*:/var/lib/ekyc-connect:.*nologin$`)
	require.Regexp(t, user, string(passwd))
}
