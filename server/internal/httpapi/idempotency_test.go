package httpapi_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/wasm/wire"
)

func TestAnEqualRepeatIsTheSameConsent(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	decision := apitest.With(r.Decision(t, apitest.Shop), M{"subject": "s", "client": M{"channel": "widget", "version": "1", "build": "b"}})
	first := r.Begin(t, decision)
	for range 3 {
		r.Clock.Add(time.Minute)
		again := r.Begin(t, decision)
		require.Equal(t, first.Consent, again.Consent)
		require.Equal(t, first.ExpiresAt, again.ExpiresAt)
		require.NotEqual(t, first.Session, again.Session)
	}
	require.Equal(t, 1, r.Entries(t, apitest.Shop, "s"))
	require.Equal(t, []string{"given", "used", "used", "used", "used"}, r.Kinds(t, apitest.Shop, first.Consent.ID))

	r.Clock.Add(7*time.Minute + time.Millisecond)
	p := r.Agree(t, decision).Problem(t)
	require.Equal(t, wire.SessionExpired, p.Code)
	require.Equal(t, first.Consent, *p.Consent)
	require.Equal(t, 4, r.Vendor.Stats().Connect)
	require.Equal(t, 1, r.Entries(t, apitest.Shop, "s"))
}

func TestAChangedRepeatIsAConflictWithoutData(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	decision := apitest.With(r.Decision(t, apitest.Shop), M{"subject": "s", "actor": "self", "client": M{"channel": "widget", "version": "1", "build": "b"}})
	first := r.Begin(t, decision)
	ticket := r.Ticket(t, apitest.Shop, M{"subject": "s"})
	hindi := r.Do(t, apitest.Call{Path: "/v1/view?sitekey=pk_shop&lang=hi&purpose=" + apitest.Purpose, Origin: apitest.ShopOrigin})
	var shown apitest.Shown
	hindi.Into(t, &shown)
	for name, change := range map[string]M{
		"another subject":      {"subject": "S"},
		"no subject":           {"subject": nil},
		"a ticket":             {"subject": nil, "ticket": ticket},
		"another actor":        {"actor": "guardian"},
		"no actor":             {"actor": nil},
		"another version":      {"client": M{"channel": "widget", "version": "2", "build": "b"}},
		"another build":        {"client": M{"channel": "widget", "version": "1", "build": "c"}},
		"another channel":      {"client": M{"channel": "hosted", "version": "1", "build": "b"}},
		"no client":            {"client": nil},
		"another presentation": {"presentation": r.View(t, apitest.Shop).Presentation},
		"another notice":       {"presentation": shown.Presentation, "notice_sha256": shown.Notice.SHA256},
	} {
		a := r.Agree(t, apitest.With(decision, change))
		p := a.Problem(t)
		require.Equal(t, wire.IdempotencyConflict, p.Code, name)
		require.Nil(t, p.Consent, name)
		require.NotContains(t, string(a.Body), first.Consent.ID)
	}
	require.Equal(t, 1, r.Vendor.Stats().Connect)
	require.Equal(t, 1, r.Entries(t, apitest.Shop, "s"))
	// Another site and the other route have their own keys.
	bank := r.Decision(t, apitest.Bank)
	r.Begin(t, apitest.With(bank, M{"idempotency_key": decision["idempotency_key"]}))
	a := r.Do(t, apitest.Call{Path: "/v1/declines", Origin: apitest.ShopOrigin, JSON: decision})
	require.Equal(t, 201, a.Status)
}

// While the first is with the vendor, repeats wait for its answer.
func TestARepeatJoinsTheFirstWhileItIsUnderWay(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	decision := apitest.With(r.Decision(t, apitest.Shop), M{"subject": "s"})
	arrived, released := make(chan struct{}, 100), make(chan struct{})
	release := sync.OnceFunc(func() { close(released) })
	t.Cleanup(release) // a test that fails must not hang
	r.Vendor.SetIntercept(func(http.ResponseWriter, *http.Request) bool {
		arrived <- struct{}{}
		<-released
		return false
	})
	bodies := make([]string, 20)
	var all sync.WaitGroup
	sent := make(chan struct{}, len(bodies))
	agree := func(i int) {
		sent <- struct{}{}
		a := r.Agree(t, decision)
		require.Equal(t, http.StatusCreated, a.Status, "one by one they would use up the consent: %.300s", a.Body)
		bodies[i] = string(a.Body)
	}
	all.Go(func() { agree(0) })
	<-arrived
	for i := range bodies[1:] {
		all.Go(func() { agree(i + 1) })
	}
	for range bodies {
		<-sent
	}
	// Who changes a member conflicts at once and waits for nobody.
	for range 5 {
		p := r.Agree(t, apitest.With(decision, M{"actor": "guardian"})).Problem(t)
		require.Equal(t, wire.IdempotencyConflict, p.Code)
	}
	release()
	all.Wait()
	require.Equal(t, 1, r.Entries(t, apitest.Shop, "s"))
	ids := map[string]bool{}
	for _, body := range bodies {
		_, rest, found := strings.Cut(body, `"consent":{"id":"`)
		require.True(t, found, body)
		ids[rest[:36]] = true
	}
	require.Len(t, ids, 1)
}

// Who leaves gives up the wait, not the others' call and not the consent.
func TestAClientThatLeavesSpoilsNothing(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	decision := apitest.With(r.Decision(t, apitest.Shop), M{"subject": "s"})
	arrived, release := make(chan struct{}, 100), make(chan struct{})
	r.Vendor.SetIntercept(func(_ http.ResponseWriter, q *http.Request) bool {
		arrived <- struct{}{}
		select {
		case <-release:
		case <-q.Context().Done():
		}
		return false
	})
	impatient, leave := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		gone <- r.Send(impatient, apitest.Call{Path: "/v1/sessions", Origin: apitest.ShopOrigin, JSON: decision})
	}()
	<-arrived
	leave()
	require.Error(t, <-gone)
	// The consent stands; the repeat under the same key takes it up.
	close(release)
	begun := r.Begin(t, decision)
	require.Equal(t, 1, r.Entries(t, apitest.Shop, "s"))
	kinds := r.Kinds(t, apitest.Shop, begun.Consent.ID)
	require.Equal(t, "given", kinds[0])
	require.NotContains(t, kinds[1:], "given")
	require.Equal(t, len(kinds)-1, r.Vendor.Connects(begun.Consent.ID), "the call in vain is a use too")
	require.NotContains(t, string(r.Log.Bytes()), `"code":"internal"`)
}
