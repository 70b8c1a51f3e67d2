package config

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCreatedKeysLoadAsTheSame(t *testing.T) {
	path := filepath.Join(t.TempDir(), KeysFile)
	made, err := CreateKeys(path, time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC))
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	loaded, err := LoadKeys(path)
	require.NoError(t, err)
	require.Equal(t, made, loaded)
	require.Regexp(t, `^2603[0-9a-f]{6}$`, loaded.Seal[0].Kid)
	require.NotEqual(t, loaded.Seal[0].Key, loaded.Lookup)

	rotated := made
	rotated.Seal = append([]SealKey{NewSealKey(time.Now())}, made.Seal...)
	require.NoError(t, os.WriteFile(path, []byte(rotated.YAML()), 0o600))
	loaded, err = LoadKeys(path)
	require.NoError(t, err)
	require.Equal(t, rotated, loaded, "newest first")
}

func TestKeysAreNeverReplacedNorHalfWritten(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, KeysFile)
	first, err := CreateKeys(path, time.Now())
	require.NoError(t, err)
	_, err = CreateKeys(path, time.Now())
	require.ErrorIs(t, err, fs.ErrExist)
	loaded, err := LoadKeys(path)
	require.NoError(t, err)
	require.Equal(t, first, loaded)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file is left")
	_, err = CreateKeys(filepath.Join(dir, "new", KeysFile), time.Now())
	require.NoError(t, err, "the directory is made")
	_, err = CreateKeys(filepath.Join(path, KeysFile), time.Now())
	require.ErrorContains(t, err, "config: make keys file")
}

func TestKeysThatOthersMayReadAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), KeysFile)
	_, err := CreateKeys(path, time.Now())
	require.NoError(t, err)
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o666} {
		require.NoError(t, os.Chmod(path, mode))
		_, err = LoadKeys(path)
		require.ErrorContains(t, err, "chmod 600 "+path)
	}
}

func TestMissingKeysSayHowToMakeThem(t *testing.T) {
	path := filepath.Join(t.TempDir(), KeysFile)
	_, err := LoadKeys(path)
	require.ErrorContains(t, err, "relay keygen keys --out "+path)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, os.Mkdir(path, 0o700))
	_, err = LoadKeys(path)
	require.ErrorContains(t, err, "is not a file")
}

func TestBrokenKeysAreNamedButNotShown(t *testing.T) {
	good := strings.Repeat("A", 42) + "E="
	for name, row := range map[string]struct{ text, problem string }{
		"empty":        {"", "keys.yaml: the file is empty"},
		"no ring":      {"lookup: " + good, "keys.yaml: seal: no key"},
		"no lookup":    {"seal:\n  - {kid: a, key: " + good + "}\n", "keys.yaml: lookup: missing"},
		"no receipt":   {"seal:\n  - {kid: a, key: " + good + "}\nlookup: " + good, "keys.yaml: receipt: missing; it must be the one"},
		"no log key":   {"seal:\n  - {kid: a, key: " + good + "}\nlookup: " + good, "keys.yaml: log: no key; the list has the one"},
		"empty log":    {"seal:\n  - {kid: a, key: " + good + "}\nlookup: " + good + "\nlog: [" + good + ", " + strings.Repeat("A", 43) + "=]", "keys.yaml:4:53: log[1]: missing"},
		"no key":       {"seal:\n  - kid: a\nlookup: " + good, "keys.yaml:2:8: seal[0].key: missing"},
		"short":        {"seal:\n  - {kid: a, key: c2hvcnQtY2FuYXJ5}\nlookup: " + good, "keys.yaml:2:19: seal[0].key: needs 32 bytes in base64"},
		"not base64":   {"lookup: canary!\nseal:\n  - {kid: a, key: " + good + "}", "keys.yaml:1:9: lookup: needs 32 bytes"},
		"bad kid":      {"seal:\n  - {kid: 'a b', key: " + good + "}\nlookup: " + good, "keys.yaml:2:11: seal[0].kid: needs 1 to 32"},
		"kid twice":    {"seal:\n  - {kid: a, key: " + good + "}\n  - {kid: a, key: " + good + "}\nlookup: " + good, "keys.yaml:3:11: seal[1].kid: stands here a second time"},
		"unknown":      {"seal:\n  - {kid: a, key: " + good + "}\nlookup: " + good + "\nlookups: x", "did you mean lookup?"},
		"no reference": {"seal:\n  - {kid: a, key: '${K}'}\nlookup: " + good, "seal[0].key: needs 32 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), KeysFile)
			if name != "empty" && name != "no receipt" {
				row.text += "\nreceipt: " + good
			}
			if name != "empty" && !strings.HasSuffix(name, "log key") && !strings.Contains(row.text, "log:") {
				row.text += "\nlog: [" + good + "]"
			}
			require.NoError(t, os.WriteFile(path, []byte(row.text), 0o600))
			_, err := LoadKeys(path)
			require.ErrorContains(t, err, row.problem)
			require.NotContains(t, err.Error(), "canary")
			require.NotContains(t, err.Error(), "c2hvcnQ")
			require.Len(t, Problems(err), 1, "one mistake, one problem: %v", err)
		})
	}
}

func TestNoWayOfPrintingShowsAKey(t *testing.T) {
	keys := Keys{Lookup: Key([]byte("canary-canary-canary-canary-1234"))}
	asJSON, err := json.Marshal(keys)
	require.NoError(t, err)
	for _, printed := range []string{
		fmt.Sprint(keys), fmt.Sprintf("%v %+v %#v %x %s %d", keys, keys, keys, keys, keys.Lookup, keys.Lookup), string(asJSON),
	} {
		require.NotContains(t, printed, "canary")
		require.NotContains(t, printed, "63616e617279")
		require.NotContains(t, printed, "99 97 110")
	}
	require.Equal(t, "canary-canary-canary-canary-1234", string(keys.Lookup.Bytes()))
}

func TestKeysOfAnOlderSandboxAreCompleted(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, KeysFile)
	good := strings.Repeat("A", 42) + "E="
	old := "seal:\n  - {kid: a, key: " + good + "}\nlookup: " + good
	require.NoError(t, os.WriteFile(path, []byte(old), 0o600))
	_, err := LoadKeys(path)
	require.ErrorContains(t, err, "relay keygen log")
	_, err = sandboxKeys(path)
	require.NoError(t, err)
	completed, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(completed), old), "what was there stays")
	first, err := LoadKeys(path)
	require.NoError(t, err)
	require.NotEqual(t, first.Receipt, first.Log[0])
	again, err := sandboxKeys(path)
	require.NoError(t, err)
	require.Equal(t, first, again, "once")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1)
}
