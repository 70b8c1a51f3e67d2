package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/notice"
)

var exampleEnv = map[string]string{"DEEPVUE_CLIENT_ID": "live-7", "DEEPVUE_CLIENT_SECRET": "canary-secret",
	"CONSENT_WEBHOOK_SECRET": "whsec_" + strings.Repeat("canarycanary", 4)}

// example is relay.example.yaml with its data in a temporary directory, its
// keys made, and pairs of texts replaced.
func example(t *testing.T, replace ...string) string {
	t.Helper()
	text, err := os.ReadFile("relay.example.yaml")
	require.NoError(t, err)
	dir := t.TempDir()
	for i := 0; i < len(replace); i += 2 {
		require.Contains(t, string(text), replace[i])
	}
	edited := strings.NewReplacer(append(replace, "/var/lib/ekyc-connect", dir)...).Replace(string(text))
	path := filepath.Join(dir, "relay.yaml")
	require.NoError(t, os.WriteFile(path, []byte(edited), 0o600))
	code, _, _ := relayed(t, nil, "keygen", "keys", "--out", filepath.Join(dir, "keys.yaml"))
	require.Zero(t, code)
	return path
}

func checked(t *testing.T, path string, more ...string) (code int, stdout, stderr string) {
	t.Helper()
	code, stdout, stderr = relayed(t, exampleEnv, append([]string{"check", "--offline", "--config", path}, more...)...)
	require.NotContains(t, stdout+stderr, "canary")
	return code, stdout, stderr
}

func TestCheckAcceptsTheExample(t *testing.T) {
	code, stdout, _ := checked(t, example(t))
	require.Zero(t, code, stdout)
	require.Contains(t, stdout, "https://consent.example.com")
	require.Contains(t, stdout, "account-opening in en")
	require.Contains(t, stdout, "1 sealing key")
	require.Contains(t, stdout, "no problem")
	require.NotContains(t, stdout, "Problems")
}

func TestCheckListsEveryProblem(t *testing.T) {
	path := example(t, "pk_live_replace_me", "pk_test_pass", "      - https://bank.example\n", "      - https://*.bank.example\n")
	code, stdout, stderr := checked(t, path)
	require.Equal(t, 1, code)
	require.Contains(t, stdout, "sites[0].sitekey: test sitekeys work only with")
	require.Contains(t, stdout, "no wildcards")
	require.Contains(t, stderr, "2 problems in "+path)

	for name, value := range exampleEnv {
		t.Setenv(name, value)
	}
	code, _, stderr = relayed(t, nil, "serve", "--config", path)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "sites[0].sitekey")
	require.Contains(t, stderr, "(and 1 more: `relay check --config FILE` lists all)")
}

func TestCheckWarnsOfAMissingVariableAndServeNeedsIt(t *testing.T) {
	path := example(t)
	code, stdout, _ := relayed(t, nil, "check", "--offline", "--config", path)
	require.Zero(t, code, "a check may run where the relay does not")
	require.Contains(t, stdout, "DEEPVUE_CLIENT_ID is not set")
	require.Contains(t, stdout, "DEEPVUE_CLIENT_SECRET is not set")
	require.NotContains(t, stdout, "whsec_")
	code, _, stderr := relayed(t, nil, "serve", "--config", path)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "DEEPVUE_CLIENT_ID is not set")
}

func TestCheckPrintsATableOfLanguages(t *testing.T) {
	_, stdout, _ := relayed(t, nil, "check", "--offline", "--config", example(t))
	for _, row := range []string{`en +reviewed +offered +English`, `ta +draft +your texts are missing +தமிழ்`, `ur +draft +your texts are missing +اردو`} {
		require.Regexp(t, row, stdout)
	}
	require.Len(t, regexp.MustCompile(`(?m)^  \S+ +(reviewed|draft) `).FindAllString(stdout, -1), 24)
	require.Equal(t, "needs allow_drafts", offered(notice.Language{Tag: "hi", Status: notice.Draft}, notice.Sandbox(), false))
	require.Equal(t, "offered", offered(notice.Language{Tag: "hi", Status: notice.Draft}, notice.Sandbox(), true))
}

func TestCheckSaysHowToMakeKeysAndRefusesOpenOnes(t *testing.T) {
	path := example(t)
	keys := filepath.Join(filepath.Dir(path), "keys.yaml")
	require.NoError(t, os.Chmod(keys, 0o644))
	code, stdout, _ := checked(t, path)
	require.Equal(t, 1, code)
	require.Contains(t, stdout, "chmod 600 "+keys)
	require.NoError(t, os.Remove(keys))
	code, stdout, _ = checked(t, path)
	require.Zero(t, code)
	require.Contains(t, stdout, "relay keygen keys --out "+keys)
}

func TestCheckRefusesANoticeThatLacksWhatTheLawAsksFor(t *testing.T) {
	code, stdout, stderr := checked(t, example(t, "    withdraw_url: https://bank.example/privacy/withdraw\n", ""))
	require.Equal(t, 1, code)
	require.Contains(t, stdout, "account-opening: withdraw_url")
	require.Contains(t, stderr, "1 problem with")
}

func TestCheckWarnsOfWhatAnOperatorMayNotWant(t *testing.T) {
	secretFile := filepath.Join(t.TempDir(), "vendor")
	require.NoError(t, os.WriteFile(secretFile, []byte("canary-secret"), 0o600))
	require.NoError(t, os.Chmod(secretFile, 0o644))
	code, stdout, _ := checked(t, example(t,
		"https://consent.example.com", "http://localhost:8080",
		"admin_listen: 127.0.0.1:8081", "admin_listen: :8081",
		"127.0.0.1/32", "0.0.0.0/0",
		"level: info", "level: debug",
		"allow_drafts: false", "allow_drafts: true",
		"https://bank.example\n", "http://localhost:3000\n",
		"accounts:\n", "accounts:\n  spare: {url: 'http://127.0.0.1:1', client_id: free_tier_1, client_secret_file: "+secretFile+"}\n",
	))
	require.Zero(t, code, stdout)
	for _, warning := range []string{
		"public_url is http", "admin_listen :8081 is not this machine alone", "trusted_proxies has 0.0.0.0/0", "log.level is debug",
		"allow_drafts is on", "site Example Bank allows http://localhost:3000", "account spare is used by no site",
		"account spare calls http://127.0.0.1:1", "account spare has a trial client id", "chmod 600 " + secretFile,
	} {
		require.Contains(t, stdout, warning)
	}
}

func TestCheckTakesAnotherDataDirectory(t *testing.T) {
	path := example(t, "keys: /var/lib/ekyc-connect/keys.yaml\n", "")
	other := t.TempDir()
	code, stdout, _ := checked(t, path, "--data", other)
	require.Zero(t, code)
	require.Contains(t, stdout, "relay keygen keys --out "+filepath.Join(other, "keys.yaml"))
}
