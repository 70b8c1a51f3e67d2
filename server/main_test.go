package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/config/configtest"
)

// relayed runs the command as a shell would.
func relayed(t *testing.T, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	lookup := func(name string) (string, bool) { value, ok := env[name]; return value, ok }
	code = run(t.Context(), args, lookup, strings.NewReader(""), &out, &errs)
	if code == 0 {
		require.Empty(t, errs.String())
	} else {
		require.Equal(t, 1, code)
		require.Equal(t, 1, strings.Count(errs.String(), "\n"), "one line says what to do: %s", errs.String())
		require.True(t, strings.HasPrefix(errs.String(), "relay: "))
		require.NotContains(t, out.String()+errs.String(), "Usage:")
	}
	return code, out.String(), errs.String()
}

func TestRelayAloneMeansServe(t *testing.T) {
	for _, args := range [][]string{{}, {"serve"}} {
		code, _, stderr := relayed(t, nil, args...)
		require.Equal(t, 1, code)
		require.Contains(t, stderr, "config")
	}
	code, _, stderr := relayed(t, nil, "--config", filepath.Join(t.TempDir(), "absent.yaml"))
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "absent.yaml: no such file")
}

func TestHelpNamesEveryCommand(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"-h"}, {"help"}} {
		code, stdout, _ := relayed(t, nil, args...)
		require.Zero(t, code)
		for _, name := range []string{"serve", "check", "keygen", "sandbox", "version", "log", "receipt"} {
			require.Regexp(t, `(?m)^  `+name+` `, stdout)
		}
	}
}

func TestWrongArgumentsAreOneLine(t *testing.T) {
	for _, args := range [][]string{{"sreve"}, {"check"}, {"check", "--conifg", "x"}, {"version", "extra"}, {"keygen", "keys"}, {"keygen", "nothing"}, {"--nonsense"}} {
		code, _, stderr := relayed(t, nil, args...)
		require.Equal(t, 1, code, args)
		require.Contains(t, stderr, "--help` shows how it is used")
	}
}

func TestAFlagThatWouldDoNothingIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relay.yaml")
	for _, flag := range []string{"--vendor-url=http://127.0.0.1:1", "--vendor-plan=starter", "--limits", "--limits=false"} {
		code, stdout, stderr := relayed(t, nil, "serve", "--config", path, flag)
		require.Equal(t, 1, code, flag)
		require.Empty(t, stdout)
		name, _, _ := strings.Cut(flag, "=")
		require.Contains(t, stderr, name+" is for --sandbox alone")
		require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
	}
}

// A shell makes one of a variable that is not set. log verify would compare nothing.
func TestAFlagWithAnEmptyValueIsRefused(t *testing.T) {
	for _, args := range [][]string{
		{"log", "verify", "--data", t.TempDir(), "--against", ""},
		{"log", "verify", "--config="},
		{"check", "--config", ""},
		{"serve", "--config", ""},
		{"--sandbox", "--data", ""},
		{"--sandbox", "--vendor-plan="},
		{"store", "backup", "--data", t.TempDir(), "--out", ""},
		{"keygen", "keys", "--out", ""},
		{"receipt", "verify", "x.receipt", "--key", ""},
		{"sandbox", "--listen", ""},
	} {
		code, _, stderr := relayed(t, nil, args...)
		require.Equal(t, 1, code, args)
		require.Regexp(t, `^relay: --[a-z-]+ is empty: write its value, or leave it out; .relay .*--help. shows how it is used\n$`, stderr, "%q", args)
	}
}

func TestWhatTheSystemRefusesComesWithARemedy(t *testing.T) {
	code, _, stderr := relayed(t, nil, "serve", "--config", filepath.Join(t.TempDir(), "absent"))
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "absent: no such file or directory: look at the name")
	require.Equal(t, 1, strings.Count(stderr, "\n"))

	s := newServing(t)
	taken := filepath.Join(t.TempDir(), "taken")
	require.NoError(t, os.WriteFile(taken, nil, 0o600))
	s.refused(t, "file exists: choose another name", "export", "--out", taken)
	s.refused(t, "not found: look at the id", "erase", "--reason", "case 7", "0190a000-0000-7000-8000-000000000000")
}

func TestVersionSaysWhatWasBuilt(t *testing.T) {
	code, stdout, _ := relayed(t, nil, "version")
	require.Zero(t, code)
	require.Regexp(t, `^relay \S+ \(.+, go1\.\d+`, stdout)
	code, stdout, _ = relayed(t, nil, "version", "--json")
	require.Zero(t, code)
	var b build
	require.NoError(t, json.Unmarshal([]byte(stdout), &b))
	require.NotEmpty(t, b.Go)

	code, again, _ := relayed(t, nil, "--version", "--json")
	require.Zero(t, code)
	require.Equal(t, stdout, again)

	info := &debug.BuildInfo{
		GoVersion: "go1.26.8", Main: debug.Module{Version: "v1.2.3"},
		Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"}, {Key: "vcs.time", Value: "2026-11-29T10:00:00Z"}},
	}
	const inRepository = "$Format:%(describe:tags=true,match=v*)%n%H%n%cI$\n"
	require.Equal(t, build{"v1.2.3", "abc", "2026-11-29T10:00:00Z", true, "go1.26.8"}, readBuild(info, true, inRepository))
	require.Equal(t, build{"v2.0.0", "def", "2026-11-30T10:00:00Z", false, "go1.26.8"}, readBuild(info, true, "v2.0.0\ndef\n2026-11-30T10:00:00Z\n"))
	require.Equal(t, build{"devel", "unknown commit", "unknown date", false, "unknown Go"}, readBuild(nil, false, inRepository))
}

// An archive of the sources knows its commit, wherever it is unpacked.
func TestAnArchiveOfTheSourcesNamesItsCommit(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) string {
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)...)
		out, err := cmd.Output()
		require.NoError(t, err, "%v", args)
		return strings.TrimSpace(string(out))
	}
	git("init", "--quiet")
	for _, name := range []string{"release.txt", ".gitattributes"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	git("add", ".")
	git("commit", "--quiet", "-m", "x")
	git("tag", "-m", "x", "v3.2.1")
	archive := tar.NewReader(strings.NewReader(git("archive", "HEAD", "release.txt")))
	for entry, err := archive.Next(); entry == nil || entry.Name != "release.txt"; entry, err = archive.Next() {
		require.NoError(t, err)
	}
	text, err := io.ReadAll(archive)
	require.NoError(t, err)
	b := readBuild(nil, false, string(text))
	require.Equal(t, "v3.2.1", b.Version)
	require.Equal(t, git("rev-parse", "HEAD"), b.Commit)
	_, err = time.Parse(time.RFC3339, b.Date)
	require.NoError(t, err)
}

func TestKeygenKeysWritesOnceAndNeverOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "keys.yaml")
	code, stdout, _ := relayed(t, nil, "keygen", "keys", "--out", path)
	require.Zero(t, code)
	keys, err := config.LoadKeys(path)
	require.NoError(t, err)
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, string(written), "redacted")
	require.NotContains(t, stdout, regexp.MustCompile(`lookup: (\S+)`).FindStringSubmatch(string(written))[1])

	code, _, stderr := relayed(t, nil, "keygen", "keys", "--out", path)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "is there already and was not touched")
	again, err := config.LoadKeys(path)
	require.NoError(t, err)
	require.Equal(t, keys, again)
}

func TestKeygenConfigWritesAFileThatCheckTakes(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "relay.yaml")
	code, stdout, _ := relayed(t, nil, "keygen", "config", "--out", path)
	require.Zero(t, code)
	secret := regexp.MustCompile(`sk_[A-Za-z0-9_-]{43}\b`).FindString(stdout)
	require.NotEmpty(t, secret)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, string(text), secret)
	require.Contains(t, string(text), config.HashSecret(secret).String())
	code, _, _ = relayed(t, nil, "keygen", "keys", "--out", filepath.Join(dir, "data", "keys.yaml"))
	require.Zero(t, code)
	code, stdout, stderr := relayed(t, configtest.Env, "check", "--offline", "--config", path)
	require.Zero(t, code, "%s%s", stdout, stderr)

	for where, says := range map[string]string{path: "is there already and was not touched", filepath.Join(dir, "absent", "relay.yaml"): "look at the name"} {
		code, _, stderr = relayed(t, nil, "keygen", "config", "--out", where)
		require.Equal(t, 1, code)
		require.Contains(t, stderr, says)
	}
}

func TestKeygenSecretPrintsTheSecretAndItsHash(t *testing.T) {
	code, stdout, _ := relayed(t, nil, "keygen", "secret")
	require.Zero(t, code)
	plain := regexp.MustCompile(`sk_[A-Za-z0-9_-]{43}\b`).FindString(stdout)
	require.NotEmpty(t, plain)
	require.Contains(t, stdout, config.HashSecret(plain).String())
	_, other, _ := relayed(t, nil, "keygen", "secret")
	require.NotContains(t, other, plain)
}

func TestKeygenSealFitsTheKeysFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.yaml")
	relayed(t, nil, "keygen", "keys", "--out", path)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	code, entry, _ := relayed(t, nil, "keygen", "seal")
	require.Zero(t, code)
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(before), "seal:\n", "seal:\n"+entry, 1)), 0o600))
	keys, err := config.LoadKeys(path)
	require.NoError(t, err)
	require.Len(t, keys.Seal, 2)
	require.Contains(t, entry, keys.Seal[0].Kid)
}

func TestServeNamesTheFirstProblemAndSaysWhereTheOthersAre(t *testing.T) {
	path := configtest.Example(t)
	code, _, stderr := relayed(t, nil, "serve", "--config", path)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "DEEPVUE_CLIENT_ID is not set")

	path = configtest.Example(t, "pk_live_replace_me", "pk_test_pass", "      - https://bank.example\n", "      - https://*.bank.example\n")
	code, _, stderr = relayed(t, configtest.Env, "serve", "--config", path)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "sites[0].sitekey")
	require.Contains(t, stderr, "(and 1 more: `relay check --config FILE` lists all)")
}

func TestCheckPrintsItsReportAndExitsWithOneForProblems(t *testing.T) {
	code, stdout, _ := relayed(t, configtest.Env, "check", "--offline", "--config", configtest.Example(t))
	require.Zero(t, code)
	require.Contains(t, stdout, "no problem")
	code, stdout, stderr := relayed(t, configtest.Env, "check", "--offline", "--config", configtest.Example(t, "plan: growth", "plan: platinum"))
	require.Equal(t, 1, code)
	require.Contains(t, stdout, "accounts.main.plan")
	require.Contains(t, stderr, "1 problem in ")
}
