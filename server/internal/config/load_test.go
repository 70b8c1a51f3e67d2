package config

import (
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const hashA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
const hashB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

// good is a complete file; tests change single lines of it.
const good = `public_url: https://Consent.example.com/ekyc/
data: ledger
accounts:
  main:
    client_id: live-1
    client_secret: ${SECRET}
purposes:
  account-opening:
    version: 3
    texts: {}
sites:
  - name: Example Bank
    sitekey: pk_live_bank
    account: main
    secrets: [` + hashA + `]
    origins: [https://WWW.bank.example:443]
    purposes: [account-opening]
`

func environment(name string) (string, bool) {
	value, ok := map[string]string{"SECRET": "canary-secret", "EMPTY": "", "HOST": "consent.example.org", "YAML": "x: [canary-secret"}[name]
	return value, ok
}

func load(t *testing.T, text string) (*Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "relay.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	c, err := Load(path, environment)
	if err != nil {
		require.NotContains(t, err.Error(), "canary", "no problem shows a secret")
		require.Nil(t, c)
	}
	return c, err
}

// edit is good with one piece of it replaced.
func edit(t *testing.T, from, to string) string {
	t.Helper()
	require.Equal(t, 1, strings.Count(good, from), "%q must be in the good file once", from)
	return strings.Replace(good, from, to, 1)
}

func TestAWholeNumberIsReadAsItIsWritten(t *testing.T) {
	for written, want := range map[string]int{"60": 60, "060": 60, "'60'": 60, "0": 0} {
		c, err := load(t, edit(t, "data: ledger", "data: ledger\nlimits: {view: "+written+"}"))
		require.NoError(t, err, written)
		require.Equal(t, want, c.Limits.View, written)
	}
}

func TestAShortFileIsCompletedByDefaults(t *testing.T) {
	c, err := load(t, good)
	require.NoError(t, err)
	require.Equal(t, "https://consent.example.com/ekyc", c.PublicURL)
	require.Equal(t, ":8080", c.Listen)
	require.Equal(t, "127.0.0.1:8081", c.AdminListen)
	require.True(t, filepath.IsAbs(c.Data) && strings.HasSuffix(c.Data, "/ledger"))
	require.Equal(t, filepath.Join(c.Data, "keys.yaml"), c.Keys)
	require.Equal(t, slog.LevelInfo, c.Log.Level)
	require.Equal(t, Lifetimes{6 * time.Hour, 10 * time.Minute, 30 * time.Minute, 5 * time.Minute, 30 * time.Minute, 10}, c.Lifetimes)
	require.False(t, c.AllowDrafts)
	require.False(t, c.Sandbox)
	require.Equal(t, "https://production.deepvue.tech", c.Accounts["main"].URL)
	require.Equal(t, 10*time.Second, c.Accounts["main"].Deadline)
	require.Equal(t, "canary-secret", c.Accounts["main"].ClientSecret.Reveal())
	require.Equal(t, "3", c.Purposes["account-opening"].Version)

	site, ok := c.Site("pk_live_bank")
	require.True(t, ok)
	require.Equal(t, []Origin{"https://www.bank.example"}, site.Origins)
	require.Equal(t, []string{"account-opening"}, site.Purposes)
	_, ok = c.Site("pk_live_other")
	require.False(t, ok)
}

func TestAByteOrderMarkIsNoPartOfTheFirstSetting(t *testing.T) {
	_, err := load(t, "\ufeff"+good)
	require.NoError(t, err)
}

func TestEverySettingIsRead(t *testing.T) {
	secretFile := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secretFile, []byte("from-file\n"), 0o600))
	c, err := load(t, `
public_url: https://${HOST}
listen: 127.0.0.1:9000
admin_listen: "[::1]:9001"
data: /var/lib/relay
keys: /run/secrets/keys.yaml
trusted_proxies: [10.0.0.0/8, "2001:db8::/32"]
log: {level: debug}
lifetimes: {presentation: 1h, session: 8m, token: 90s, ticket: 2h, calls_per_consent: 4}
allow_drafts: true
accounts:
  one: {url: "http://127.0.0.1:7000/", client_id: "a$$b", client_secret_file: `+secretFile+`, deadline: 4s}
purposes:
  p: {vendor_purpose: For KYC, contact: {email: dpo@example.com}, texts: {en: {uses: [one, two]}}}
sites:
  - {name: A, sitekey: pk_live_aaaa, account: one, secrets: ["`+hashA+`", "`+hashB+`"], origins: ["http://localhost:3000"], purposes: [p], require_ticket: true}
`)
	require.NoError(t, err)
	require.Equal(t, "https://consent.example.org", c.PublicURL)
	require.Equal(t, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}, c.TrustedProxies)
	require.Equal(t, slog.LevelDebug, c.Log.Level)
	require.Equal(t, Lifetimes{time.Hour, 8 * time.Minute, 30 * time.Minute, 90 * time.Second, 2 * time.Hour, 4}, c.Lifetimes)
	require.True(t, c.AllowDrafts)
	require.Equal(t, "/run/secrets/keys.yaml", c.Keys)
	require.Equal(t, "http://127.0.0.1:7000", c.Accounts["one"].URL)
	require.Equal(t, "a$b", c.Accounts["one"].ClientID)
	require.Equal(t, "from-file", c.Accounts["one"].ClientSecret.Reveal())
	require.Equal(t, 4*time.Second, c.Accounts["one"].Deadline)
	require.Equal(t, []string{"one", "two"}, c.Purposes["p"].Texts["en"].Uses)
	require.True(t, c.Sites[0].RequireTicket)
	require.Len(t, c.Sites[0].Secrets, 2)
}

func TestEachMistakeHasItsPlaceAndItsRemedy(t *testing.T) {
	for _, row := range []struct{ name, from, to, problem string }{
		{"unknown setting", "data: ledger", "dato: ledger", `relay.yaml:2:1: dato: unknown setting; did you mean data?`},
		{"unknown inside", "client_id: live-1", "client_id: live-1\n    region: x", `relay.yaml:6:5: accounts.main.region: unknown setting; known here: allowance, client_id,`},
		{"unknown in a notice", "version: 3", "versoin: 3", `relay.yaml:9:5: purposes.account-opening.versoin: unknown setting; did you mean version?`},
		{"twice", "data: ledger", "data: ledger\ndata: x", `relay.yaml:3:1: not YAML: mapping key "data" already defined at [2:1]`},
		{"tab", "  main:", "\tmain:", `relay.yaml:4:1: not YAML: a tab stands where the line is indented; use spaces`},
		{"tab after spaces", "    client_id:", "  \tclient_id:", `relay.yaml:5:3: not YAML: a tab stands where the line is indented; use spaces`},
		{"another encoding", "data: ledger", "data: l\xe9dger", `relay.yaml: is not UTF-8; save it in this encoding`},
		{"unclosed", "[account-opening]", "[account-opening", `relay.yaml:17:15: not YAML`},
		{"second document", "data: ledger", "data: ledger\n---\nx: y", `a second YAML document begins here`},
		{"alias", "account: main\n", "account: &a main\n", `relay.yaml:14:14: sites[0].account: anchors, aliases and tags`},
		{"wrong type", "data: ledger", "data: [ledger]", `relay.yaml:2:1: data: needs text`},
		{"neither text", "[" + hashA + "]", "[[" + hashA + "]]", `sites[0].secrets[0]: needs text; put the value in quotes`},
		{"not a list", "[account-opening]", "account-opening", `relay.yaml:17:15: sites[0].purposes: needs a list`},
		{"not a section", "texts: {}", "texts: 5", `relay.yaml:10:12: purposes.account-opening.texts: needs settings of its own`},
		{"bool", "data: ledger", "data: ledger\nallow_drafts: maybe", `relay.yaml:3:15: allow_drafts: needs true or false`},
		{"level", "data: ledger", "data: ledger\nlog: {level: loud}", `relay.yaml:3:14: log.level: needs debug, info, warn or error`},
		{"proxy", "data: ledger", "data: ledger\ntrusted_proxies: [10.0.0.1]", `relay.yaml:3:19: trusted_proxies[0]: needs a range of addresses such as`},
		{"proxy bits", "data: ledger", "data: ledger\ntrusted_proxies: [10.0.0.1/8]", `write 10.0.0.0/8 or 10.0.0.1/32`},
		{"duration", "data: ledger", "data: ledger\nlifetimes: {token: 5}", `relay.yaml:3:20: lifetimes.token: needs a duration such as 90s, 5m or 6h`},
		{"range", "data: ledger", "data: ledger\nlifetimes: {token: 2h}", `relay.yaml:3:20: lifetimes.token: must be 30s to 1h`},
		{"range of minutes", "data: ledger", "data: ledger\nlifetimes: {presentation: 1m}", `must be 10m to 24h`},
		{"plan", "client_id: live-1", "client_id: live-1\n    plan: platinum", `accounts.main.plan: needs starter, business, growth or enterprise`},
		{"plan and numbers", "client_id: live-1", "client_id: live-1\n    plan: growth\n    allowance: {per_second: 1, per_minute: 2, per_day: 3}", `accounts.main.allowance: plan is there as well`},
		{"numbers", "client_id: live-1", "client_id: live-1\n    allowance: {per_second: 1}", `accounts.main.allowance: needs per_second, per_minute and per_day`},
		{"less a minute than a second", "client_id: live-1", "client_id: live-1\n    allowance: {per_second: 3, per_minute: 2, per_day: 3}", `relay.yaml:6:44: accounts.main.allowance.per_minute: is less than per_second`},
		{"less a day than a minute", "client_id: live-1", "client_id: live-1\n    allowance: {per_second: 1, per_minute: 3, per_day: 2}", `relay.yaml:6:56: accounts.main.allowance.per_day: is less than per_minute`},
		{"share", "client_id: live-1", "client_id: live-1\n    unticketed_share: 2", `accounts.main.unticketed_share: needs a number above 0, up to 1`},
		{"limit", "data: ledger", "data: ledger\nlimits: {view: -1}", `limits.view: must be 0 (no limit) to 100000 a minute`},
		{"calls", "data: ledger", "data: ledger\nlifetimes: {calls_per_consent: 0}", `relay.yaml:3:32: lifetimes.calls_per_consent: must be 1 to 50`},
		{"whole number", "data: ledger", "data: ledger\nlifetimes: {calls_per_consent: many}", `lifetimes.calls_per_consent: needs a whole number`},
		{"part of a number", "data: ledger", "data: ledger\nlimits: {view: 60.5}", `relay.yaml:3:16: limits.view: needs a whole number`},
		{"part of a number in quotes", "data: ledger", "data: ledger\nlimits: {view: '60.5'}", `limits.view: needs a whole number`},
		{"power", "data: ledger", "data: ledger\nlimits: {view: 6e1}", `limits.view: needs a whole number`},
		{"other base", "data: ledger", "data: ledger\nlimits: {view: 0x3c}", `limits.view: needs a whole number`},
		{"part of a plan", "client_id: live-1", "client_id: live-1\n    allowance: {per_second: 1.5, per_minute: 20, per_day: 30}", `accounts.main.allowance.per_second: needs a whole number`},
		{"listen", "data: ledger", "data: ledger\nlisten: http://x", `relay.yaml:3:9: listen: needs an address and port`},
		{"listen port", "data: ledger", "data: ledger\nadmin_listen: 127.0.0.1:99999", `admin_listen: needs an address and port`},
		{"same listener", "data: ledger", "data: ledger\nlisten: 127.0.0.1:8081", `admin_listen: must differ from listen`},
		{"no data", "data: ledger\n", "", `relay.yaml: data: missing; write the directory`},
		{"no public url", "public_url: https://Consent.example.com/ekyc/\n", "", `relay.yaml: public_url: missing`},
		{"public url http", "https://Consent.example.com/ekyc/", "http://consent.example.com", `relay.yaml:1:13: public_url: needs an address such as https://consent.example.com or https://example.com/consent: http is allowed on localhost only`},
		{"public url query", "https://Consent.example.com/ekyc/", "https://consent.example.com/?a=b", `without user, query or fragment`},
		{"public url path", "https://Consent.example.com/ekyc/", "https://consent.example.com/a/../b", `its path must be plain`},
		{"unset variable", "${SECRET}", "${NOT_SET}", `relay.yaml:6:20: accounts.main.client_secret: the environment variable NOT_SET is not set`},
		{"empty variable", "${SECRET}", "${EMPTY}", `the environment variable EMPTY is not set`},
		{"plain vendor secret", "${SECRET}", "canary-secret", `relay.yaml:6:20: accounts.main.client_secret: a secret must not stand in this file; write ${NAME}`},
		{"escaped vendor secret", "${SECRET}", "canary$$secret", `a secret must not stand in this file`},
		{"no vendor secret", "    client_secret: ${SECRET}\n", "", `relay.yaml:4:3: accounts.main: client_secret is missing`},
		{"two vendor secrets", "${SECRET}", "${SECRET}\n    client_secret_file: x", `relay.yaml:7:25: accounts.main.client_secret_file: client_secret is there as well`},
		{"no secret file", "client_secret: ${SECRET}", "client_secret_file: absent", `absent: no such file`},
		{"empty secret file", "client_secret: ${SECRET}", "client_secret_file: /dev/null", `is not a file`},
		{"no client id", "    client_id: live-1\n", "", `accounts.main.client_id: missing`},
		{"vendor http", "client_id: live-1", "url: http://vendor.example\n    client_id: live-1", `relay.yaml:5:10: accounts.main.url: must be https`},
		{"vendor credentials", "client_id: live-1", "url: https://canary:canary@vendor.example\n    client_id: live-1", `credentials must not stand in the URL`},
		{"vendor query", "client_id: live-1", "url: https://vendor.example?x=canary\n    client_id: live-1", `accounts.main.url: needs an address such as https://production`},
		{"deadline", "client_id: live-1", "client_id: live-1\n    deadline: 1m", `accounts.main.deadline: must be 1s to 15s`},
		{"no accounts", "accounts:\n  main:\n    client_id: live-1\n    client_secret: ${SECRET}\n", "", `accounts: no account`},
		{"account name", "  main:", "  Main!:", `accounts.Main!: names are 1 to 64`},
		{"purpose name", "  account-opening:", "  Account Opening:", `purposes.Account Opening: names are 1 to 64`},
		{"unknown account", "account: main\n", "account: mian\n", `relay.yaml:14:14: sites[0].account: there is no account "mian"; defined: main`},
		{"no account", "    account: main\n", "", `relay.yaml:12:9: sites[0].account: missing`},
		{"unknown purpose", "[account-opening]", "[account-closing]", `relay.yaml:17:16: sites[0].purposes[0]: there is no purpose "account-closing"; defined: account-opening`},
		{"purpose twice", "[account-opening]", "[account-opening, account-opening]", `sites[0].purposes[1]: is the same purpose as sites[0].purposes[0]`},
		{"no purposes", "    purposes: [account-opening]\n", "", `sites[0].purposes: missing`},
		{"no name", "name: Example Bank", "name: ''", `relay.yaml:12:11: sites[0].name: missing`},
		{"test key", "pk_live_bank", "pk_test_pass", `relay.yaml:13:14: sites[0].sitekey: test sitekeys work only with`},
		{"secret as sitekey", "pk_live_bank", "sk_canary", `sites[0].sitekey: this is a secret, not a sitekey`},
		{"sitekey shape", "pk_live_bank", "bank", `sites[0].sitekey: needs pk_live_`},
		{"no sitekey", "    sitekey: pk_live_bank\n", "", `sites[0].sitekey: missing`},
		{"plain secret", hashA, "sk_canary", `relay.yaml:15:15: sites[0].secrets[0]: this is the secret itself`},
		{"secret shape", hashA, "sha256:canary", `sites[0].secrets[0]: needs sha256: and 64 hex digits`},
		{"secret without prefix", hashA, strings.TrimPrefix(hashA, "sha256:"), `sites[0].secrets[0]: needs sha256: and 64 hex digits`},
		{"secret twice", "[" + hashA + "]", "[" + hashA + ", " + hashA + "]", `sites[0].secrets[1]: sites[0].secrets[0] is the same secret`},
		{"three secrets", "[" + hashA + "]", "[" + hashA + ", " + hashB + ", sha256:" + strings.Repeat("c", 64) + "]", `sites[0].secrets: needs one entry, or two`},
		{"no secrets", "    secrets: [" + hashA + "]\n", "", `sites[0].secrets: needs one entry`},
		{"wildcard", "https://WWW.bank.example:443", `"https://*.bank.example"`, `relay.yaml:16:15: sites[0].origins[0]: "https://*.bank.example" is no origin: no wildcards`},
		{"origin twice", "[https://WWW.bank.example:443]", "[https://WWW.bank.example:443, https://www.bank.example]", `sites[0].origins[1]: is the same origin as sites[0].origins[0]`},
		{"no origins", "    origins: [https://WWW.bank.example:443]\n", "", `sites[0].origins: missing`},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := load(t, edit(t, row.from, row.to))
			require.ErrorContains(t, err, row.problem)
		})
	}
}

func TestSitesShareNothingThatTellsThemApart(t *testing.T) {
	second := good[strings.Index(good, "  - name"):]
	_, err := load(t, good+second)
	require.ErrorContains(t, err, "relay.yaml:19:14: sites[1].sitekey: sites[0] already has this sitekey")
	require.ErrorContains(t, err, "relay.yaml:21:15: sites[1].secrets[0]: sites[0].secrets[0] is the same secret")
	require.Len(t, Problems(err), 2)
}

func TestAllProblemsAreToldAtOnceInTheirOrder(t *testing.T) {
	text := edit(t, "pk_live_bank", "pk_test_x")
	text = strings.Replace(text, "${SECRET}", "canary", 1)
	text = strings.Replace(text, "data: ledger", "data: ledger\nlifetimes: {token: 1, session: 9h}", 1)
	_, err := load(t, text)
	var settings []string
	for _, p := range Problems(err) {
		settings = append(settings, p.Setting)
		require.NotZero(t, p.Line)
	}
	require.Equal(t, []string{"lifetimes.token", "lifetimes.session", "accounts.main.client_secret", "sites[0].sitekey"}, settings)
}

func TestWhatTheEnvironmentHoldsIsNeverReadAsYAML(t *testing.T) {
	c, err := load(t, edit(t, "${SECRET}", "${YAML}"))
	require.NoError(t, err)
	require.Equal(t, "x: [canary-secret", c.Accounts["main"].ClientSecret.Reveal())
}

func TestASecretFileIsTakenFromTheConfigurationsDirectory(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "relay.yaml")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "vendor.secret"), []byte(" s3cret \n"), 0o600))
	require.NoError(t, os.WriteFile(path, []byte(edit(t, "client_secret: ${SECRET}", "client_secret_file: vendor.secret")), 0o600))
	c, err := Load(path, environment)
	require.NoError(t, err)
	require.Equal(t, "s3cret", c.Accounts["main"].ClientSecret.Reveal())
	require.NoError(t, os.WriteFile(filepath.Join(dir, "vendor.secret"), []byte("\n"), 0o600))
	_, err = Load(path, environment)
	require.ErrorContains(t, err, "the file is empty")
}

func TestAFileThatCannotBeReadIsSaidSo(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "absent.yaml"), environment)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Empty(t, Problems(err))
	_, err = Load(t.TempDir(), environment)
	require.ErrorContains(t, err, "is not a file")
	for _, empty := range []string{"", "# only a comment\n", "---\n"} {
		_, err = load(t, empty)
		require.ErrorContains(t, err, "relay.yaml: the file is empty")
		require.Len(t, Problems(err), 1)
	}
	big := filepath.Join(t.TempDir(), "big.yaml")
	require.NoError(t, os.WriteFile(big, nil, 0o600))
	require.NoError(t, os.Truncate(big, maxFile+1))
	_, err = Load(big, environment)
	require.ErrorContains(t, err, "more than the 8388608 allowed")
}

// Whatever the file: no panic, every problem names the file, and a file that
// loads has sites with what a site needs.
func FuzzLoad(f *testing.F) {
	f.Add(good)
	f.Add("{}")
	f.Add("sites: [{a: [}]")
	f.Add("a: &x 1\nb: *x\n<<: *x")
	f.Add("accounts: {main: {client_secret: !!binary aGVsbG8=}}")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parse("relay.yaml", []byte(text), environment)
		if err != nil {
			require.NotContains(t, err.Error(), "canary")
			for _, p := range Problems(err) {
				require.Equal(t, "relay.yaml", p.File)
				require.NotEmpty(t, p.Text)
			}
			return
		}
		require.NotEmpty(t, c.Sites)
		for _, site := range c.Sites {
			require.NotEmpty(t, site.Origins)
			require.Contains(t, c.Accounts, site.Account)
		}
	})
}

func TestAnotherDataDirectoryTakesItsKeysAlong(t *testing.T) {
	c, err := load(t, good)
	require.NoError(t, err)
	c.UseData("/elsewhere")
	require.Equal(t, "/elsewhere/keys.yaml", c.Keys)
	c, err = load(t, edit(t, "data: ledger", "data: ledger\nkeys: /etc/relay/keys.yaml"))
	require.NoError(t, err)
	c.UseData("/elsewhere")
	require.Equal(t, "/elsewhere", c.Data)
	require.Equal(t, "/etc/relay/keys.yaml", c.Keys)
}
