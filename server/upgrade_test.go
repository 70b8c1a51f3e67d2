package main

import (
	"flag"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config/configtest"
	"ekycconnect/wasm/wire"
)

// make upgrade gives the program of the release before. Without it this one stands in, so
// that what is done here is tried all the time.
var previous = flag.String("previous", "", "`program` of the previous release")

func previousProgram(t *testing.T) string {
	t.Helper()
	if *previous != "" {
		return *previous
	}
	path, err := program()
	require.NoError(t, err)
	return path
}

// journey is a way from the notice to the redeemed token, each step at a relay of its own.
func journey(t *testing.T, sitekey, secret, key string, from map[string]string, shown, begun, answered, redeemed *process) {
	t.Helper()
	var view struct {
		Notice       wire.NoticeRef `json:"notice"`
		Presentation string         `json:"presentation"`
	}
	step := func(p *process, method, path string, body any, headers map[string]string, want int, reply any) {
		t.Helper()
		status, err := p.do(t.Context(), method, path, body, headers, reply)
		require.NoError(t, err)
		require.Equal(t, want, status, "%s: %+v", path, reply)
	}
	step(shown, "GET", "/v1/view?sitekey="+sitekey+"&purpose=account-opening", nil, from, 200, &view)
	decision := map[string]string{"sitekey": sitekey, "purpose": "account-opening", "presentation": view.Presentation,
		"notice_sha256": view.Notice.SHA256, "idempotency_key": key, "subject": "customer"}
	var session wire.SessionReply
	var problem wire.Problem
	if status, err := begun.do(t.Context(), "POST", "/v1/sessions", decision, from, &problem); err == nil && problem.Code == wire.NoticeChanged {
		// The releases have other words: the person is asked again, as the widget does it.
		require.Equal(t, http.StatusConflict, status)
		step(begun, "GET", "/v1/view?sitekey="+sitekey+"&purpose=account-opening", nil, from, 200, &view)
		decision["presentation"], decision["notice_sha256"] = view.Presentation, view.Notice.SHA256
	}
	step(begun, "POST", "/v1/sessions", decision, from, 201, &session)
	var token wire.AnswerReply
	step(answered, "POST", "/v1/answers", map[string]string{"session": session.Session, "answer": "abcd"}, from, 201, &token)
	var verified struct {
		Success      bool     `json:"success"`
		Codes        []string `json:"error-codes"`
		Verification string   `json:"verification"`
	}
	step(redeemed, "POST", "/v1/siteverify", map[string]string{"secret": secret, "response": token.Token}, nil, 200, &verified)
	require.True(t, verified.Success, "%v", verified.Codes)
	require.NotEmpty(t, verified.Verification)
}

// One directory: the new release takes over what the old one has under way, and the old
// one either takes it back or says why not.
func TestAnUpgradeOfOneRelayGoesOnWithWhatTheOldOneHasUnderWay(t *testing.T) {
	data, vendor := t.TempDir(), startVendor(t)
	args := []string{"--sandbox", "--data", data, "--vendor-url", vendor}
	old := startProgram(t, previousProgram(t), args...)
	body := old.decision("customer", "key-of-one-under-way")
	var session wire.SessionReply
	status, err := old.do(t.Context(), "POST", "/v1/sessions", body, fromPage, &session)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, status)
	old.stop()

	is := start(t, args[1:]...)
	var token wire.AnswerReply
	status, err = is.do(t.Context(), "POST", "/v1/answers", map[string]string{"session": session.Session, "answer": "abcd"}, fromPage, &token)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, status)
	journey(t, "pk_test_pass", "sk_test_pass", "key-of-a-new-one", fromPage, is, is, is, is)
	require.Len(t, is.consentsOf("customer").Consents, 2)
	is.stop()
	code, _, stderr := relayed(t, nil, "log", "verify", "--data", data)
	require.Zero(t, code, stderr)

	back := exec.Command(previousProgram(t), append([]string{"log", "verify"}, "--data", data)...)
	if said, err := back.CombinedOutput(); err != nil {
		require.Contains(t, string(said), "newer relay", "the schema has changed: only a backup leads back")
		return
	}
	old = startProgram(t, previousProgram(t), args...)
	require.Len(t, old.consentsOf("customer").Consents, 2)
}

// Several relays on one database, of both releases at a time: each step of a journey may
// come to either.
func TestAnUpgradeRelayByRelayLosesNobody(t *testing.T) {
	d, vendor := newDatabase(t), startVendor(t)
	for _, name := range []string{"PASSWORD_RELAY", "PASSWORD_OWNER"} {
		t.Setenv(name, d.env[name])
	}
	for name, value := range configtest.Env {
		t.Setenv(name, value)
	}
	t.Setenv("DEEPVUE_CLIENT_ID", "sandbox")
	t.Setenv("DEEPVUE_CLIENT_SECRET", "sandbox")
	// The configuration is of the old release: the new one must read it.
	dirs := []string{t.TempDir(), t.TempDir()}
	config := func(dir string) string { return filepath.Join(dir, "relay.yaml") }
	old := func(args ...string) string {
		out, err := exec.Command(previousProgram(t), args...).CombinedOutput()
		require.NoError(t, err, "%s", out)
		return string(out)
	}
	said := old("keygen", "config", "--out", config(dirs[0]))
	secret := strings.TrimSpace(said[strings.LastIndex(said, " ")+1:])
	old("keygen", "keys", "--out", filepath.Join(dirs[0], "data", "keys.yaml"))
	text, err := os.ReadFile(config(dirs[0]))
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(text), "sitekey: pk_")
	sitekey := "pk_" + strings.Fields(rest)[0]
	edited := strings.NewReplacer("url: https://production.deepvue.tech ", "url: "+vendor+" ", "\n  sessions: 10\n", "\n  sessions: 0\n").Replace(string(text)) +
		"\nstore: " + d.serving + "\nstore_owner: " + d.owner + "\n"
	keys, err := os.ReadFile(filepath.Join(dirs[0], "data", "keys.yaml"))
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Join(dirs[1], "data"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dirs[1], "data", "keys.yaml"), keys, 0o600))
	for _, dir := range dirs {
		require.NoError(t, os.WriteFile(config(dir), []byte(edited), 0o600))
	}

	run := func(path, dir string) *process {
		p := startProgram(t, path, "--config", config(dir))
		p.at.URL = "http://" + listening(t, p)
		return p
	}
	this, err := program()
	require.NoError(t, err)
	was, other := run(previousProgram(t), dirs[0]), run(previousProgram(t), dirs[1])
	other.stop()
	is := run(this, dirs[1]) // which brings the tables up to date beside the old one
	relays := []*process{was, is}
	for i := range 16 { // every way of four steps over two relays
		at := func(step int) *process { return relays[i>>step&1] }
		journey(t, sitekey, secret, "key-of-the-way-"+string(rune('a'+i)), fromBank, at(0), at(1), at(2), at(3))
	}
	was.stop()
	relays[0] = run(this, dirs[0])
	journey(t, sitekey, secret, "key-of-the-last-way", fromBank, relays[0], relays[1], relays[0], relays[1])
	code, _, stderr := relayed(t, d.env, "log", "verify", "--config", config(dirs[0]))
	require.Zero(t, code, stderr)
}
