package httpapi_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/server/internal/pace"
	"ekycconnect/wasm/wire"
)

// ledgered is a store that no other relay writes to, on the relay's clock.
type ledgered struct {
	clock *apitest.Clock
	day   []pace.Entry
	down  bool
	told  chan []pace.Entry // nil: nobody asks for corrections
}

func (s *ledgered) Now() (at time.Time, behind time.Duration) {
	if s.told != nil { // what is told soon is told by a clock that runs
		return time.Now(), 0
	}
	return s.clock.Now(), 0
}

func (s *ledgered) Terms() (terms pace.Terms) {
	if s.told != nil {
		terms.Soon = time.Millisecond // as where others read them
	}
	return terms
}

func (s *ledgered) Turn(_ context.Context, decide func(pace.News) pace.Decision) error {
	if s.down {
		return errors.New("the database is away")
	}
	d := decide(pace.News{All: s.day != nil, Entries: s.day})
	s.day = nil
	if s.told != nil {
		s.told <- d.Entries
	}
	return nil
}

// spending has accounts of a relay spend an allowance, and their sites a part of its day.
func spending(t *testing.T, r *apitest.Relay, store *ledgered, perDay int, accounts ...string) {
	store.clock = r.Clock
	line, err := pace.New(pace.Plans["enterprise"], store, pace.Options{PerDay: map[string]int{apitest.Shop: perDay, apitest.Down: perDay}})
	require.NoError(t, err)
	t.Cleanup(line.Close)
	for _, account := range accounts {
		r.Core.Accounts[account] = connect.NewAccount(r.Client(t, account), line)
	}
}

func TestWithoutTheSharedAllowanceNothingIsRecordedAndNothingSent(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	spending(t, r, &ledgered{down: true}, 0, "pass")
	p := r.Agree(t, apitest.With(r.Decision(t, apitest.Shop), M{"subject": "s"})).Problem(t)
	require.Equal(t, wire.StoreUnavailable, p.Code)
	require.Positive(t, p.RetryAfter)
	require.Zero(t, r.Entries(t, apitest.Shop, "s"))
	require.Zero(t, r.Vendor.Stats().Connect)
}

// What a relay keeps free is for consents whose calls it knows, until it hears that no
// more will come.
func TestTheLineKnowsWhichConsentEachCallIsOfAndWhenItEnds(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	store := &ledgered{told: make(chan []pace.Entry, 10_000)}
	spending(t, r, store, 0, "pass")
	sent := r.OTPSent(t, apitest.Shop)
	require.Equal(t, 200, r.VerifyOTP(t, apitest.Shop, sent.Verification, nil).Status)
	begun := r.Begin(t, r.Decision(t, apitest.Shop))
	require.Equal(t, 200, r.Do(t, apitest.Call{Path: "/v1/captchas", Origin: apitest.ShopOrigin, JSON: M{"session": begun.Session}}).Status)
	require.Equal(t, 200, withdraw(t, r, apitest.Shop, begun.Consent.ID).Status)
	byReceipt := r.Begin(t, r.Decision(t, apitest.Shop))
	require.NoError(t, r.Core.WithdrawByReceipt(t.Context(), byReceipt.Consent.ReceiptURL[strings.LastIndex(byReceipt.Consent.ReceiptURL, "/")+1:]))

	want := map[string][]pace.Kind{
		sent.Consent.ID:      {pace.Connect, pace.GenerateOTP, pace.VerifyOTP, pace.End},
		begun.Consent.ID:     {pace.Connect, pace.Reload, pace.End},
		byReceipt.Consent.ID: {pace.Connect, pace.End},
	}
	kinds, told := map[string][]pace.Kind{}, map[int64]pace.Kind{} // a connect is told its consent later
	for !maps.EqualFunc(want, kinds, slices.Equal) {
		var entries []pace.Entry
		select {
		case entries = <-store.told:
		case <-time.After(time.Minute):
			require.Equal(t, want, kinds)
		}
		for _, e := range entries {
			switch {
			case e.Was == 0:
				told[e.At] = e.Kind
			case e.Kind == pace.End:
			default:
				told[e.At] = told[e.Was]
				if e.Consent == "" {
					continue
				}
				e.Kind = told[e.Was]
			}
			if e.Consent != "" {
				kinds[e.Consent] = append(kinds[e.Consent], e.Kind)
			}
		}
	}
}
