package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/app"
	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/config/configtest"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/sqlite"
	"ekycconnect/server/internal/consent/storetest"
)

// otherKeys replaces one key of a keys file, and returns how to put it back.
func otherKeys(t *testing.T, path string, change func(*config.Keys)) (back func()) {
	t.Helper()
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	keys, err := config.LoadKeys(path)
	require.NoError(t, err)
	change(&keys)
	require.NoError(t, os.WriteFile(path, []byte(keys.YAML()), 0o600))
	return func() { require.NoError(t, os.WriteFile(path, before, 0o600)) }
}

var anotherKey = map[consent.KeyName]func(*config.Keys){
	consent.LookupKey:  func(k *config.Keys) { k.Lookup = config.NewKey() },
	consent.ReceiptKey: func(k *config.Keys) { k.Receipt = config.NewKey() },
	consent.LogKey:     func(k *config.Keys) { k.Log = []config.Key{config.NewKey()} },
}

// keyed is a ledger with a record, and a configuration that names it.
type keyed struct {
	config, keys, record string
	env                  map[string]string
	commands             map[string][]string // all that open the ledger
}

func (k *keyed) fill(t *testing.T, l *consent.Ledger) {
	require.NoError(t, l.PutNotice(t.Context(), noticeSum, noticeText))
	d := decision("key-of-the-record")
	d.Subject, d.SubjectSource = "customer-7", "ticket"
	state, err := l.Give(t.Context(), d)
	require.NoError(t, err)
	k.record = state.ID()
	at := []string{"--config", k.config}
	k.commands = map[string][]string{
		"serve":            {"serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"},
		"log verify":       {"log", "verify"},
		"log fork":         {"log", "fork", "--reason", "case"},
		"export":           {"consents", "export"},
		"export of one":    {"consents", "export", "--subject", "customer-7", "--site", state.Site},
		"erase":            {"consents", "erase", k.record, "--reason", "case"},
		"erase what's old": {"consents", "erase", "--expired"},
		"hold":             {"consents", "hold", k.record, "--reason", "case"},
		"release":          {"consents", "release", k.record},
		"holds":            {"consents", "holds"},
	}
	for name, args := range k.commands {
		k.commands[name] = append(args, at...)
	}
}

func keyedDirectory(t *testing.T) *keyed {
	k := &keyed{config: configtest.Example(t, "consent.example.com/v1/log", consent.SandboxOrigin), env: configtest.Env}
	dir := filepath.Dir(k.config)
	k.keys = filepath.Join(dir, config.KeysFile)
	s := &serving{dir: dir, clock: storetest.NewClock()}
	s.open(t)
	k.fill(t, s.Ledger)
	require.NoError(t, s.Close())
	d := newDatabase(t)
	k.commands["store copy"] = []string{"store", "copy", "--config", k.config, "--to", d.revealed(t, d.owner).Reveal()}
	k.commands["store backup"] = []string{"store", "backup", "--config", k.config, "--out", filepath.Join(t.TempDir(), "backup.db")}
	return k
}

func keyedDatabase(t *testing.T) *keyed {
	d := newDatabase(t)
	k := &keyed{config: d.configured(t, "store: "+d.serving, "store_owner: "+d.owner, "store_eraser: "+d.eraser), env: d.env}
	k.keys = filepath.Join(filepath.Dir(k.config), config.KeysFile)
	code, _, stderr := relayed(t, d.env, "store", "migrate", "--config", k.config)
	require.Zero(t, code, stderr)
	k.fill(t, d.ledger(t, d.serving, k.keys, time.Now))
	k.commands["store migrate"] = []string{"store", "migrate", "--config", k.config}
	return k
}

// With another key than the ledger's nothing works but `relay check`, and each says
// which key it is.
func TestAnotherKeyThanTheLedgersIsToldByEveryCommand(t *testing.T) {
	for store, open := range map[string]func(*testing.T) *keyed{"directory": keyedDirectory, "database": keyedDatabase} {
		t.Run(store, func(t *testing.T) {
			k := open(t)
			for name, value := range k.env {
				t.Setenv(name, value) // serve asks the environment itself
			}
			check := func() string {
				_, stdout, _ := relayed(t, k.env, "check", "--config", k.config)
				return stdout
			}
			require.NotContains(t, check(), "server/docs/keys.md")
			for key, change := range anotherKey {
				back := otherKeys(t, k.keys, change)
				for name, args := range k.commands {
					code, _, stderr := relayed(t, k.env, args...)
					require.Equal(t, 1, code, "%s: %s", key, name)
					require.True(t, strings.HasPrefix(stderr, fmt.Sprintf("relay: %s key: ", key)), "%s: %s", name, stderr)
					require.Contains(t, stderr, "server/docs/keys.md", name)
				}
				require.Contains(t, check(), fmt.Sprintf("keys: %s key: ", key))
				back()
			}
			require.NotContains(t, check(), "server/docs/keys.md")
			code, stdout, stderr := relayed(t, k.env, k.commands["export of one"]...)
			require.Zero(t, code, stderr)
			require.Contains(t, stdout, k.record, "none of all that has changed anything")
			code, stdout, stderr = relayed(t, k.env, k.commands["log verify"]...)
			require.Zero(t, code, stderr)
			require.Contains(t, stdout, "1, of 1 record, 0 of them erased")
		})
	}
}

// As after a move to another address, from which the log has its name unless the
// configuration says it.
func TestCheckTellsAnotherNameThanTheLogs(t *testing.T) {
	for store, open := range map[string]func(*testing.T) *keyed{"directory": keyedDirectory, "database": keyedDatabase} {
		t.Run(store, func(t *testing.T) {
			k := open(t)
			for name, value := range k.env {
				t.Setenv(name, value) // serve asks the environment itself
			}
			_, stdout, _ := relayed(t, k.env, "check", "--config", k.config)
			require.NotContains(t, stdout, "a log keeps its name")
			text, err := os.ReadFile(k.config)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(k.config, regexp.MustCompile(`(?m)^  origin: .*$`).ReplaceAll(text, []byte("  origin: other.example/v1/log")), 0o600))
			code, stdout, _ := relayed(t, k.env, "check", "--config", k.config)
			require.Equal(t, 1, code)
			require.Regexp(t, `: log\.origin: the log in this store is named ".+" and the settings name it "other\.example/v1/log": a log keeps its name`, stdout)
			code, _, stderr := relayed(t, k.env, k.commands["serve"]...)
			require.Equal(t, 1, code)
			require.Contains(t, stderr, "a log keeps its name")
		})
	}
}

// What server/docs/keys.md says of keys that are replaced on purpose.
func TestALedgerGoesOnWithAKeyThatWasReplacedOnPurpose(t *testing.T) {
	for store, open := range map[string]func(*testing.T) *keyed{"directory": keyedDirectory, "database": keyedDatabase} {
		t.Run(store, func(t *testing.T) {
			k := open(t)
			rekey := func(key consent.KeyName) (int, string, string) {
				return relayed(t, k.env, "store", "rekey", "--config", k.config, "--key", string(key), "--reason", "case 9")
			}
			for key, says := range map[consent.KeyName]string{"receipt": "already: nothing to do", "log": "put the new one above", "seal": "there is no key"} {
				code, _, stderr := rekey(key)
				require.Equal(t, 1, code)
				require.Contains(t, stderr, says)
			}
			back := otherKeys(t, k.keys, anotherKey[consent.LogKey])
			code, _, stderr := rekey(consent.ReceiptKey)
			require.Equal(t, 1, code)
			require.Contains(t, stderr, "log key: ", "these are another ledger's keys")
			back()

			// Both at once, as after a keys file has leaked.
			otherKeys(t, k.keys, func(keys *config.Keys) {
				keys.Lookup, keys.Receipt = config.NewKey(), config.NewKey()
				keys.Log = append([]config.Key{config.NewKey()}, keys.Log...)
			})
			for _, key := range []consent.KeyName{consent.LookupKey, consent.ReceiptKey} {
				code, stdout, stderr := rekey(key)
				require.Zero(t, code, stderr)
				require.Contains(t, stdout, "goes on with the "+string(key)+" key")
			}
			for _, name := range []string{"hold", "release", "erase", "log verify"} {
				code, _, stderr := relayed(t, k.env, k.commands[name]...)
				require.Zero(t, code, "%s: %s", name, stderr)
			}
			code, stdout, stderr := relayed(t, k.env, k.commands["export of one"]...)
			require.Zero(t, code, stderr)
			require.Empty(t, stdout, "it is not found by subject any more")

			// Both log keys have signed the newest event, so the old one may go.
			otherKeys(t, k.keys, func(keys *config.Keys) { keys.Log = keys.Log[:1] })
			for _, name := range []string{"export", "log verify"} {
				code, _, stderr := relayed(t, k.env, k.commands[name]...)
				require.Zero(t, code, "%s: %s", name, stderr)
			}
		})
	}
}

func TestACopyAndABackupKeepTheFingerprints(t *testing.T) {
	k := keyedDirectory(t)
	dir := filepath.Dir(k.config)
	d := newDatabase(t)
	code, _, stderr := d.relayed(t, "store", "copy", "--from", dir, "--to", d.owner)
	require.Zero(t, code, stderr)
	file := filepath.Join(t.TempDir(), "ledger.db")
	code, _, stderr = relayed(t, nil, "store", "backup", "--data", dir, "--out", file)
	require.Zero(t, code, stderr)

	otherKeys(t, k.keys, anotherKey[consent.ReceiptKey])
	keys, err := os.ReadFile(k.keys)
	require.NoError(t, err)
	path := d.configured(t, "store: "+d.owner)
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), config.KeysFile), keys, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(file), config.KeysFile), keys, 0o600))
	for _, at := range [][]string{{"--config", path}, {"--data", filepath.Dir(file)}} {
		code, _, stderr := d.relayed(t, append([]string{"log", "verify"}, at...)...)
		require.Equal(t, 1, code)
		require.Contains(t, stderr, "receipt key: ")
	}
}

// Who checks a ledger needs none of its secrets.
func TestALedgerIsCheckedWithoutAnyKey(t *testing.T) {
	k := keyedDirectory(t)
	dir := filepath.Dir(k.config)
	require.NoError(t, os.Remove(k.keys))
	for _, args := range [][]string{{"consents", "export"}, {"log", "fork", "--reason", "x"}, {"store", "rekey", "--key", "lookup", "--reason", "x"}} {
		code, _, stderr := relayed(t, nil, append(args, "--data", dir)...)
		require.Equal(t, 1, code)
		require.Contains(t, stderr, "there is no keys file in "+dir)
	}
	code, stdout, stderr := relayed(t, nil, "log", "verify", "--data", dir)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "The public keys came from the ledger itself")
	_, err := os.Stat(filepath.Join(dir, app.AnchorFile))
	require.NoError(t, err)
	store, err := sqlite.OpenShared(t.Context(), dir)
	require.NoError(t, err)
	defer store.Close()
	prints, err := store.Fingerprints(t.Context())
	require.NoError(t, err)
	require.Len(t, prints, 3)
}

// runbook is what server/docs/keys.md has an operator do: what is edited, then the
// command as it stands on the page. Each must be there, and each there must be here.
var runbook = []struct {
	edit    func(keys *config.Keys, printed string)
	command string
	prints  string
}{
	{nil, `relay consents export --config relay.yaml --since 2026-11-01`, `"state":"given"`},
	{nil, `relay check --config relay.yaml`, "no problem"},
	{nil, `relay keygen secret`, "secrets, in the configuration:"},
	{nil, `relay keygen webhook`, "whsec_"},
	{nil, `relay keygen keys`, ""},
	{nil, `relay keygen seal`, "kid: "},
	{nil, `relay keygen lookup`, "lookup: "},
	{func(k *config.Keys, printed string) { k.Lookup = keyOf(printed) }, `relay store rekey --config relay.yaml --key lookup --reason "case 2026-17"`, "goes on with the lookup key"},
	{nil, `relay keygen receipt`, "receipt: "},
	{func(k *config.Keys, printed string) { k.Receipt = keyOf(printed) }, `relay store rekey --config relay.yaml --key receipt --reason "case 2026-17"`, "goes on with the receipt key"},
	{nil, `relay log verify --config relay.yaml --against checkpoint-of-an-outsider`, "checkpoint-of-an-outsider"},
	{nil, `relay keygen log`, "  - "},
	{func(k *config.Keys, printed string) { k.Log = append([]config.Key{keyOf(printed)}, k.Log...) }, `relay check --config FILE`, "no problem"},
}

// keyOf is the key in a line for the keys file.
func keyOf(line string) (k config.Key) {
	fields := strings.Fields(line)
	if err := k.UnmarshalText([]byte(fields[len(fields)-1])); err != nil {
		panic(err)
	}
	return k
}

func TestEveryCommandOfTheRunbookForKeysWorks(t *testing.T) {
	k := keyedDirectory(t)
	checkpoint := filepath.Join(t.TempDir(), "checkpoint-of-an-outsider")
	anchor, err := os.ReadFile(filepath.Join(filepath.Dir(k.config), app.AnchorFile))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(checkpoint, anchor, 0o600))
	page, err := os.ReadFile("docs/keys.md")
	require.NoError(t, err)

	known, printed := map[string]bool{"relay check": true, "relay store rekey": true, "relay receipt verify": true, "relay consents export": true, "relay log verify": true}, ""
	for _, step := range runbook {
		known[step.command] = true
		require.Contains(t, string(page), step.command)
		if step.edit != nil {
			otherKeys(t, k.keys, func(keys *config.Keys) { step.edit(keys, printed) })
		}
		command := strings.NewReplacer(`"case 2026-17"`, "case-2026-17", "relay.yaml", k.config, "FILE", k.config, "checkpoint-of-an-outsider", checkpoint).Replace(step.command)
		args := strings.Fields(command)[1:]
		if step.command == "relay keygen keys" {
			args = append(args, "--out", filepath.Join(t.TempDir(), "keys.yaml"))
		}
		var code int
		var stderr string
		code, printed, stderr = relayed(t, k.env, args...)
		require.Zero(t, code, "%s: %s%s", step.command, printed, stderr)
		require.Contains(t, printed, step.prints)
	}
	for _, found := range regexp.MustCompile("(?m)(?:`|^ *)(relay [a-z][^`\n]*)").FindAllStringSubmatch(string(page), -1) {
		require.True(t, known[found[1]], "nobody tries %q", found[1])
	}
}
