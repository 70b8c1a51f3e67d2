// Package configtest gives tests the configuration that operators begin with.
package configtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config"
)

// Env is what the example takes from the environment.
var Env = map[string]string{"DEEPVUE_CLIENT_ID": "live-7", "DEEPVUE_CLIENT_SECRET": "canary-secret",
	"CONSENT_WEBHOOK_SECRET": "whsec_" + strings.Repeat("canarycanary", 4)}

// Sitekey and Secret are those of the site in [Example].
const (
	Sitekey = "pk_live_bank"
	Secret  = "sk_canary-of-the-bank"
)

// Lookup looks a variable up in env.
func Lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { value, ok := env[name]; return value, ok }
}

// Text is server/relay.example.yaml, for a test anywhere below server.
func Text(t testing.TB) string {
	t.Helper()
	for dir := "."; ; dir = filepath.Join(dir, "..") {
		text, err := os.ReadFile(filepath.Join(dir, "relay.example.yaml"))
		if err == nil {
			return string(text)
		}
		require.Less(t, len(dir), 20, "no directory above holds the example")
	}
}

// Example writes the example with its data in a temporary directory, its keys made,
// its site with a sitekey and a secret of its own, and pairs of texts replaced.
func Example(t testing.TB, replace ...string) (path string) {
	t.Helper()
	text, dir := Text(t), t.TempDir()
	for i := 0; i < len(replace); i += 2 {
		require.Contains(t, text, replace[i])
	}
	path = filepath.Join(dir, "relay.yaml")
	edited := config.FillExample(strings.NewReplacer(replace...).Replace(text), Sitekey, config.HashSecret(Secret), dir)
	require.NoError(t, os.WriteFile(path, []byte(edited), 0o600))
	_, err := config.CreateKeys(filepath.Join(dir, config.KeysFile), time.Now())
	require.NoError(t, err)
	return path
}
