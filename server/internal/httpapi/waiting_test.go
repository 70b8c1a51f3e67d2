package httpapi_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/deepvue/script"
	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/server/internal/limit"
	"ekycconnect/server/internal/pace"
)

// A consent has one vendor call at a time. Whoever asks for more pictures of one
// meanwhile waits outside the line: a slot that is held there is one that
// others miss.
func TestWhoWaitsForItsOwnConsentHoldsNoSlot(t *testing.T) {
	t.Parallel()
	const site = "pk_waiting"
	r := apitest.New(t, apitest.WithSite(site))
	asked, release := make(chan struct{}), make(chan struct{})
	good := script.Say(200, script.Good())
	vendor := script.NewVendor(t, func(w http.ResponseWriter, q *http.Request, call int) {
		if call == 2 {
			close(asked)
			<-release
		}
		good(w, q, call)
	})
	free := sync.OnceFunc(func() { close(release) })
	defer free()
	line, err := pace.New(pace.Plan{PerSecond: 10, PerMinute: 4, PerDay: 100}, pace.NewMemory(nil), pace.Options{})
	require.NoError(t, err)
	vendorAt(t, r, site, vendor.URL, line)
	const flood = 6
	r.Core.Limits.Captchas = limit.New(flood)

	begun := r.Begin(t, r.Decision(t, site))
	picture := apitest.Call{Path: "/v1/captchas", Origin: apitest.ShopOrigin, JSON: M{"session": begun.Session}}
	ctx, leave := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range flood {
		all.Go(func() { _ = r.Send(ctx, picture) })
	}
	<-asked
	require.Eventually(t, func() bool { // all of them are past the limit by address
		soon, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		return r.Send(soon, picture) == nil // only a refusal comes soon
	}, 10*time.Second, time.Millisecond)

	other := r.Begin(t, r.Decision(t, site))
	require.NotEqual(t, begun.Consent.ID, other.Consent.ID)
	leave()
	free()
	all.Wait()
}

// There are so many connections to the vendor. Who would need one more waits before
// the consent is recorded: what could not be used must not be asked of anybody.
func TestWhoWaitsForAConnectionIsNotRecorded(t *testing.T) {
	t.Parallel()
	const site = "pk_waiting"
	r := apitest.New(t, apitest.WithSite(site))
	asked, release := make(chan struct{}, deepvue.Connections), make(chan struct{})
	good := script.Say(200, script.Good())
	vendor := script.NewVendor(t, func(w http.ResponseWriter, q *http.Request, call int) {
		asked <- struct{}{}
		<-release
		good(w, q, call)
	})
	free := sync.OnceFunc(func() { close(release) })
	defer free()
	line, err := pace.New(pace.Plan{PerSecond: 1000, PerMinute: 1000, PerDay: 1000}, pace.NewMemory(nil), pace.Options{})
	require.NoError(t, err)
	account := vendorAt(t, r, site, vendor.URL, line)
	decision := r.Decision(t, site)
	agree := func(ctx context.Context, subject string) {
		_ = r.Send(ctx, apitest.Call{Path: "/v1/sessions", Origin: apitest.ShopOrigin,
			JSON: apitest.With(decision, M{"subject": subject, "idempotency_key": apitest.Key()})})
	}
	var all sync.WaitGroup
	for range deepvue.Connections {
		all.Go(func() { agree(t.Context(), "early") })
	}
	for range deepvue.Connections {
		<-asked
	}
	ctx, leave := context.WithCancel(t.Context())
	all.Go(func() { agree(ctx, "gone") })
	waiting := func(n int) {
		t.Helper()
		require.Eventually(t, func() bool { return account.Waiting() == n }, 10*time.Second, time.Millisecond)
	}
	waiting(1)
	leave()
	waiting(0)
	all.Go(func() { agree(t.Context(), "late") })
	waiting(1)
	require.Zero(t, r.Entries(t, site, "gone")+r.Entries(t, site, "late"))
	free()
	all.Wait()
	require.Equal(t, 1, r.Entries(t, site, "late"), "it came through as soon as another call was over")
	require.Zero(t, r.Entries(t, site, "gone"))
}
