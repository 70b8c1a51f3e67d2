// Package apitest runs a whole relay for tests, as package app puts it together: the
// routes over HTTP, the core, a ledger in SQLite, the notices, and the vendor's
// emulator over HTTP. Only the clock is not real. Every answer that goes through it is held against
// openapi.json and against the rules that hold for all answers.
package apitest

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/app"
	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/deepvue/sandbox"
	"ekycconnect/server/internal/notice"
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

// Relay is a running relay and its parts.
type Relay struct {
	*app.Relay
	URL       string // of the server; no slash at its end
	VendorURL string // of the emulator
	Data      string // directory of the ledger
	Store     *storetest.Faulty
	Vendor    *sandbox.Server
	Clock     *Clock
	Log       *Log
	Answers   []Answer // all of them, in the order in which they came

	doc     *Document
	mu      sync.Mutex // guards what follows, and Answers
	ids     map[string]bool
	running int        // requests
	settled *sync.Cond // running is 0
}

// New runs a relay until the test ends. What it is configured with can be changed
// before it is made.
func New(t testing.TB, change ...func(*config.Config)) *Relay {
	t.Helper()
	r := &Relay{Data: directory(t), Clock: &Clock{now: Start}, Log: &Log{}, ids: map[string]bool{}}
	r.settled = sync.NewCond(&r.mu)
	r.Vendor = sandbox.New(sandbox.Options{})
	vendor := httptest.NewServer(r.Vendor)
	t.Cleanup(vendor.Close)
	r.VendorURL = vendor.URL

	// The address must be known before the handler is made.
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.serving(1)
		defer r.serving(-1)
		handler.ServeHTTP(w, q)
	}))
	t.Cleanup(server.Close)
	r.URL = server.URL

	c := r.config()
	for _, f := range change {
		f(c)
	}
	r.Data = c.Data
	shared, err := material()
	require.NoError(t, err)
	log := slog.New(slog.NewJSONHandler(r.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r.Relay, err = app.New(t.Context(), c, keys, log,
		app.Clock(r.Clock.Now), app.WithMaterial(shared), app.Vendor(deepvue.Backoff(time.Millisecond)),
		app.Store(func(s consent.Store) consent.Store { r.Store = &storetest.Faulty{Store: s}; return r.Store }))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	handler = r.API.Handler()
	r.doc = Open(t, r)
	return r
}

func (r *Relay) serving(change int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running += change; r.running == 0 {
		r.settled.Broadcast()
	}
}

// Settle waits for what is done after an answer: its line in the log, its count in the
// metrics. Who looks for what must not be there looks then.
func (r *Relay) Settle() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.running > 0 {
		r.settled.Wait()
	}
}

// Logged is the log of all requests that were answered.
func (r *Relay) Logged() string {
	r.Settle()
	return string(r.Log.Bytes())
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
	mu    sync.Mutex
	all   []byte
	drops bool
}

// Drop has the log keep nothing: a fuzz test of a million requests looks at none of it.
func (l *Log) Drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all, l.drops = nil, true
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.drops {
		l.all = append(l.all, p...)
	}
	return len(p), nil
}

// Bytes is the log so far.
func (l *Log) Bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}
