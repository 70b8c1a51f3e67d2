package main

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config/configtest"
)

// Whoever works on the ledger need not hold the vendor's secrets.
func TestCommandsOnTheLedgerNeedNoSecretOfTheVendor(t *testing.T) {
	path := configtest.Example(t)
	p := startConfigured(t, path)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.cmd.Wait())
	for _, args := range [][]string{
		{"log", "verify"}, {"consents", "export"}, {"consents", "erase", "--expired"}, {"consents", "holds"},
		{"store", "backup", "--out", filepath.Join(t.TempDir(), "backup.db")},
	} {
		code, _, stderr := relayed(t, nil, append(args, "--config", path)...)
		require.Zero(t, code, "%v: %s", args, stderr)
	}
	broken := configtest.Example(t, "plan: growth", "plan: platinum")
	code, _, stderr := relayed(t, nil, "log", "verify", "--config", broken)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "accounts.main.plan: needs starter", "other problems are told as ever")
}
