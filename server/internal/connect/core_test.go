package connect_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/memory"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/notice"
	"ekycconnect/server/internal/pace"
	"ekycconnect/server/internal/seal"
	"ekycconnect/wasm/wire"
)

const (
	shop       = "pk_shop"
	bank       = "pk_bank" // may ask for one purpose only
	shopOrigin = "https://shop.example"
	shopApp    = "https://app.shop.example" // also of shop
	bankOrigin = "https://bank.example"
	opening    = notice.SandboxPurpose
	loan       = "loan" // of shop alone
	account    = "main" // of both sites

	sessionLife = 10 * time.Minute
	mostCalls   = 4 // that one consent is worth
)

func secretOf(site string) string { return "sk_of_" + site }

// page is a visitor on a page of shop's.
var page = connect.Visitor{Origin: shopOrigin, Address: netip.MustParseAddr("192.0.2.1")}

// bankPage is one on a page of bank's.
var bankPage = connect.Visitor{Origin: bankOrigin, Address: page.Address}

// core is the service over a store in memory, a vendor that does as it is told, and
// a clock that only the test moves.
type core struct {
	*connect.Service
	clock  *storetest.Clock
	store  *storetest.Faulty
	rows   *toldStore // behind store
	vendor *vendor
	watch  *watcher
	sites  map[string]*connect.Site
	other  *consent.Ledger // another relay's, on the same rows

	moment atomic.Pointer[func(string)] // see at
}

func newCore(t *testing.T) *core {
	t.Helper()
	c := &core{clock: storetest.NewClock(), sites: map[string]*connect.Site{}}
	c.watch = &watcher{core: c, counts: map[string]int{}}
	rows := memory.New()
	c.rows = &toldStore{Store: rows, core: c}
	c.store = &storetest.Faulty{Store: c.rows}
	c.vendor = newVendor(t, c)
	c.other = storetest.NewLedger(t, rows.Reopen(), c.clock)
	sealer, err := seal.New([]seal.MasterKey{{ID: "k1", Key: bytes.Repeat([]byte{9}, 32)}}, c.told("sealer"))
	require.NoError(t, err)
	receipts, err := connect.NewReceipts(bytes.Repeat([]byte{11}, 32), "https://relay.example")
	require.NoError(t, err)
	notices, err := catalogue()
	require.NoError(t, err)
	var sites []*connect.Site
	for key, origins := range map[string][]string{shop: {shopOrigin, shopApp}, bank: {bankOrigin}} {
		site := &connect.Site{
			Name: "The " + key, Sitekey: key, Account: account, Purposes: []string{opening}, AllowsOrigin: among(origins...),
			Secrets: [][sha256.Size]byte{sha256.Sum256([]byte(secretOf(key)))},
		}
		c.sites[key] = site
		sites = append(sites, site)
	}
	c.sites[shop].Purposes = append(c.sites[shop].Purposes, loan)
	c.Service = connect.New(connect.Service{
		Sites: connect.NewSites(sites), Ledger: storetest.NewLedger(t, c.store, c.clock), Notices: notices, Sealer: sealer, Receipts: receipts,
		Accounts: map[string]*connect.Account{account: newAccount(t, c.vendor)},
		Lifetimes: connect.Lifetimes{
			Presentation: 6 * time.Hour, Session: sessionLife, Consent: 3 * sessionLife, Token: 5 * time.Minute, Ticket: 30 * time.Minute, CallsPerConsent: mostCalls,
		},
		Clock: c.told("clock"), Log: slog.New(slog.DiscardHandler), Watch: c.watch,
	})
	for n := range notices.All() {
		require.NoError(t, c.Ledger.PutNotice(t.Context(), n.Ref.SHA256, n.Bytes))
	}
	return c
}

// newAccount is an account with the vendor, of a plan or without any bounds. Its people
// need little beyond their first picture, so that a small plan lets several begin.
func newAccount(t *testing.T, v connect.Vendor, plan ...pace.Plan) *connect.Account {
	t.Helper()
	if len(plan) == 0 {
		return connect.NewAccount(v, nil)
	}
	line, err := pace.New(plan[0], pace.NewMemory(nil), pace.Options{WithoutOTP: true})
	require.NoError(t, err)
	t.Cleanup(line.Close)
	return connect.NewAccount(v, line)
}

// catalogue is rendered once for all tests: it never changes.
var catalogue = sync.OnceValues(func() (*notice.Catalogue, error) { return newCatalogue(opening, loan) })

// newCatalogue has the sandbox's English notice for each of these purposes.
func newCatalogue(purposes ...string) (*notice.Catalogue, error) {
	all := map[string]notice.Purpose{}
	for _, id := range purposes {
		p := notice.Sandbox()
		p.ID, p.Texts = id, map[string]notice.Text{"en": p.Texts["en"]}
		all[id] = p
	}
	return notice.New(all, notice.Options{})
}

func among(all ...string) func(string) bool {
	return func(one string) bool {
		for _, allowed := range all {
			if one == allowed {
				return true
			}
		}
		return false
	}
}

// at is called whenever the core is about to ask something of what is around it:
// the clock, the sealer's clock, the store, the vendor.
func (c *core) at(moment string) {
	if f := c.moment.Load(); f != nil {
		(*f)(moment)
	}
}

// onMoment runs f once, at the n-th moment of this name from now on.
func (c *core) onMoment(name string, n int, f func()) {
	var mu sync.Mutex
	look := func(moment string) {
		mu.Lock()
		defer mu.Unlock()
		if moment != name {
			return
		}
		if n--; n == 0 {
			f()
		}
	}
	c.moment.Store(&look)
}

// told is the clock, of which each reading is a moment.
func (c *core) told(moment string) func() time.Time {
	return func() time.Time {
		c.at(moment)
		return c.clock.Now()
	}
}

var keys atomic.Int64

// decision is a new decision of a visitor at shop.
func (c *core) decision(t *testing.T, change ...func(*wire.Decision)) *wire.SessionRequest {
	t.Helper()
	shown, err := c.View(t.Context(), shop, opening, "", "", page)
	require.NoError(t, err)
	d := wire.Decision{
		Sitekey: shop, Purpose: opening, Presentation: shown.Presentation, NoticeSHA256: shown.Notice.Ref.SHA256,
		IdempotencyKey: fmt.Sprintf("idempotency-key-%d", keys.Add(1)), Subject: "customer",
	}
	for _, f := range change {
		f(&d)
	}
	return &wire.SessionRequest{Decision: d}
}

// begin is a session of a new consent.
func (c *core) begin(t *testing.T) *wire.SessionReply {
	t.Helper()
	begun, err := c.Begin(t.Context(), c.decision(t), page)
	require.NoError(t, err)
	return begun
}

func (c *core) reload(t *testing.T, session string) (wire.CaptchaReply, error) {
	return c.Reload(t.Context(), &wire.CaptchaRequest{Session: session}, page)
}

func (c *core) answer(t *testing.T, session string) (wire.AnswerReply, error) {
	return c.Answer(t.Context(), &wire.AnswerRequest{Session: session, Answer: "x7Kp2"}, page)
}

// token is one that can be redeemed, and the consent behind it.
func (c *core) token(t *testing.T) (token string, given wire.Consent) {
	t.Helper()
	begun := c.begin(t)
	reply, err := c.answer(t, begun.Session)
	require.NoError(t, err)
	return reply.Token, begun.Consent
}

// withdraw ends a consent by way of another relay: when it returns, the withdrawal
// is acknowledged.
func (c *core) withdraw(t *testing.T, id string) {
	t.Helper()
	_, err := c.other.Withdraw(t.Context(), consent.Withdrawal{ID: id, Via: consent.ViaReceipt})
	require.NoError(t, err)
}

// kinds are the events of a consent, oldest first.
func (c *core) kinds(t *testing.T, id string) (kinds []consent.Kind) {
	t.Helper()
	record, err := c.other.Record(t.Context(), id)
	require.NoError(t, err)
	for _, e := range record.Events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// decided is how many decisions were recorded.
func (c *core) decided(t *testing.T) (n int) {
	t.Helper()
	require.NoError(t, c.other.Each(t.Context(), storetest.Start.Add(-24*time.Hour), storetest.Start.Add(240*time.Hour), func(consent.Record) error {
		n++
		return nil
	}))
	return n
}

// refusal is err as the core's refusal, nil if there is none.
func refusal(t *testing.T, err error) *connect.Error {
	t.Helper()
	if err == nil {
		return nil
	}
	var refused *connect.Error
	require.True(t, errors.As(err, &refused), "%v", err)
	return refused
}

// codeOf is the code of a refusal, empty if there is none.
func codeOf(t *testing.T, err error) wire.Code {
	t.Helper()
	if refused := refusal(t, err); refused != nil {
		return refused.Code
	}
	return ""
}

// requireRefusal checks that err is a refusal with this code, which names this
// consent; nil for none.
func requireRefusal(t *testing.T, code wire.Code, given *wire.Consent, err error) {
	t.Helper()
	refused := refusal(t, err)
	require.NotNil(t, refused, "it was not refused")
	require.Equal(t, code, refused.Code, "%v", err)
	require.Equal(t, given, refused.Consent, "%v", err)
}
