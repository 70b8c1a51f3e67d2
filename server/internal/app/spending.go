package app

import (
	"context"
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
	shared *postgres.Store                     // nil: nobody else has this ledger
	calls  func() ([]consent.SpentCall, error) // of the last day; read once
}

func newSpending(ctx context.Context, c *config.Config, store consent.Store, ledger *consent.Ledger, clock func() time.Time) *spending {
	shared, _ := store.(*postgres.Store)
	return &spending{config: c, shared: shared, calls: sync.OnceValues(func() ([]consent.SpentCall, error) {
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
	store, err := s.store(ctx, account)
	if err != nil {
		return nil, err
	}
	options := pace.Options{
		UnticketedShare: float64(a.UnticketedShare), PerDay: perDay(s.config),
		Share: float64(a.Share), WithoutOTP: a.OTP == config.OTPByPartner,
	}
	return pace.New(a.Allowance, store, options)
}

// perDay is the most that single sites may begin in a day.
func perDay(c *config.Config) map[string]int {
	caps := map[string]int{}
	for _, site := range c.Sites {
		caps[site.Sitekey] = site.CapPerDay
	}
	return caps
}

// store is where the account's calls are written down.
func (s *spending) store(ctx context.Context, account string) (pace.Store, error) {
	if s.shared != nil {
		return allowance.Open(ctx, s.shared, account, func() ([]pace.Entry, error) { return s.callsOf(account) })
	}
	day, err := s.callsOf(account)
	return pace.NewMemory(day), err
}

// callsOf are the calls of an account.
func (s *spending) callsOf(account string) (entries []pace.Entry, err error) {
	calls, err := s.calls()
	for _, call := range calls {
		site, known := s.config.Site(call.Site)
		if !known || site.Account != account {
			continue
		}
		e := pace.Entry{At: call.At.UnixMicro(), Site: call.Site, Kind: pace.Kind(call.Endpoint), Consent: call.Consent}
		entries = append(entries, e)
		if e.Kind == pace.VerifyOTP && call.Result == "ok" {
			entries = append(entries, pace.Entry{At: e.At, Was: e.At, Kind: pace.End, Consent: e.Consent})
		}
	}
	return entries, err
}

// consents counts the calls of each consent where other relays make some, too.
func (s *spending) consents() connect.Calls {
	if s.shared == nil {
		return nil
	}
	return allowance.NewCalls(s.shared)
}
