package app

import (
	"context"
	"maps"
	"slices"
	"time"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/deepvue/sandbox"
	"ekycconnect/server/internal/pace"
)

// openAccounts makes the sites, and a client and a line for each vendor account.
func (r *Relay) openAccounts(ctx context.Context) error {
	spent := newSpending(ctx, r.config, r.store, r.Ledger, r.options.clock)
	r.Core.Sites, r.Core.Calls, r.Core.Accounts = connect.NewSites(sites(r.config)), spent.consents(), map[string]*connect.Account{}
	r.lines = map[string]*pace.Line{}
	for _, name := range slices.Sorted(maps.Keys(r.config.Accounts)) {
		account := r.config.Accounts[name]
		client, err := r.openClient(name, account)
		if err != nil {
			return err
		}
		line, err := spent.line(ctx, name)
		if err != nil {
			return err
		}
		if line != nil {
			r.lines[name] = line
			r.closers = append(r.closers, func() error { line.Close(); return nil })
		}
		r.Core.Accounts[name] = connect.NewAccount(client, line)
		r.Core.Accounts[name].OTPByPartner, r.Core.Accounts[name].OTPDeadline = account.OTP == config.OTPByPartner, account.OTPDeadline
	}
	r.metrics.Accounts(r.Core.Accounts)
	for _, site := range r.config.Sites {
		r.metrics.Site(site.Sitekey)
	}
	return nil
}

func (r *Relay) openClient(name string, account config.Account) (*deepvue.Client, error) {
	options := []deepvue.Option{deepvue.Deadline(account.Deadline), deepvue.OTPDeadline(account.OTPDeadline)}
	if r.config.Sandbox {
		options = append(options, deepvue.Trace(sandbox.TraceHeader))
	}
	client, err := deepvue.New(deepvue.Account{
		Name: name, URL: account.URL, ClientID: account.ClientID, ClientSecret: account.ClientSecret,
	}, append(options, r.options.vendor...)...)
	if err == nil {
		r.closers = append(r.closers, func() error { client.Close(); return nil })
	}
	return client, err
}

func sites(c *config.Config) []*connect.Site {
	sites := make([]*connect.Site, len(c.Sites))
	for i := range c.Sites {
		site := &c.Sites[i]
		sites[i] = &connect.Site{
			Name: site.Name, Sitekey: site.Sitekey, Account: site.Account, Purposes: site.Purposes,
			RequireTicket: site.RequireTicket, AllowsOrigin: site.AllowsOrigin, AllowsReturn: site.AllowsReturn, AppSchemes: site.Schemes(), AllowsBackEnd: site.AllowsBackEnd,
		}
		for _, hash := range site.Secrets {
			sites[i].Secrets = append(sites[i].Secrets, hash)
		}
		if site.TokensExpired {
			sites[i].TokenLife = -time.Hour
		}
	}
	return sites
}
