package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config/configtest"
)

const withoutTLS = "# tls:\n#   cert_file: /etc/ekyc-connect/tls/fullchain.pem\n#   key_file: /etc/ekyc-connect/tls/privkey.pem\n"

// tlsIn is the setting for the files that [certificate] writes.
func tlsIn(dir string) string {
	return "tls:\n  cert_file: " + dir + "/cert.pem\n  key_file: " + dir + "/key.pem\n"
}

var listed = regexp.MustCompile(`(?m)^  - (.*)$`)

// Whatever keeps the relay from starting is found by check, and both say it in the
// same words.
func TestCheckAndServeRefuseTheSame(t *testing.T) {
	const direct = "trusted_proxies:\n  - 127.0.0.1/32\n  - ::1/128\n"
	certs := func(t *testing.T, change func(dir string)) string {
		dir := t.TempDir()
		certificate(t, dir, 1)
		change(dir)
		return tlsIn(dir)
	}
	for name, row := range map[string]struct {
		edit  func(t *testing.T) []string
		spoil func(t *testing.T, path string) // after the example was written
		unset string
		says  string
	}{
		"no certificate": {says: "cert.pem: no such file or directory: tls.cert_file needs", edit: func(t *testing.T) []string {
			return []string{withoutTLS, certs(t, func(dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "cert.pem"))) })}
		}},
		"a certificate that is none": {says: "tls: failed to find any PEM data in certificate input: tls.cert_file needs", edit: func(t *testing.T) []string {
			return []string{withoutTLS, certs(t, func(dir string) { require.NoError(t, os.WriteFile(filepath.Join(dir, "cert.pem"), nil, 0o600)) })}
		}},
		"a certificate that cannot be read": {says: "is a directory: tls.cert_file needs", edit: func(t *testing.T) []string {
			return []string{withoutTLS, certs(t, func(dir string) {
				require.NoError(t, os.Remove(filepath.Join(dir, "cert.pem")))
				require.NoError(t, os.Mkdir(filepath.Join(dir, "cert.pem"), 0o700))
			})}
		}},
		"the key of another certificate": {says: "private key does not match public key", edit: func(t *testing.T) []string {
			return []string{withoutTLS, certs(t, func(dir string) {
				other := t.TempDir()
				certificate(t, other, 2)
				require.NoError(t, os.Rename(filepath.Join(other, "key.pem"), filepath.Join(dir, "key.pem")))
			})}
		}},
		"an expired certificate": {says: "tls.cert_file: the certificate expired on ", edit: func(t *testing.T) []string {
			return []string{direct, "", withoutTLS, certs(t, func(dir string) { certificateFor(t, dir, 1, "consent.example.com", time.Now().Add(-time.Hour)) })}
		}},
		"a certificate for another name": {says: "tls.cert_file: the certificate is not for consent.example.com, the host of public_url", edit: func(t *testing.T) []string {
			return []string{direct, "", withoutTLS, certs(t, func(string) {})}
		}},
		"a data directory below a file": {says: "data: ", edit: func(t *testing.T) []string {
			file := filepath.Join(t.TempDir(), "file")
			require.NoError(t, os.WriteFile(file, nil, 0o600))
			return []string{"data: /var/lib/ekyc-connect", "data: " + file + "/ledger"}
		}},
		"a data directory in place of which there is a file": {says: "is not a directory: make the directory", edit: func(t *testing.T) []string {
			file := filepath.Join(t.TempDir(), "file")
			require.NoError(t, os.WriteFile(file, nil, 0o600))
			return []string{"data: /var/lib/ekyc-connect", "data: " + file}
		}},
		"a data directory that cannot be made": {says: "data: /proc/ledger cannot be made", edit: func(*testing.T) []string {
			return []string{"data: /var/lib/ekyc-connect", "data: /proc/ledger"}
		}},
		"no keys": {says: "relay keygen keys --out ", spoil: func(t *testing.T, path string) {
			require.NoError(t, os.Remove(filepath.Join(filepath.Dir(path), "keys.yaml")))
		}},
		"keys that others may read": {says: "chmod 600 ", spoil: func(t *testing.T, path string) {
			require.NoError(t, os.Chmod(filepath.Join(filepath.Dir(path), "keys.yaml"), 0o644))
		}},
		"an unset variable": {unset: "DEEPVUE_CLIENT_SECRET", says: "accounts.main.client_secret: the environment variable DEEPVUE_CLIENT_SECRET is not set"},
		"the example's sitekey": {says: "sites[0].sitekey: is the example's; make one with `relay keygen sitekey`", spoil: func(t *testing.T, path string) {
			replaceIn(t, path, configtest.Sitekey, "pk_live_replace_me")
		}},
		"the example's secret": {says: "sites[0].secrets[0]: is the example's", spoil: func(t *testing.T, path string) {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			replaceIn(t, path, regexp.MustCompile(`sha256:[0-9a-f]{64}`).FindString(string(text)), "sha256:"+strings.Repeat("0", 63)+"1")
		}},
		"a public URL with /v1": {says: "public_url: /v1 begins each route", edit: func(*testing.T) []string {
			return []string{"public_url: https://consent.example.com", "public_url: https://consent.example.com/v1/"}
		}},
		"a notice that lacks something": {says: "purposes.account-opening: ", edit: func(*testing.T) []string {
			return []string{"    withdraw_url: https://bank.example/privacy/withdraw\n", ""}
		}},
		"an address that is not this machine's": {says: "listen tcp 192.0.2.1:8080: bind: cannot assign requested address: choose another address with --listen", edit: func(*testing.T) []string {
			return []string{"listen: 127.0.0.1:8080", "listen: 192.0.2.1:8080"}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var edit []string
			if row.edit != nil {
				edit = row.edit(t)
			}
			path := configtest.Example(t, edit...)
			if row.spoil != nil {
				row.spoil(t, path)
			}
			env := maps.Clone(configtest.Env)
			delete(env, row.unset)
			code, report, _ := relayed(t, env, "check", "--offline", "--config", path)
			require.Equal(t, 1, code, "%s", report)
			_, problems, found := strings.Cut(report, "\nProblems\n")
			require.True(t, found, "%s", report)
			said := listed.FindAllStringSubmatch(problems, -1)
			require.Len(t, said, 1, "%s", problems)
			require.Contains(t, said[0][1], row.says)

			code, _, refusal := relayed(t, env, "serve", "--config", path)
			require.Equal(t, 1, code)
			require.Contains(t, refusal, strings.TrimPrefix(said[0][1], filepath.Base(path)+": "))
		})
	}
}

// What works and is still to be judged is a warning of both.
func TestCheckAndServeWarnOfTheSame(t *testing.T) {
	dir := t.TempDir()
	certificateFor(t, dir, 1, "another.example", time.Now().Add(-time.Hour))
	const proxies = "trusted_proxies:\n  - 127.0.0.1/32\n  - ::1/128\n"
	for name, row := range map[string]struct{ edit, says []string }{
		"a certificate behind a proxy": {[]string{withoutTLS, tlsIn(dir)}, []string{
			"the certificate expired on", "the certificate is not for consent.example.com"}},
		"nobody's word for addresses": {[]string{proxies, ""}, []string{"listen 127.0.0.1:8080 is for a proxy on this machine, but trusted_proxies does not name it"}},
		"names for examples":          {nil, []string{"names that are kept for examples stand in public_url, sites[0].origins[0], "}},
	} {
		t.Run(name, func(t *testing.T) {
			path := configtest.Example(t, row.edit...)
			code, report, _ := relayed(t, configtest.Env, "check", "--offline", "--config", path)
			require.Zero(t, code, "%s", report)
			p := startConfigured(t, path)
			for _, says := range row.says {
				require.Contains(t, report, says)
				require.Eventually(t, func() bool { return strings.Contains(p.log.String(), says) }, time.Minute, 10*time.Millisecond, says)
			}
		})
	}
}

func replaceIn(t *testing.T, path, from, to string) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(text), from)
	require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(string(text), from, to)), 0o600))
}
