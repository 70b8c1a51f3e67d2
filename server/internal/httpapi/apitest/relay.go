// Package apitest runs a whole relay for tests: the routes over HTTP, the core,
// a ledger in SQLite, the notices, and the vendor's emulator over HTTP. Only
// the clock is not real. Every answer that goes through it is held against
// openapi.json and against the rules that hold for all answers.
package apitest

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/sqlite"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/deepvue/sandbox"
	"ekycconnect/server/internal/hosted"
	"ekycconnect/server/internal/httpapi"
	"ekycconnect/server/internal/notice"
	"ekycconnect/server/internal/receiptpage"
	"ekycconnect/server/internal/seal"
	"ekycconnect/web"
)

// Start is the clock's first time.
var Start = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// What the relay is configured with.
const (
	Purpose      = notice.SandboxPurpose
	OtherPurpose = "loan" // of Shop alone
	ShopOrigin   = "https://shop.example"
	ShopOrigin2  = "https://www.shop.example:8443"             // also of Shop
	ShopReturn   = "https://shop.example/consent?step=2&x=%41" // of Shop alone
	BankOrigin   = "https://bank.example"
)

// The sites. Shop and Bank have a vendor that plays along, the others have what
// their name says.
const (
	Shop     = "pk_shop"
	Bank     = "pk_bank"
	Ticketed = "pk_ticketed" // admits visitors with a ticket only
	Expired  = "pk_expired"  // its tokens are born expired
	Busy     = "pk_busy"
	Down     = "pk_down"
	Rejected = "pk_rejected"
	BadJPEG  = "pk_badjpeg"
)

// Secret is the secret of a site.
func Secret(site string) string { return "sk" + site[2:] + "-Zk3vTq8wXr5yNb1mLc7pJd9s" }

// Origin is an origin of a site.
func Origin(site string) string {
	if site == Bank {
		return BankOrigin
	}
	return ShopOrigin
}

// Settings can be changed before the relay is made.
type Settings struct {
	PublicURL string // the server's own address if empty
	Lifetimes connect.Lifetimes
	Deadline  time.Duration // of one call of the core to the vendor
	Sites     []*connect.Site
}

// Relay is a running relay and its parts.
type Relay struct {
	URL       string // of the server; no slash at its end
	VendorURL string // of the emulator
	Data      string // directory of the ledger
	API       *httpapi.API
	Core      *connect.Service
	Ledger    *consent.Ledger
	Store     *storetest.Faulty
	Vendor    *sandbox.Server
	Sealer    *seal.Sealer
	Clock     *Clock
	Log       *Log
	Answers   []Answer // all of them, in the order in which they came

	doc *Document
	mu  sync.Mutex // guards Answers and ids
	ids map[string]bool
}

// New runs a relay until the test ends.
func New(t testing.TB, change ...func(*Settings)) *Relay {
	t.Helper()
	r := &Relay{Data: t.TempDir(), Clock: &Clock{now: Start}, Log: &Log{}, ids: map[string]bool{}}
	r.Vendor = sandbox.New(sandbox.Options{})
	vendor := httptest.NewServer(r.Vendor)
	r.VendorURL = vendor.URL
	t.Cleanup(vendor.Close)

	// The address must be known before the handler is made.
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { handler.ServeHTTP(w, q) }))
	t.Cleanup(server.Close)
	r.URL = server.URL

	s := Settings{
		PublicURL: r.URL,
		Lifetimes: connect.Lifetimes{
			Presentation: 6 * time.Hour, Session: 10 * time.Minute, Token: 5 * time.Minute,
			Ticket: 30 * time.Minute, CallsPerConsent: 10,
		},
		Sites: sites(r.URL),
	}
	for _, f := range change {
		f(&s)
	}
	log := slog.New(slog.NewJSONHandler(r.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	metrics := httpapi.NewMetrics()
	store, err := sqlite.Open(r.Data)
	require.NoError(t, err)
	r.Store = &storetest.Faulty{Store: store}
	r.Ledger, err = consent.New(r.Store, storetest.Keys, r.Clock.Now, log,
		consent.WithValidity(s.Lifetimes.Session), consent.WithCommits(metrics.Commit))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Ledger.Close()) })
	r.Sealer, err = seal.New([]seal.MasterKey{{ID: "k1", Key: bytes.Repeat([]byte{9}, 32)}}, r.Clock.Now)
	require.NoError(t, err)
	notices, err := catalogue()
	require.NoError(t, err)
	keep(t, r.Ledger, notices)
	receipts, err := connect.NewReceipts(bytes.Repeat([]byte{11}, 32), s.PublicURL)
	require.NoError(t, err)
	r.Core = &connect.Service{
		Sites: connect.NewSites(s.Sites), Ledger: r.Ledger, Accounts: accounts(t, vendor.URL, s), Notices: notices,
		Sealer: r.Sealer, Receipts: receipts, Lifetimes: s.Lifetimes, Clock: r.Clock.Now, Log: log, Watch: metrics,
	}
	metrics.Accounts(r.Core.Accounts)
	public, err := url.Parse(s.PublicURL)
	require.NoError(t, err)
	assets, err := web.Load()
	if errors.Is(err, web.ErrNotBuilt) { // what needs the widget says so itself
		assets, err = &web.Assets{}, nil
	}
	require.NoError(t, err)
	words, err := notice.NewWords(true)
	require.NoError(t, err)
	r.API = &httpapi.API{
		Core: r.Core, Receipts: receiptpage.New(r.Core, words, public, true), Hosted: hosted.New(r.Core, words, public, "0.0.0-test", true), Assets: assets, PublicURL: public, Metrics: metrics, Log: log,
		Degraded: r.Core.Degraded,
	}
	handler = r.API.Handler()
	r.doc = Open(t, r)
	return r
}

// catalogue holds two notices with different words, in every language. It never
// changes, so all tests share it: rendering takes longer than most of them.
var catalogue = sync.OnceValues(func() (*notice.Catalogue, error) {
	loan := notice.Sandbox()
	loan.ID, loan.Version = OtherPurpose, "7"
	return notice.New(map[string]notice.Purpose{Purpose: notice.Sandbox(), OtherPurpose: loan},
		notice.Options{AllowDrafts: true, Test: true})
})

// keep stores every notice, all in a transaction or two.
func keep(t testing.TB, ledger *consent.Ledger, notices *notice.Catalogue) {
	t.Helper()
	var all errgroup.Group
	for n := range notices.All() {
		all.Go(func() error { return ledger.PutNotice(t.Context(), n.Ref.SHA256, n.Bytes) })
	}
	require.NoError(t, all.Wait())
}

func sites(own string) []*connect.Site {
	var all []*connect.Site
	for _, key := range []string{Shop, Bank, Ticketed, Expired, Busy, Down, Rejected, BadJPEG} {
		origins, returns := []config.Origin{ShopOrigin}, []config.ReturnURL{}
		switch key {
		case Shop:
			origins, returns = append(origins, ShopOrigin2, config.Origin(own)), append(returns, ShopReturn)
		case Bank:
			origins = []config.Origin{BankOrigin}
		}
		site := &connect.Site{
			Sitekey: key, Account: "pass", Purposes: []string{Purpose},
			Secrets: [][32]byte{config.HashSecret(Secret(key)), config.HashSecret("old-" + Secret(key))}, RequireTicket: key == Ticketed,
			AllowsOrigin: (&config.Site{Origins: origins}).AllowsOrigin, AllowsReturn: (&config.Site{ReturnURLs: returns}).AllowsReturn,
		}
		switch key {
		case Shop:
			site.Purposes = append(site.Purposes, OtherPurpose)
		case Expired:
			site.TokenLife = -time.Hour
		case Busy, Down, Rejected, BadJPEG:
			site.Account = key[len("pk_"):]
		}
		all = append(all, site)
	}
	return all
}

// vendors makes the client of each account with the emulator.
func accounts(t testing.TB, at string, s Settings) map[string]*connect.Account {
	t.Helper()
	all := map[string]*connect.Account{}
	for _, a := range sandbox.Accounts() {
		all[a.Name] = connect.NewAccount(client(t, at, a, s.Deadline), nil)
	}
	return all
}

// Client makes another client of one of the emulator's accounts.
func (r *Relay) Client(t testing.TB, name string) *deepvue.Client {
	t.Helper()
	for _, a := range sandbox.Accounts() {
		if a.Name == name {
			return client(t, r.VendorURL, a, time.Minute)
		}
	}
	require.Fail(t, "no such account", name)
	return nil
}

func client(t testing.TB, at string, a sandbox.Account, deadline time.Duration) *deepvue.Client {
	t.Helper()
	client, err := deepvue.New(deepvue.Account{Name: a.Name, URL: at, ClientID: a.ClientID, ClientSecret: a.ClientSecret},
		deepvue.Backoff(time.Millisecond), deepvue.Deadline(deadline), deepvue.Trace(sandbox.TraceHeader))
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// Clock is what the relay takes for the time.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Add moves the clock.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Log is everything that was logged, at every level, before any redaction.
type Log struct {
	mu  sync.Mutex
	all []byte
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, p...)
	return len(p), nil
}

// Bytes is the log so far.
func (l *Log) Bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}
