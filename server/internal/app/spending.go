package app

import (
	"context"
	"slices"
	"sync"
	"time"

	"ekycconnect/server/internal/allowance"
	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/postgres"
	"ekycconnect/server/internal/pace"
)

// spending is what bounds vendor calls: of this relay alone, counted from its
// ledger, or of all relays that share a database, counted there.
type spending struct {
	config *config.Config
	shared *postgres.Store                        // nil: nobody else has this ledger
	calls  func() (map[string][]time.Time, error) // of the last day by site; read once
}

func newSpending(ctx context.Context, c *config.Config, store consent.Store, ledger *consent.Ledger, clock func() time.Time) *spending {
	shared, _ := store.(*postgres.Store)
	return &spending{config: c, shared: shared, calls: sync.OnceValues(func() (map[string][]time.Time, error) {
		return ledger.CallsSince(ctx, clock().Add(-24*time.Hour))
	})}
}

// line is the line before a vendor account, with what its sites have spent of the
// day; nil in a sandbox that is not paced.
func (s *spending) line(ctx context.Context, account string) (*pace.Line, error) {
	a := s.config.Accounts[account]
	if a.Allowance == (pace.Plan{}) {
		return nil, nil
	}
	options := pace.Options{UnticketedShare: float64(a.UnticketedShare)}
	if s.shared == nil {
		calls, err := s.callsOf(account)
		if err != nil {
			return nil, err
		}
		var sent []time.Time
		for _, times := range calls {
			sent = append(sent, times...)
		}
		slices.SortFunc(sent, time.Time.Compare)
		return pace.New(a.Allowance, sent, options)
	}
	book, err := allowance.Open(ctx, s.shared, account, func() (map[string][]time.Time, error) { return s.callsOf(account) })
	if err != nil {
		return nil, err
	}
	options.Book, options.PerDay = book, map[string]int{}
	for _, site := range s.config.Sites {
		options.PerDay[site.Sitekey] = site.CapPerDay
	}
	return pace.New(a.Allowance, nil, options)
}

// callsOf are the calls of an account by site.
func (s *spending) callsOf(account string) (map[string][]time.Time, error) {
	all, err := s.calls()
	if err != nil {
		return nil, err
	}
	calls := map[string][]time.Time{}
	for _, site := range s.config.Sites {
		if times := all[site.Sitekey]; site.Account == account && len(times) > 0 {
			calls[site.Sitekey] = times
		}
	}
	return calls, nil
}

// dayOf is the bound on a site's day; with a shared database, its line has it.
func (s *spending) dayOf(site *config.Site) (*connect.DayCap, error) {
	if site.CapPerDay == 0 || s.shared != nil {
		return nil, nil
	}
	calls, err := s.calls()
	return connect.NewDayCap(site.CapPerDay, calls[site.Sitekey]), err
}

// consents counts the calls of each consent where other relays make some, too.
func (s *spending) consents() connect.Calls {
	if s.shared == nil {
		return nil
	}
	return allowance.NewCalls(s.shared)
}
