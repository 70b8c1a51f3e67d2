package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/webhook"
)

// withStore loads the example with more lines.
func withStore(t *testing.T, env map[string]string, lines ...string) (*Config, error) {
	t.Helper()
	text, err := os.ReadFile(example)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "relay.yaml")
	require.NoError(t, os.WriteFile(path, []byte(FillExample(string(text), "pk_live_bank", HashSecret("sk"), "data")+"\n"+strings.Join(lines, "\n")+"\n"), 0o600))
	return Load(path, func(name string) (string, bool) {
		switch value, ok := env[name]; {
		case ok:
			return value, true
		case name == "CONSENT_WEBHOOK_SECRET":
			return webhook.NewSecret(make([]byte, 32)), true
		case strings.HasPrefix(name, "DEEPVUE"):
			return "set", true
		}
		return "", false
	})
}

func TestAStoreIsAnAddressWhosePasswordStandsElsewhere(t *testing.T) {
	env := map[string]string{"PW": "CANARY%40word", "HOST": "db.internal", "PORT": "5433", "ALL": "postgres://relay:CANARY@db/ekyc", "RAW": "CANARY/%zz@word"}
	for written, want := range map[string]string{
		"postgres://relay@db.internal/ekyc":                           "postgres://relay@db.internal/ekyc",
		"postgresql:///ekyc?host=/run/postgresql":                     "postgresql:///ekyc?host=/run/postgresql",
		"postgres://relay@a,b:5433/ekyc?passfile=/run/secrets/pgpass": "postgres://relay@a,b:5433/ekyc?passfile=/run/secrets/pgpass",
		"postgres://relay:${PW}@${HOST}:${PORT}/ekyc?sslmode=require": "postgres://relay:CANARY%40word@db.internal:5433/ekyc?sslmode=require",
		"postgres://db.internal/ekyc?user=relay&password=${PW}":       "postgres://db.internal/ekyc?user=relay&password=CANARY%40word",
		"${ALL}": "postgres://relay:CANARY@db/ekyc",
	} {
		c, err := withStore(t, env, "store: "+written, "store_owner: "+written, "store_eraser: "+written)
		require.NoError(t, err, written)
		require.Equal(t, want, c.Store.Reveal())
		for _, at := range []StoreURL{c.Store, c.StoreOwner, c.StoreEraser} {
			require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", at, at, at, at), "CANARY")
		}
	}
	for written, problem := range map[string]string{
		"postgres://relay:CANARY@db/ekyc":           "a password must not stand in this file",
		"postgres://relay:CANARY@${HOST}:${PORT}/x": "a password must not stand in this file",
		"postgres://db/ekyc?password=CANARY":        "a password must not stand in this file",
		"mysql://db/ekyc":                           "needs an address such as postgres://",
		"/var/lib/ekyc":                             "needs an address such as postgres://",
		"postgres://relay:${RAW}@db/ekyc":           "%40 for @",
		"postgres://relay:${UNSET}@db/ekyc":         "the environment variable UNSET is not set",
	} {
		_, err := withStore(t, env, "store: "+written)
		require.ErrorContains(t, err, problem, written)
		require.NotContains(t, err.Error(), "CANARY")
	}
	_, err := withStore(t, env, "store_owner: postgres://owner@db/ekyc")
	require.ErrorContains(t, err, "store_owner: does nothing without store")
}
