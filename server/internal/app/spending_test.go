package app

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/pace"
)

// After a restart the line knows the calls of the day, and who has come how far.
func TestTheAllowanceSurvivesARestart(t *testing.T) {
	options := config.SandboxOptions{Data: t.TempDir(), VendorURL: "http://127.0.0.1:1", PublicURL: "http://127.0.0.1:2", Plan: "starter"}
	c, keys, err := config.Sandbox(options)
	require.NoError(t, err)
	site, ok := c.Site("pk_test_pass")
	require.True(t, ok)
	r, err := New(t.Context(), c, keys, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	d := storetest.Decision("key-of-the-restarted")
	d.Site, d.Account = site.Sitekey, site.Account
	state, err := r.Ledger.Give(t.Context(), d)
	require.NoError(t, err)
	call := func(kind pace.Kind, result string) consent.Call {
		return consent.Call{Endpoint: string(kind), Result: result, At: time.Now()}
	}
	_, err = r.Ledger.Used(t.Context(), state.Committed, []consent.Call{
		call(pace.Connect, "ok"), call(pace.GenerateOTP, "ok"), call(pace.VerifyOTP, "vendor_refused"), call(pace.VerifyOTP, "ok")})
	require.NoError(t, err)
	require.NoError(t, r.Close())

	again, err := New(t.Context(), c, keys, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer func() { require.NoError(t, again.Close()) }()
	spent := newSpending(t.Context(), c, again.store, again.Ledger, time.Now)
	store, err := spent.store(t.Context(), site.Account)
	require.NoError(t, err)
	var kinds []pace.Kind
	require.NoError(t, store.Turn(context.Background(), func(news pace.News) (d pace.Decision) {
		require.True(t, news.All)
		for _, e := range news.Entries {
			require.Equal(t, state.ID(), e.Consent)
			require.WithinDuration(t, time.Now(), time.UnixMicro(e.At), time.Minute)
			kinds = append(kinds, e.Kind)
		}
		return d
	}))
	require.Equal(t, []pace.Kind{pace.Connect, pace.GenerateOTP, pace.VerifyOTP, pace.VerifyOTP, pace.End}, kinds)
	other, err := spent.callsOf("another")
	require.NoError(t, err)
	require.Empty(t, other)
}
