package httpapi_test

import (
	"context"
	"errors"
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
}

func (s *ledgered) Now() time.Time { return s.clock.Now() }

func (s *ledgered) Terms() pace.Terms { return pace.Terms{} }

func (s *ledgered) Turn(_ context.Context, decide func(pace.News) pace.Decision) error {
	if s.down {
		return errors.New("the database is away")
	}
	decide(pace.News{All: s.day != nil, Entries: s.day})
	s.day = nil
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
