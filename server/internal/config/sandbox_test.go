package config

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/deepvue/sandbox"
)

func TestTheSandboxNeedsNoFile(t *testing.T) {
	data := filepath.Join(t.TempDir(), "new", "data")
	c, keys, err := Sandbox(SandboxOptions{Data: data, PublicURL: "http://localhost:8080/", VendorURL: "http://127.0.0.1:9"})
	require.NoError(t, err)
	require.True(t, c.Sandbox)
	require.True(t, c.AllowDrafts)
	require.Equal(t, "http://localhost:8080", c.PublicURL)
	require.Contains(t, c.Purposes, "account-opening")
	require.Len(t, c.Sites, 8)
	require.Len(t, c.Accounts, 8, "every test sitekey has an account of its own")
	for _, site := range c.Sites {
		account := c.Accounts[site.Account]
		require.Equal(t, "http://127.0.0.1:9", account.URL)
		require.Equal(t, "sandbox", account.ClientID)
		require.Equal(t, "sandbox", account.ClientSecret.Reveal())
		require.True(t, site.AllowsOrigin("http://localhost:3000"))
		require.True(t, slices.Contains(site.Purposes, "account-opening"))
		require.Equal(t, site.Sitekey == "pk_test_expired", site.TokensExpired)
		require.False(t, site.RequireTicket)
		require.Equal(t, []SecretHash{HashSecret(TestSecret(site.Sitekey))}, site.Secrets)
	}
	require.Equal(t, "sk_test_wrongcaptcha", TestSecret("pk_test_wrongcaptcha"))

	info, err := os.Stat(data)
	require.NoError(t, err)
	require.EqualValues(t, 0o700, info.Mode().Perm())
	_, again, err := Sandbox(SandboxOptions{Data: data})
	require.NoError(t, err)
	require.Equal(t, keys, again, "the keys outlive a restart")
}

func TestTheEmulatorKnowsTheAccountOfEveryTestSitekey(t *testing.T) {
	c, _, err := Sandbox(SandboxOptions{Data: t.TempDir(), Credentials: func(sitekey string) (string, string) {
		account, ok := sandbox.Credentials(sitekey)
		require.True(t, ok, sitekey)
		return account.ClientID, account.ClientSecret.Reveal()
	}})
	require.NoError(t, err)
	ids := map[string]bool{}
	for _, account := range c.Accounts {
		ids[account.ClientID] = true
	}
	require.Len(t, ids, len(TestSitekeys))
}

func TestASandboxThatCannotKeepItsDataSaysSo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, _, err := Sandbox(SandboxOptions{Data: filepath.Join(file, "data")})
	require.ErrorContains(t, err, "config: data directory")

	data := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(data, KeysFile), []byte("seal: []\n"), 0o600))
	_, _, err = Sandbox(SandboxOptions{Data: data})
	require.ErrorContains(t, err, "keys.yaml:1:1: seal: no key")
}
