package main

import (
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/config/configtest"
	"ekycconnect/wasm/wire"
)

var fromBank = map[string]string{"Origin": "https://www.bank.example"}

// reread is a line of the log about the configuration.
type reread struct {
	Msg      string   `json:"msg"`
	Changed  []string `json:"changed"`
	Problems []string `json:"problems"`
}

// hangup sends SIGHUP and waits for what the relay says of it.
func (p *process) hangup() (said reread) {
	p.t.Helper()
	before := len(p.log.String())
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGHUP))
	require.Eventually(p.t, func() bool {
		for line := range strings.Lines(p.log.String()[before:]) {
			if said = (reread{}); json.Unmarshal([]byte(line), &said) == nil && strings.Contains(said.Msg, "read anew") {
				return true
			}
		}
		return false
	}, time.Minute, pollEvery)
	return said
}

// shown asks for the notice of a site.
func (p *process) shown(sitekey string) (status int, view struct {
	Notice       wire.NoticeRef `json:"notice"`
	Presentation string         `json:"presentation"`
	Code         wire.Code      `json:"code"`
}) {
	status, err := p.do(p.t.Context(), "GET", "/v1/view?sitekey="+sitekey+"&purpose=account-opening", nil, fromBank, &view)
	require.NoError(p.t, err)
	return status, view
}

// startAtBank runs a relay with a configuration whose vendor is the emulator.
func startAtBank(t *testing.T, vendor string) (p *process, path string) {
	t.Helper()
	path = configtest.Example(t, "url: https://production.deepvue.tech ", "url: "+vendor+" ")
	p = startConfigured(t, path, "DEEPVUE_CLIENT_ID=sandbox", "DEEPVUE_CLIENT_SECRET=sandbox")
	p.at.URL = "http://" + listening(t, p)
	return p, path
}

func TestAPartnerComesAndGoesWithoutARestart(t *testing.T) {
	vendor, arrived, release := haltingVendor(t)
	p, path := startAtBank(t, vendor)
	_, view := p.shown(configtest.Sitekey)
	body := map[string]string{"sitekey": configtest.Sitekey, "purpose": "account-opening", "presentation": view.Presentation,
		"notice_sha256": view.Notice.SHA256, "idempotency_key": "key-of-a-person-under-way"}
	answered := make(chan int, 1)
	go func() {
		var session wire.SessionReply
		status, err := p.do(p.t.Context(), "POST", "/v1/sessions", body, fromBank, &session)
		if err != nil {
			status = 0
		}
		answered <- status
	}()
	<-arrived

	// The next partner, with a secret, words and a limit of its own, in the place of the first.
	const secret = "sk_canary-of-the-next-partner"
	replaceIn(t, path, configtest.Sitekey, "pk_live_next")
	replaceIn(t, path, config.HashSecret(configtest.Secret).String(), config.HashSecret(secret).String())
	replaceIn(t, path, "service: a savings account in your name", "service: a current account in your name")
	replaceIn(t, path, "  view: 60\n", "  view: 61\n")
	said := p.hangup()
	require.Equal(t, []string{
		"limits.view", "purposes.account-opening.texts.en.service",
		"sites." + configtest.Sitekey + " (gone)", "sites.pk_live_next (new)",
	}, said.Changed)

	status, was := p.shown(configtest.Sitekey)
	require.Equal(t, http.StatusBadRequest, status)
	require.Equal(t, wire.UnknownSitekey, was.Code)
	status, is := p.shown("pk_live_next")
	require.Equal(t, http.StatusOK, status)
	require.NotEqual(t, view.Notice.SHA256, is.Notice.SHA256, "its words are others")
	for secret, status := range map[string]int{secret: http.StatusCreated, configtest.Secret: http.StatusUnauthorized} {
		var reply any
		got, err := p.do(t.Context(), "POST", "/v1/tickets", map[string]string{}, map[string]string{"Authorization": "Bearer " + secret}, &reply)
		require.NoError(t, err)
		require.Equal(t, status, got)
	}
	release()
	require.Equal(t, http.StatusCreated, <-answered, "who had begun goes on under what was true then")
	require.NotContains(t, p.log.String(), "canary")
}

func TestAConfigurationIsTakenWholeOrNotAtAll(t *testing.T) {
	vendor, _, _ := haltingVendor(t)
	p, path := startAtBank(t, vendor)
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	for name, row := range map[string]struct {
		from, to, says string
	}{
		"what cannot be read":           {"view: 60", "view: sixty", "limits.view: needs a whole number"},
		"an origin that is none":        {"- https://bank.example\n", "- https://*.bank.example\n", "no wildcards"},
		"a notice that lacks something": {"    withdraw_url: https://bank.example/privacy/withdraw\n", "", "purposes.account-opening: "},
		"another plan":                  {"plan: growth", "plan: business", "what has changed takes a restart, and so nothing is taken: accounts.main.allowance.per_day, accounts.main.allowance.per_minute, accounts.main.allowance.per_second, accounts.main.plan"},
		"another lifetime":              {"token: 5m", "token: 6m", "and so nothing is taken: lifetimes.token"},
		"an account that is new": {"accounts:\n", "accounts:\n  spare: {client_id: live-8, client_secret: '${DEEPVUE_CLIENT_SECRET}'}\n",
			"and so nothing is taken: accounts.spare (new)"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(path, good, 0o600))
			replaceIn(t, path, configtest.Sitekey, "pk_live_next")
			replaceIn(t, path, row.from, row.to)
			said := p.hangup()
			require.Contains(t, said.Msg, "in vain")
			require.Len(t, said.Problems, 1)
			require.Contains(t, said.Problems[0], row.says)
			status, _ := p.shown(configtest.Sitekey)
			require.Equal(t, http.StatusOK, status)
			status, _ = p.shown("pk_live_next")
			require.Equal(t, http.StatusBadRequest, status)
		})
	}
	require.NoError(t, os.WriteFile(path, good, 0o600))
	require.Empty(t, p.hangup().Changed)
}

func TestASandboxSaysThatItHasNothingToRead(t *testing.T) {
	p := start(t)
	require.Equal(t, []string{"a sandbox has no configuration to read"}, p.hangup().Problems)
}
