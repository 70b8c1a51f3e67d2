package check

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config/configtest"
)

// Each mistake that operators make is found, and what to do stands beside it.
func TestCheckFindsEachCommonMistakeAndSaysWhatToDo(t *testing.T) {
	held := func(secret string) string {
		path := filepath.Join(t.TempDir(), "secret")
		require.NoError(t, os.WriteFile(path, []byte(secret), 0o600))
		return path
	}
	english := regexp.MustCompile(`(?ms)^      en:\n.*?\n\n`).FindString(configtest.Text(t))
	require.NotEmpty(t, english)
	const inFile = "client_secret: ${DEEPVUE_CLIENT_SECRET}"
	for name, row := range map[string]struct {
		edit []string
		code int      // of the command
		says []string // the mistake, and what to do
	}{
		"the vendor over http": {[]string{"url: https://production.deepvue.tech", "url: http://production.deepvue.tech"}, 1,
			[]string{"accounts.main.url: must be https"}},
		"client id and secret swapped": {[]string{inFile, "client_secret_file: " + held("live_7_canary")}, 0,
			[]string{"account main has a secret that begins like a client id", "are the two swapped?"}},
		"client id twice": {[]string{"client_id: ${DEEPVUE_CLIENT_ID}", "client_id: canary-twice", inFile, "client_secret_file: " + held("canary-twice")}, 0,
			[]string{"account main has the same client id and secret", "one of them is in the wrong place"}},
		"a secret with a line break in it": {[]string{inFile, "client_secret_file: " + held("canary-\none")}, 1,
			[]string{`account "main": set the client secret: printable ASCII, as the vendor shows it`}},
		"a secret's file that is not there": {[]string{inFile, "client_secret_file: /nowhere/secret"}, 1,
			[]string{"accounts.main.client_secret_file", "/nowhere/secret"}},
		"an origin with a typing error": {[]string{"- https://www.bank.example\n", "- https://www.bamk.example\n"}, 0,
			[]string{"origin https://www.bamk.example is almost bank.example", "a typing error?"}},
		"an origin with a path": {[]string{"- https://www.bank.example\n", "- https://www.bank.example/open\n"}, 1,
			[]string{"sites[0].origins[0]", "nothing may follow the host and port"}},
		"a notice that nobody has reviewed": {[]string{english, english + strings.Replace(english, "      en:", "      hi:", 1)}, 0,
			[]string{"hi (हिन्दी) is not offered: no native speaker has reviewed its words; have one read them", "needs allow_drafts"}},
		"an unreviewed notice that is shown": {[]string{english, english + strings.Replace(english, "      en:", "      hi:", 1), "allow_drafts: false", "allow_drafts: true"}, 0,
			[]string{"hi (हिन्दी) is offered although no native speaker has reviewed its words", "allow_drafts is on"}},
		"the sandbox's key in production": {[]string{"pk_live_replace_me", "pk_test_pass"}, 1,
			[]string{"sites[0].sitekey: test sitekeys work only with"}},
		"an unknown plan": {[]string{"plan: growth", "plan: platinum"}, 1,
			[]string{"accounts.main.plan: needs starter, business, growth or enterprise"}},
		"a setting that is misspelt": {[]string{"trusted_proxies:", "trusted_proxy:"}, 1,
			[]string{"trusted_proxy", "trusted_proxies"}},
		"every proxy in the world": {[]string{"127.0.0.1/32", "0.0.0.0/0"}, 0,
			[]string{"trusted_proxies has 0.0.0.0/0"}},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, err := checked(t, configtest.Env, configtest.Example(t, row.edit...), "")
			require.Equal(t, row.code == 1, err != nil, "%s%v", stdout, err)
			for _, said := range row.says {
				require.Contains(t, stdout, said)
			}
		})
	}
}
