package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/app"
	"ekycconnect/server/internal/startline"
	"ekycconnect/wasm/wire"
)

// stop ends the process as an operator does.
func (p *process) stop() {
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(p.t, p.cmd.Wait(), "%s", p.log)
}

func copyFile(t *testing.T, from, to string) {
	text, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, text, 0o600))
}

func TestARestoredBackupIsNoticedAndAcceptedByHand(t *testing.T) {
	data, aside := t.TempDir(), t.TempDir()
	p := start(t, "--data", data)
	p.agree(20, "before")
	code, out, errs := relayed(t, nil, "log", "verify", "--data", data)
	require.Zero(t, code, "%s", errs)
	require.Contains(t, out, "40, of 20 records", "beside the relay that serves")
	p.stop()
	copyFile(t, filepath.Join(data, "ledger.db"), filepath.Join(aside, "backup.db"))
	p = start(t, "--data", data)
	p.agree(5, "after")
	p.stop()
	copyFile(t, filepath.Join(data, app.AnchorFile), filepath.Join(aside, "seen"))
	copyFile(t, filepath.Join(aside, "backup.db"), filepath.Join(data, "ledger.db"))

	code, _, errs = relayed(t, nil, "log", "verify", "--data", data)
	require.Equal(t, 1, code)
	require.Contains(t, errs, app.AnchorFile+": it covers 50 entries and the log has only 40")
	p = start(t, "--data", data)
	var refused struct {
		Code string `json:"code"`
	}
	body := p.decision("", "key-of-one-who-comes-too-late")
	delete(body, "subject")
	status, err := p.do(t.Context(), "POST", "/v1/sessions", body, fromPage, &refused)
	require.NoError(t, err)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "store_unavailable", refused.Code)
	var health struct {
		Status string   `json:"status"`
		Causes []string `json:"causes"`
	}
	status, err = p.do(t.Context(), "GET", "/readyz", nil, nil, &health)
	require.NoError(t, err)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Empty(t, health.Causes, "the public is told no cause")
	admin := &process{t: t, at: startline.Line{URL: p.at.AdminURL}}
	_, err = admin.do(t.Context(), "GET", "/readyz", nil, nil, &health)
	require.NoError(t, err)
	require.Contains(t, health.Causes[0], "log_rolled_back: it has 40 entries")
	code, _, errs = relayed(t, nil, "log", "fork", "--data", data, "--reason", "backup restored")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "in use by another relay")
	p.stop()

	code, _, errs = relayed(t, nil, "log", "fork", "--data", data)
	require.Equal(t, 1, code)
	require.Contains(t, errs, "reason")
	code, out, errs = relayed(t, nil, "log", "fork", "--data", data, "--reason", "backup restored")
	require.Zero(t, code, "%s", errs)
	require.Contains(t, out, "the log goes on from its 40 entries")
	p = start(t, "--data", data)
	p.agree(1, "again")
	p.stop()
	code, out, errs = relayed(t, nil, "log", "verify", "--data", data)
	require.Zero(t, code, "%s", errs)
	require.Contains(t, out, "backup restored")
	code, _, errs = relayed(t, nil, "log", "verify", "--data", data, "--against", filepath.Join(aside, "seen"))
	require.Equal(t, 1, code, "who saw more still can tell")
	require.Contains(t, errs, "seen: it covers 50 entries and the log has only 42")
}

func TestAReceiptIsVerifiedOffline(t *testing.T) {
	p := start(t, "--data", t.TempDir())
	p.agree(3, "receipts")
	dir := t.TempDir()
	receipt, keys := filepath.Join(dir, "my.receipt"), filepath.Join(dir, "keys")
	body := p.decision("", "key-of-the-receipt-holder")
	delete(body, "subject")
	var session wire.SessionReply
	status, err := p.do(t.Context(), "POST", "/v1/sessions", body, fromPage, &session)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, status)
	download(t, session.Consent.ReceiptURL+".receipt", receipt)
	download(t, p.at.URL+"/v1/log/vkey", keys)
	p.stop()

	code, out, errs := relayed(t, nil, "receipt", "verify", receipt, "--key", keys)
	require.Zero(t, code, "%s", errs)
	require.Contains(t, out, "my.receipt is genuine.")
	require.Contains(t, out, session.Consent.ID)
	require.Contains(t, out, "given at ")
	require.Contains(t, out, "ekyc-connect-sandbox, place 6 of ")
	key, err := os.ReadFile(keys)
	require.NoError(t, err)
	code, _, errs = relayed(t, nil, "receipt", "verify", receipt, "--key", strings.TrimSpace(string(key)))
	require.Zero(t, code, "%s", errs)

	good, err := os.ReadFile(receipt)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(receipt, []byte(strings.Replace(string(good), `"state":"given"`, `"state":"gifen"`, 1)), 0o600))
	code, _, errs = relayed(t, nil, "receipt", "verify", receipt, "--key", keys)
	require.Equal(t, 1, code)
	require.Contains(t, errs, "my.receipt is not genuine: receipt: altered: record and proof do not fit together")
	for _, args := range [][]string{
		{"receipt", "verify", receipt}, {"receipt", "verify", "--key", keys}, {"receipt", "verify", receipt, "--key", "absent"},
		{"receipt", "verify", filepath.Join(dir, "absent"), "--key", keys}, {"receipt", "verify", receipt, "--key", dir},
	} {
		code, _, _ = relayed(t, nil, args...)
		require.Equal(t, 1, code)
	}
}

func download(t *testing.T, url, to string) {
	answer, err := http.Get(url)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode, url)
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, text, 0o600))
}
