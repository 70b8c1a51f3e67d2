package httpapi_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/server/internal/pace"
	"ekycconnect/wasm/wire"
)

// shelf is a book that no other relay writes in.
type shelf struct {
	down bool
	seen []pace.Entry
}

func (s *shelf) Now() time.Time { return time.Now() }

func (s *shelf) Turn(_ context.Context, f func(pace.Page) pace.Note) error {
	if s.down {
		return errors.New("the database is away")
	}
	s.seen = append(s.seen, f(pace.Page{}).Entries...)
	return nil
}

// sharing has a relay spend the allowance of one of several.
func sharing(t *testing.T, r *apitest.Relay, book *shelf) {
	line, err := pace.New(pace.Plans["enterprise"], nil, pace.Options{Book: book, PerDay: map[string]int{apitest.Shop: 2}})
	require.NoError(t, err)
	t.Cleanup(line.Close)
	r.Core.Accounts["pass"] = connect.NewAccount(r.Client(t, "pass"), line)
}

func TestWithoutTheSharedAllowanceNothingIsRecordedAndNothingSent(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	sharing(t, r, &shelf{down: true})
	p := r.Agree(t, apitest.With(r.Decision(t, apitest.Shop), M{"subject": "s"})).Problem(t)
	require.Equal(t, wire.StoreUnavailable, p.Code)
	require.Positive(t, p.RetryAfter)
	require.Zero(t, r.Entries(t, apitest.Shop, "s"))
	require.Zero(t, r.Vendor.Stats().Connect)
}

func TestASitesDayIsBoundedForAllRelaysByTheirLine(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	book := &shelf{}
	sharing(t, r, book)
	for range 2 {
		r.Begin(t, r.Decision(t, apitest.Shop))
	}
	p := r.Agree(t, apitest.With(r.Decision(t, apitest.Shop), M{"subject": "late"})).Problem(t)
	require.Equal(t, wire.RateLimited, p.Code)
	require.InDelta(t, 86400, p.RetryAfter, 10)
	require.Zero(t, r.Entries(t, apitest.Shop, "late"))
	require.Contains(t, scrape(r), `ekyc_limited_total{limit="site_day"} 1`)
	require.Equal(t, 201, r.Agree(t, r.Decision(t, apitest.Bank)).Status, "another site has its own day")
}

// tally counts calls of consents as another relay would see them.
type tally struct {
	asked int
	err   error
}

func (c *tally) Take(_ context.Context, _ string, most int) (bool, error) {
	c.asked++
	return c.asked < most, c.err
}

func TestAConsentsCallsAreAskedForWhereRelaysShareTheLedger(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	calls := &tally{}
	r.Core.Calls = calls
	begun := r.Begin(t, r.Decision(t, apitest.Shop))
	require.Zero(t, calls.asked, "nobody else knows of the consent yet")
	reload := apitest.Call{Path: "/v1/captchas", Origin: apitest.ShopOrigin, JSON: M{"session": begun.Session}}
	calls.asked = 8 // by other relays
	require.Equal(t, http.StatusOK, r.Do(t, reload).Status)
	p := r.Do(t, reload).Problem(t)
	require.Equal(t, wire.RateLimited, p.Code)
	require.Equal(t, begun.Consent.ID, p.Consent.ID)
	require.Equal(t, 1, r.Vendor.Stats().ReloadCaptcha)

	calls.err = errors.Join(errors.New("the database is away"), consent.ErrUnavailable)
	p = r.Do(t, reload).Problem(t)
	require.Equal(t, wire.StoreUnavailable, p.Code)
	require.Equal(t, 1, r.Vendor.Stats().ReloadCaptcha)
}
