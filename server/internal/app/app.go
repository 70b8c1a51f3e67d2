package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"ekycconnect/server/internal/certfile"
	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/deepvue/sandbox"
	"ekycconnect/server/internal/hosted"
	"ekycconnect/server/internal/httpapi"
	"ekycconnect/server/internal/limit"
	"ekycconnect/server/internal/notice"
	"ekycconnect/server/internal/pace"
	"ekycconnect/server/internal/receiptpage"
	"ekycconnect/server/internal/seal"
	"ekycconnect/server/internal/webhook"
	"ekycconnect/web"
)

// relay is everything behind the two listeners.
type relay struct {
	api     *httpapi.API
	ledger  *consent.Ledger
	eraser  *consent.Ledger // often the same; nil if this relay may not erase
	webhook *webhook.Worker
	copies  *webhook.Copies // of the log's checkpoints; nil if nobody keeps them
	// copyEvery is how often a copy is sent at most.
	copyEvery time.Duration
	keep      config.Retention
	clients   []*deepvue.Client
	lines     []*pace.Line

	cert        *certfile.Files // nil: plain http
	connections config.Connections
}

// newRelay puts the parts together. What fails here fails before anything is
// served, and says what to do.
func newRelay(ctx context.Context, c *config.Config, keys config.Keys, demo http.Handler, log *slog.Logger) (*relay, error) {
	assets, err := web.Load()
	if err != nil {
		return nil, err
	}
	public, err := url.Parse(c.PublicURL)
	if err != nil {
		return nil, fmt.Errorf("public_url does not parse: %w", err)
	}
	var cert *certfile.Files
	if c.TLS.CertFile != "" {
		if cert, err = certfile.Open(c.TLS.CertFile, c.TLS.KeyFile, log); err != nil {
			return nil, err
		}
	}
	notices, err := notice.New(c.Purposes, notice.Options{AllowDrafts: c.AllowDrafts, Test: c.Sandbox})
	if err != nil {
		return nil, err
	}
	words, err := notice.NewWords(c.AllowDrafts)
	if err != nil {
		return nil, err
	}
	sealer, err := seal.New(ring(keys), time.Now)
	if err != nil {
		return nil, err
	}
	receipts, err := connect.NewReceipts(keys.Receipt.Bytes(), c.PublicURL)
	if err != nil {
		return nil, err
	}
	metrics := httpapi.NewMetrics()
	hooks, err := newWebhook(c, metrics, log)
	if err != nil {
		return nil, err
	}
	store, err := openStore(ctx, c)
	if err != nil {
		return nil, err
	}
	ledger, err := consent.New(store, ledgerKeys(keys), time.Now, log,
		consent.WithValidity(c.Lifetimes.Session), consent.WithLog(logOptions(c)), consent.WithCommits(metrics.Commit),
		consent.WithOutbox(hooks.Wants, hooks.Notify))
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	eraser, err := newEraser(ctx, c, keys, hooks, ledger, log)
	if err != nil {
		return nil, errors.Join(err, ledger.Close())
	}
	r := &relay{ledger: ledger, eraser: eraser, webhook: hooks, keep: c.Retention, cert: cert, connections: c.Connections}
	if c.Log.CopyTo != "" {
		r.copies = webhook.NewCopies(c.Log.CopyTo, c.Log.CopyPrivate, ledger.Checkpoint, log)
		r.copyEvery = max(c.Log.PublishEvery, time.Second)
	}
	metrics.Messages(func() (waiting, givenUp int, err error) { return ledger.MessageCount(context.Background()) })
	spent := newSpending(ctx, c, store, ledger)
	sites, err := sites(c, spent)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	core := &connect.Service{
		Sites: connect.NewSites(sites), Ledger: ledger, Accounts: map[string]*connect.Account{},
		Notices: notices, Sealer: sealer, Receipts: receipts, Lifetimes: connect.Lifetimes(c.Lifetimes), Limits: limits(c.Limits), Calls: spent.consents(),
		Clock: time.Now, Log: log, Watch: metrics,
	}
	if err := r.open(ctx, c, core, spent); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	metrics.Accounts(core.Accounts)
	r.api = &httpapi.API{
		Core: core, Receipts: receiptpage.New(core, words, public, c.Sandbox),
		Hosted: hosted.New(core, words, public, assets.Version(), c.Sandbox), Assets: assets, PublicURL: public, Demo: demo, LogHidden: !c.Log.Public, Metrics: metrics, Log: log, Degraded: core.Degraded,
		TrustedProxies: c.TrustedProxies,
	}
	return r, nil
}

// open makes a client for each vendor account and keeps every notice that can
// be shown from now on.
func (r *relay) open(ctx context.Context, c *config.Config, core *connect.Service, spent *spending) error {
	for _, name := range slices.Sorted(maps.Keys(c.Accounts)) {
		account := c.Accounts[name]
		options := []deepvue.Option{deepvue.Deadline(account.Deadline)}
		if c.Sandbox {
			options = append(options, deepvue.Trace(sandbox.TraceHeader))
		}
		client, err := deepvue.New(deepvue.Account{
			Name: name, URL: account.URL, ClientID: account.ClientID, ClientSecret: account.ClientSecret,
		}, options...)
		if err != nil {
			return err
		}
		r.clients = append(r.clients, client)
		line, err := spent.line(ctx, name)
		if err != nil {
			return err
		}
		if line != nil {
			r.lines = append(r.lines, line)
		}
		core.Accounts[name] = connect.NewAccount(client, line)
	}
	for n := range core.Notices.All() {
		err := r.ledger.PutNotice(ctx, n.Ref.SHA256, n.Bytes)
		if errors.Is(err, consent.ErrLog) { // nothing can be recorded; readiness says why
			break
		}
		if err != nil {
			return fmt.Errorf("keep notice %s: %w", n.Ref.ID, err)
		}
	}
	return nil
}

// Close commits what is under way and closes the store.
func (r *relay) Close() error {
	for _, client := range r.clients {
		client.Close()
	}
	for _, line := range r.lines {
		line.Close()
	}
	var err error
	if r.eraser != nil && r.eraser != r.ledger {
		err = r.eraser.Close()
	}
	return errors.Join(err, r.ledger.Close())
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

func sites(c *config.Config, spent *spending) ([]*connect.Site, error) {
	sites := make([]*connect.Site, len(c.Sites))
	for i := range c.Sites {
		site := &c.Sites[i]
		sites[i] = &connect.Site{
			Name: site.Name, Sitekey: site.Sitekey, Account: site.Account, Purposes: site.Purposes,
			RequireTicket: site.RequireTicket, AllowsOrigin: site.AllowsOrigin, AllowsReturn: site.AllowsReturn,
		}
		for _, hash := range site.Secrets {
			sites[i].Secrets = append(sites[i].Secrets, hash)
		}
		var err error
		if sites[i].Day, err = spent.dayOf(site); err != nil {
			return nil, err
		}
		if site.TokensExpired {
			sites[i].TokenLife = -time.Hour
		}
	}
	return sites, nil
}
