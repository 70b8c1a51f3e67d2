// Package app puts a relay together from its configuration and runs it.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"ekycconnect/server/internal/certfile"
	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/hosted"
	"ekycconnect/server/internal/httpapi"
	"ekycconnect/server/internal/limit"
	"ekycconnect/server/internal/notice"
	"ekycconnect/server/internal/pace"
	"ekycconnect/server/internal/receiptpage"
	"ekycconnect/server/internal/seal"
	"ekycconnect/server/internal/webhook"
)

// Relay is a relay with all its parts. They start in this order:
//
//  1. what is read once and held in memory: the certificate, the material of pages, the keys
//  2. the ledgers on their store: the one that serves, and the one that erases
//  3. the vendor's accounts, which read in the ledger what was spent of the day
//  4. the notices that can be shown from now on, which the ledger keeps
//  5. the core, and the routes over it
//  6. what works beside the requests: webhooks, copies of checkpoints, erasure by age, renewal of the certificate
//  7. the two listeners
//
// [New] does 1 to 5, [Relay.Run] the rest. They stop in the opposite order: when its
// context ends, Run lets requests finish and then ends what works beside them;
// [Relay.Close] ends the accounts and commits what the ledgers have under way.
type Relay struct {
	Ledger *consent.Ledger // that serves
	Eraser *consent.Ledger // often the same; nil if this relay may not erase
	Core   *connect.Service
	API    *httpapi.API // over Core; [Relay.Renew] puts others in the place of both

	config  *config.Config
	keys    config.Keys
	log     *slog.Logger
	options options
	metrics *httpapi.Metrics

	cert     *certfile.Files // nil: plain http
	material *Material
	webhooks *webhook.Worker
	store    consent.Store // of Ledger

	lines map[string]*pace.Line // by account; none in a sandbox that is not paced

	renewing sync.Mutex                 // one renewal at a time
	now      atomic.Pointer[generation] // what requests are served by

	closers []func() error // of what has started, in that order
}

// New starts everything but the listeners. What fails here fails before anything is
// served, and says what to do. What cannot be reached for the moment, the database or
// the lock of the data directory, is tried again for a minute.
func New(ctx context.Context, c *config.Config, keys config.Keys, log *slog.Logger, opts ...Option) (*Relay, error) {
	o := options{clock: time.Now, patience: time.Minute, level: new(slog.LevelVar)}
	for _, option := range opts {
		option(&o)
	}
	return patiently(ctx, o.patience, log, func() (*Relay, error) { return start(ctx, c, keys, log, o) })
}

// start is New without patience.
func start(ctx context.Context, c *config.Config, keys config.Keys, log *slog.Logger, o options) (*Relay, error) {
	r := &Relay{config: c, keys: keys, log: log, options: o, metrics: httpapi.NewMetrics()}
	for _, start := range []func(context.Context) error{r.read, r.openLedgers, r.openAccounts, r.keepNotices, r.route} {
		if err := start(ctx); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	return r, nil
}

// Close commits what is under way and closes the store.
func (r *Relay) Close() error {
	var all error
	for _, end := range slices.Backward(r.closers) {
		all = errors.Join(all, end())
	}
	r.closers = nil
	return all
}

// read makes what needs no store.
func (r *Relay) read(context.Context) (err error) {
	c := r.config
	if c.TLS.CertFile != "" {
		if r.cert, err = certfile.Open(c.TLS.CertFile, c.TLS.KeyFile, r.log); err != nil {
			return err
		}
		r.metrics.Certificate(r.cert.NotAfter)
	}
	if r.material = r.options.material; r.material == nil {
		if r.material, err = NewMaterial(c); err != nil {
			return err
		}
	}
	sealer, err := seal.New(ring(r.keys), r.options.clock)
	if err != nil {
		return err
	}
	receipts, err := connect.NewReceipts(r.keys.Receipt.Bytes(), c.PublicURL)
	if err != nil {
		return err
	}
	r.Core = connect.New(connect.Service{
		Notices: r.material.Notices, Sealer: sealer, Receipts: receipts, Lifetimes: connect.Lifetimes(c.Lifetimes), Limits: limits(c.Limits),
		Clock: r.options.clock, Log: r.log, Watch: r.metrics,
	})
	r.webhooks, err = newWebhooks(c, r.options.clock, r.log, r.metrics)
	return err
}

func ring(keys config.Keys) []seal.MasterKey {
	ring := make([]seal.MasterKey, len(keys.Seal))
	for i, key := range keys.Seal {
		ring[i] = seal.MasterKey{ID: key.Kid, Key: key.Key.Bytes()}
	}
	return ring
}

func limits(l config.Limits) connect.Limits {
	return connect.Limits{
		View: limit.New(l.View), Sessions: limit.New(l.Sessions), Declines: limit.New(l.Declines),
		Captchas: limit.New(l.Captchas), Answers: limit.New(l.Answers), WrongSecrets: limit.New(l.WrongSecrets),
	}
}

// keepNotices has the ledger keep every notice that can be shown from now on. A log that
// is behind what was seen of it does not stop the start: nothing can be recorded then,
// and readiness says why.
func (r *Relay) keepNotices(ctx context.Context) error {
	if err := r.keep(ctx, r.material.Notices); err != nil && !errors.Is(err, consent.ErrLog) {
		return err
	}
	return nil
}

// keep has the ledger keep every notice of a catalogue, all in a few transactions.
func (r *Relay) keep(ctx context.Context, notices *notice.Catalogue) error {
	var all errgroup.Group
	for n := range notices.All() {
		all.Go(func() error {
			if err := r.Ledger.PutNotice(ctx, n.Ref.SHA256, n.Bytes); err != nil {
				return fmt.Errorf("keep notice %s: %w", n.Ref.ID, err)
			}
			return nil
		})
	}
	return all.Wait()
}

// degraded says in words what limps although requests are served.
func (r *Relay) degraded() []string {
	causes := r.Core.Degraded()
	if by := r.Ledger.ClockAhead(); by > 0 {
		causes = append(causes, fmt.Sprintf("clock: the newest record's time is %v ahead of this machine's clock, or was a short while ago: see that every relay's clock is right (NTP)", by.Round(time.Second)))
	}
	return causes
}

// route puts the routes over the core.
func (r *Relay) route(context.Context) error {
	c, m := r.config, r.material
	public, err := url.Parse(c.PublicURL)
	if err != nil {
		return fmt.Errorf("public_url does not parse: %w", err)
	}
	parts := httpapi.API{
		Core: r.Core, Assets: m.Assets, PublicURL: public, Metrics: r.metrics, Log: r.log, Level: r.options.level,
		Receipts:       receiptpage.New(r.Core, m.Words, public, c.Sandbox),
		Hosted:         hosted.New(r.Core, m.Words, public, m.Version, c.Sandbox),
		TrustedProxies: c.TrustedProxies, LogHidden: !c.Log.Public, Degraded: r.degraded,
	}
	if r.options.demo {
		if parts.Demo, err = newDemo(c, r.log); err != nil {
			return err
		}
	}
	r.API = httpapi.New(parts)
	r.API.MeasureReady()
	r.now.Store(&generation{config: c, material: m, api: r.API, handler: r.API.Handler(), admin: r.API.AdminHandler()})
	return nil
}
