package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/secret"
	"ekycconnect/server/internal/webhook"
)

func TestARelayTellsAPartnerAndErasesWhatWasKeptLongEnough(t *testing.T) {
	told := make(chan string, 4)
	partner := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		told <- r.Header.Get("webhook-id")[strings.LastIndex(r.Header.Get("webhook-id"), "_")+1:]
	}))
	defer partner.Close()

	listeners, err := Listen(Address{Config: "127.0.0.1:0"}, Address{Config: "127.0.0.1:0"})
	require.NoError(t, err)
	c, keys, err := config.Sandbox(config.SandboxOptions{Data: t.TempDir(), VendorURL: "http://127.0.0.1:1", PublicURL: "http://" + listeners.Public.Addr().String()})
	require.NoError(t, err)
	site, ok := c.Site("pk_test_pass")
	require.True(t, ok)
	site.WebhookURL, site.WebhookAllowPrivate = partner.URL, true
	site.WebhookSecret = secret.New(webhook.NewSecret(make([]byte, 32)))

	c.Retention = config.Retention{Consent: config.Period{Days: -1}, Requests: config.Period{Days: 1}} // tomorrow's eyes

	r, err := New(t.Context(), c, keys, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	state, err := r.Ledger.Give(t.Context(), storetest.Decision("key-of-the-withdrawn-one"))
	require.NoError(t, err)
	_, err = r.Ledger.Withdraw(t.Context(), consent.Withdrawal{ID: state.ID(), Via: consent.ViaReceipt})
	require.NoError(t, err)

	ctx, stop := context.WithCancel(t.Context())
	stdout, line := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx, listeners, line) }()
	_, err = stdout.Read(make([]byte, 1024))
	require.NoError(t, err)
	kinds := []string{<-told, <-told}
	require.ElementsMatch(t, []string{"withdrawn", "erased"}, kinds)
	scraped := func() string {
		answer, err := http.Get("http://" + listeners.Admin.Addr().String() + "/metrics")
		if err != nil {
			return err.Error()
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		return string(text)
	}
	require.Eventually(t, func() bool { // it is counted once the partner's answer is there
		return strings.Contains(scraped(), `ekyc_webhook_tries_total{outcome="delivered"} 2`)
	}, time.Minute, 10*time.Millisecond)
	require.Contains(t, scraped(), `ekyc_webhook_messages{state="given_up"} 0`)
	stop()
	require.NoError(t, <-ended)
	_, err = r.Ledger.State(t.Context(), state.ID())
	require.ErrorIs(t, err, consent.ErrErased)
}

// What a clock that is ahead would have erased is gone for good.
func TestNothingIsErasedByAClockThatHasJumped(t *testing.T) {
	const year = 365 * 24 * time.Hour
	type look struct {
		ahead  time.Duration // of where the clock should be
		steady bool
	}
	for name, c := range map[string]struct {
		newest time.Time
		looks  []look
	}{
		"right":             {storetest.Start, []look{{0, true}, {0, true}}},
		"an empty ledger":   {time.Time{}, []look{{0, true}}},
		"ahead at start":    {storetest.Start, []look{{20 * year, false}, {20 * year, true}}}, // it stays: believed
		"a quiet weekend":   {storetest.Start.Add(-60 * time.Hour), []look{{0, false}, {0, true}}},
		"ahead for one day": {storetest.Start, []look{{0, true}, {20 * year, false}, {0, false}, {0, true}}},
		"behind":            {storetest.Start, []look{{-year, true}, {0, false}, {0, true}}},
	} {
		clock := storetest.NewClock()
		s := steadiness{clock: clock.Now, newest: c.newest}
		for i, l := range c.looks {
			clock.Move(l.ahead)
			_, steady := s.look()
			require.Equal(t, l.steady, steady, "%s: look %d", name, i)
			clock.Move(-l.ahead)
		}
	}
}
