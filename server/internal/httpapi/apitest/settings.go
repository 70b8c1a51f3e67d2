package apitest

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/app"
	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/sqlite"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/deepvue/sandbox"
	"ekycconnect/server/internal/notice"
	"ekycconnect/web"
)

// config is what a relay has unless a test changes it.
func (r *Relay) config() *config.Config {
	c := &config.Config{
		PublicURL: r.URL, Data: r.Data, Sandbox: true, AllowDrafts: true,
		Log: config.Log{Origin: consent.SandboxOrigin, Public: true},
		Lifetimes: config.Lifetimes{
			Presentation: 6 * time.Hour, Session: 10 * time.Minute, Consent: 30 * time.Minute, Token: 5 * time.Minute,
			Ticket: 30 * time.Minute, CallsPerConsent: 10,
		},
		Accounts: map[string]config.Account{}, Sites: sites(r.URL),
	}
	for _, a := range sandbox.Accounts() {
		c.Accounts[a.Name] = config.Account{URL: r.VendorURL, ClientID: a.ClientID, ClientSecret: a.ClientSecret}
	}
	return c
}

var keys = config.Keys{
	Seal:   []config.SealKey{{Kid: "k1", Key: key(9)}},
	Lookup: key(10), Receipt: key(11), Log: []config.Key{key(12)},
}

// LedgerKeys are the ledger's, for another relay on the same store.
var LedgerKeys = consent.Keys{Lookup: keys.Lookup.Bytes(), Receipt: keys.Receipt.Bytes(), Log: [][]byte{keys.Log[0].Bytes()}}

func key(b byte) config.Key { return config.Key(bytes.Repeat([]byte{b}, len(config.Key{}))) }

func sites(own string) []config.Site {
	var all []config.Site
	for _, key := range []string{Shop, Bank, Ticketed, Expired, Busy, Down, Rejected, BadJPEG} {
		site := config.Site{
			Sitekey: key, Account: "pass", Purposes: []string{Purpose}, Origins: []config.Origin{ShopOrigin},
			Secrets:       []config.SecretHash{config.HashSecret(Secret(key)), config.HashSecret("old-" + Secret(key))},
			RequireTicket: key == Ticketed, TokensExpired: key == Expired,
		}
		switch key {
		case Shop:
			site.Origins = append(site.Origins, ShopOrigin2, config.Origin(own))
			site.ReturnURLs = []config.ReturnURL{ShopReturn}
			site.Purposes = append(site.Purposes, OtherPurpose)
		case Bank:
			site.Origins = []config.Origin{BankOrigin}
		case Busy, Down, Rejected, BadJPEG:
			site.Account = key[len("pk_"):]
		}
		all = append(all, site)
	}
	return all
}

// WithSite adds a site that has the origins of Shop and an account of its own, of the
// same name: [Relay.Client] or a test of its own gives it a vendor.
func WithSite(sitekey string) func(*config.Config) {
	return func(c *config.Config) {
		c.Sites = append(c.Sites, config.Site{
			Sitekey: sitekey, Account: sitekey, Purposes: []string{Purpose}, Origins: []config.Origin{ShopOrigin},
		})
	}
}

// Client makes another client of one of the emulator's accounts.
func (r *Relay) Client(t testing.TB, name string) *deepvue.Client {
	t.Helper()
	for _, a := range sandbox.Accounts() {
		if a.Name != name {
			continue
		}
		client, err := deepvue.New(deepvue.Account{Name: a.Name, URL: r.VendorURL, ClientID: a.ClientID, ClientSecret: a.ClientSecret},
			deepvue.Backoff(time.Millisecond), deepvue.Deadline(time.Minute), deepvue.Trace(sandbox.TraceHeader))
		require.NoError(t, err)
		t.Cleanup(client.Close)
		return client
	}
	require.Fail(t, "no such account", name)
	return nil
}

// material holds two notices with different words, in every language. It never
// changes, so all tests share it: to make it takes longer than most of them.
var material = sync.OnceValues(func() (*app.Material, error) {
	loan := notice.Sandbox()
	loan.ID, loan.Version = OtherPurpose, "7"
	notices, err := notice.New(map[string]notice.Purpose{Purpose: notice.Sandbox(), OtherPurpose: loan},
		notice.Options{AllowDrafts: true, Test: true})
	if err != nil {
		return nil, err
	}
	words, err := notice.NewWords(true)
	if err != nil {
		return nil, err
	}
	assets, err := web.Load()
	if errors.Is(err, web.ErrNotBuilt) { // what needs the widget says so itself
		assets, err = &web.Assets{}, nil
	}
	return &app.Material{Assets: assets, Version: "0.0.0-test", Notices: notices, Words: words}, err
})

// directory is a relay's own, with an empty ledger in it.
func directory(t testing.TB) string {
	t.Helper()
	empty, err := emptyLedger()
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ledger.db"), empty, 0o600))
	return dir
}

// emptyLedger is the file of a ledger in which nothing was recorded: its tables are
// made once for all tests.
var emptyLedger = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "apitest-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	store, err := sqlite.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := store.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, "ledger.db"))
})
