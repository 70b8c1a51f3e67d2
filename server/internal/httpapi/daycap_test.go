package httpapi_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/server/internal/pace"
	"ekycconnect/wasm/wire"
)

func capped(t *testing.T, most int, calls ...time.Time) *apitest.Relay {
	r, store := apitest.New(t), &ledgered{}
	for _, at := range calls {
		store.day = append(store.day, pace.Entry{At: at.UnixMicro(), Site: apitest.Shop, Kind: pace.Connect})
	}
	spending(t, r, store, most, "pass", "down")
	return r
}

func TestASiteBeginsAsManyVerificationsADayAsItMay(t *testing.T) {
	r := capped(t, 2)
	begun := r.Begin(t, r.Decision(t, apitest.Shop))
	r.Clock.Add(time.Minute)
	reload := apitest.Call{Path: "/v1/captchas", Origin: apitest.ShopOrigin, JSON: M{"session": begun.Session}}
	require.Equal(t, 200, r.Do(t, reload).Status)
	r.Begin(t, r.Decision(t, apitest.Shop))
	calls := r.Vendor.Stats()

	p := r.Agree(t, apitest.With(r.Decision(t, apitest.Shop), M{"subject": "late"})).Problem(t)
	require.Equal(t, wire.RateLimited, p.Code)
	require.InDelta(t, (24*time.Hour - time.Minute).Seconds(), p.RetryAfter, 1)
	require.Nil(t, p.Consent)
	require.Zero(t, r.Entries(t, apitest.Shop, "late"), "what is refused before admission writes nothing")
	require.Equal(t, calls, r.Vendor.Stats())
	require.Contains(t, scrape(r), `ekyc_limited_total{limit="site_day",site="pk_shop"} 1`)

	require.Equal(t, 200, r.Do(t, reload).Status, "who has begun may go on")
	require.Equal(t, 201, r.Agree(t, r.Decision(t, apitest.Bank)).Status, "another site has its own day")
	require.Equal(t, 201, r.Do(t, apitest.Call{Path: "/v1/declines", Origin: apitest.ShopOrigin, JSON: r.Decision(t, apitest.Shop)}).Status, "a refusal costs nothing")
	r.Clock.Add(24*time.Hour - time.Minute + time.Second)
	require.Equal(t, 201, r.Agree(t, r.Decision(t, apitest.Shop)).Status)
	require.Equal(t, wire.RateLimited, r.Agree(t, r.Decision(t, apitest.Shop)).Problem(t).Code, "the window slides")
}

func TestRepeatsBeginNothingAndWhatIsNotCalledNeitherDoes(t *testing.T) {
	r := capped(t, 2)
	decision := r.Decision(t, apitest.Down)
	for _, want := range []int{3, 6} { // three tries each
		require.Equal(t, wire.VendorUnavailable, r.Agree(t, decision).Problem(t).Code)
		require.Equal(t, want, r.Vendor.Stats().Connect)
		r.Clock.Add(time.Minute) // the breaker lets somebody try
	}

	r = capped(t, 1)
	r.Store.Fail(stepOf("commit"))
	require.Equal(t, wire.StoreUnavailable, r.Agree(t, r.Decision(t, apitest.Shop)).Problem(t).Code)
	require.Equal(t, 201, r.Agree(t, r.Decision(t, apitest.Shop)).Status, "a slot that was not used is given back")
}

func TestTheSitesDaySurvivesARestart(t *testing.T) {
	t.Parallel()
	r := capped(t, 2, apitest.Start.Add(-25*time.Hour), apitest.Start.Add(-23*time.Hour), apitest.Start.Add(-time.Hour))
	p := r.Agree(t, r.Decision(t, apitest.Shop)).Problem(t)
	require.Equal(t, wire.RateLimited, p.Code)
	require.InDelta(t, 3600, p.RetryAfter, 1)
}
