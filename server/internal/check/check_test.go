package check

import (
	"database/sql"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/config/configtest"
	"ekycconnect/server/internal/consent/sqlite"
	"ekycconnect/server/internal/freeport"
	"ekycconnect/server/internal/notice"
)

// A variable that is missing, a file that is, and a notice that is wrong are found at
// once: whoever mends one need not come back for the next.
func TestCheckFindsWhatIsWrongInAllPartsAtOnce(t *testing.T) {
	path := configtest.Example(t, "    withdraw_url: https://bank.example/privacy/withdraw\n", "")
	require.NoError(t, os.Remove(filepath.Join(filepath.Dir(path), "keys.yaml")))
	stdout, err := checked(t, nil, path, "")
	require.ErrorContains(t, err, "5 problems in")
	for _, said := range []string{"DEEPVUE_CLIENT_ID is not set", "DEEPVUE_CLIENT_SECRET is not set", "CONSENT_WEBHOOK_SECRET is not set", "relay keygen keys", "withdraw_url"} {
		require.Contains(t, stdout, said)
	}
}

// checked checks a configuration without asking anybody.
func checked(t *testing.T, env map[string]string, path, data string) (report string, err error) {
	t.Helper()
	var out strings.Builder
	err = Run(t.Context(), Options{Config: path, Data: data, Offline: true, Env: configtest.Lookup(env)}, &out)
	require.NotContains(t, fmt.Sprint(out.String(), err), "canary")
	return out.String(), err
}

func TestCheckAcceptsTheExample(t *testing.T) {
	stdout, err := checked(t, configtest.Env, configtest.Example(t), "")
	require.NoError(t, err, stdout)
	require.Contains(t, stdout, "https://consent.example.com")
	require.Contains(t, stdout, "account-opening in en")
	require.Contains(t, stdout, "1 sealing key")
	require.Contains(t, stdout, "no problem")
	require.NotContains(t, stdout, "Problems")
}

func TestCheckListsEveryProblem(t *testing.T) {
	path := configtest.Example(t, "pk_live_replace_me", "pk_test_pass", "      - https://bank.example\n", "      - https://*.bank.example\n")
	stdout, err := checked(t, configtest.Env, path, "")
	require.Contains(t, stdout, "sites[0].sitekey: test sitekeys work only with")
	require.Contains(t, stdout, "no wildcards")
	require.ErrorContains(t, err, "2 problems in "+path)
}

func TestCheckPrintsATableOfLanguages(t *testing.T) {
	stdout, err := checked(t, configtest.Env, configtest.Example(t), "")
	require.NoError(t, err)
	for _, row := range []string{`en +reviewed +offered +English`, `ta +draft +your texts are missing +தமிழ்`, `ur +draft +your texts are missing +اردو`} {
		require.Regexp(t, row, stdout)
	}
	require.Len(t, regexp.MustCompile(`(?m)^  \S+ +(reviewed|draft) `).FindAllString(stdout, -1), 24)
	require.Equal(t, "needs allow_drafts", offered(notice.Language{Tag: "hi", Status: notice.Draft}, notice.Sandbox(), false))
	require.Equal(t, "offered", offered(notice.Language{Tag: "hi", Status: notice.Draft}, notice.Sandbox(), true))
}

func TestCheckSaysHowToMakeKeysAndRefusesOpenOnes(t *testing.T) {
	path := configtest.Example(t)
	keys := filepath.Join(filepath.Dir(path), "keys.yaml")
	require.NoError(t, os.Chmod(keys, 0o644))
	stdout, err := checked(t, configtest.Env, path, "")
	require.Error(t, err)
	require.Contains(t, stdout, "chmod 600 "+keys)
	require.NoError(t, os.Remove(keys))
	stdout, err = checked(t, configtest.Env, path, "")
	require.Error(t, err)
	require.Contains(t, stdout, "relay keygen keys --out "+keys)
}

func TestCheckRefusesANoticeThatLacksWhatTheLawAsksFor(t *testing.T) {
	stdout, err := checked(t, configtest.Env, configtest.Example(t, "    withdraw_url: https://bank.example/privacy/withdraw\n", ""), "")
	require.Contains(t, stdout, "account-opening: withdraw_url")
	require.ErrorContains(t, err, "1 problem in")
}

func TestCheckWarnsOfWhatAnOperatorMayNotWant(t *testing.T) {
	secretFile := filepath.Join(t.TempDir(), "vendor")
	require.NoError(t, os.WriteFile(secretFile, []byte("canary-secret"), 0o600))
	require.NoError(t, os.Chmod(secretFile, 0o644))
	stdout, err := checked(t, configtest.Env, configtest.Example(t,
		"https://consent.example.com", "http://localhost:8080",
		"admin_listen: 127.0.0.1:8081", "admin_listen: :8081",
		"127.0.0.1/32", "0.0.0.0/0",
		"level: info", "level: debug",
		"allow_drafts: false", "allow_drafts: true",
		"https://bank.example\n", "http://127.0.0.1:3000\n",
		"accounts:\n", "accounts:\n  spare: {url: 'http://127.0.0.1:1', client_id: free_tier_1, client_secret_file: "+secretFile+"}\n",
	), "")
	require.NoError(t, err, stdout)
	for _, warning := range []string{
		"public_url is http", "admin_listen :8081 is not this machine alone", "trusted_proxies has 0.0.0.0/0", "log.level is debug",
		"allow_drafts is on", "site Example Bank allows http://127.0.0.1:3000", "account spare is used by no site",
		"account spare calls http://127.0.0.1:1", "account spare has a trial client id", "chmod 600 " + secretFile,
	} {
		require.Contains(t, stdout, warning)
	}
}

func TestCheckSaysWhatItMeansThatThePartnerCallsTheVendor(t *testing.T) {
	stdout, err := checked(t, configtest.Env, configtest.Example(t), "")
	require.NoError(t, err)
	require.NotContains(t, stdout, "otp: partner")
	stdout, err = checked(t, configtest.Env, configtest.Example(t, "otp: relay ", "otp: partner "), "")
	require.NoError(t, err, stdout)
	require.Contains(t, stdout, "account main has otp: partner: your back end calls generate-otp and verify-otp itself, with the same key; the relay spends 0.3 of each window")
}

func TestCheckTakesAnotherDataDirectory(t *testing.T) {
	path := configtest.Example(t, "keys: /var/lib/ekyc-connect/keys.yaml\n", "")
	other := t.TempDir()
	stdout, err := checked(t, configtest.Env, path, other)
	require.Error(t, err)
	require.Contains(t, stdout, "relay keygen keys --out "+filepath.Join(other, "keys.yaml"))
}

// A relay that serves would end at once with these.
func TestCheckRefusesALedgerThatCannotBeServed(t *testing.T) {
	path := configtest.Example(t)
	for says, spoil := range map[string]func(t *testing.T, ledger string){
		"cannot be read": func(t *testing.T, ledger string) {
			require.NoError(t, os.WriteFile(ledger, []byte(strings.Repeat("junk", 3000)), 0o600))
		},
		"is no file": func(t *testing.T, ledger string) { require.NoError(t, os.Mkdir(ledger, 0o700)) },
		"was written by a newer relay (schema 99,": func(t *testing.T, ledger string) {
			store, err := sqlite.Open(filepath.Dir(ledger))
			require.NoError(t, err)
			require.NoError(t, store.Close())
			db, err := sql.Open("sqlite", ledger)
			require.NoError(t, err)
			defer db.Close()
			_, err = db.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
			require.NoError(t, err)
		},
	} {
		data := t.TempDir()
		spoil(t, filepath.Join(data, "ledger.db"))
		stdout, err := checked(t, configtest.Env, path, data)
		require.ErrorContains(t, err, "1 problem in", says)
		require.Contains(t, stdout, says)
		require.Regexp(t, `relay\.yaml:\d+:\d+: data: `, stdout)
		_, err = sqlite.Open(data)
		require.Error(t, err, says)
	}
	for _, fine := range []func(data string){
		func(string) {}, // none yet
		func(data string) { require.NoError(t, os.WriteFile(filepath.Join(data, "ledger.db"), nil, 0o600)) },
		func(data string) {
			store, err := sqlite.Open(data)
			require.NoError(t, err)
			require.NoError(t, store.Close())
		},
	} {
		data := t.TempDir()
		fine(data)
		stdout, err := checked(t, configtest.Env, path, data)
		require.NoError(t, err, stdout)
	}
}

func TestCheckFindsListenersInEachOthersWay(t *testing.T) {
	port, err := freeport.Take()
	require.NoError(t, err)
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	require.NoError(t, err)
	configured := func(public string) string {
		return configtest.Example(t, "listen: 127.0.0.1:8080          #", fmt.Sprintf("listen: %s:%d #", public, port), "admin_listen: 127.0.0.1:8081    #", fmt.Sprintf("admin_listen: 127.0.0.1:%d #", port))
	}
	stdout, err := checked(t, configtest.Env, configured("0.0.0.0"), "")
	require.NoError(t, err, "a relay may serve there already")
	require.Contains(t, stdout, "unless it is this relay")
	require.NoError(t, l.Close())
	for _, public := range []string{"", "0.0.0.0", "localhost"} {
		stdout, err := checked(t, configtest.Env, configured(public), "")
		require.ErrorContains(t, err, "1 problem in", public)
		require.Contains(t, stdout, "admin_listen: cannot be listened on beside listen")
	}
}

// Another check, or a relay that starts or ends, takes an address and lets go of it while
// this one looks.
func TestAnAddressThatIsTakenForAMomentIsNoProblem(t *testing.T) {
	public, err := freeport.Address()
	require.NoError(t, err)
	admin, err := freeport.Address()
	require.NoError(t, err)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			default:
			}
			if l, err := net.Listen("tcp", admin); err == nil {
				_ = l.Close()
			}
		}
	}()
	defer func() { close(done); <-ended }()
	for range 1000 {
		problems, _ := listenFindings(&config.Config{Listen: public, AdminListen: admin})
		require.Empty(t, problems)
	}
}
