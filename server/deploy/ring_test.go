//go:build alerts

package deploy_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config/configtest"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
)

// The intervals of this run. An operator's are 15 s: add two of them, at most, to what is
// measured here.
const ringInterval = "1s"

// cause is what makes an alert ring.
type cause struct {
	alert, what string
	replace     []string // of the configuration
	do          func(t *testing.T, l *lab, n int)
	every       time.Duration // 0: once
}

func decide(t *testing.T, l *lab, n int) { l.agree(t, key(n)) }

func wrongSecret(t *testing.T, l *lab, _ int) {
	l.ask(t, http.MethodPost, "/v1/siteverify", map[string]any{"secret": "sk_old", "response": "x"}, nil)
}

func answering(status int, body string) func(*testing.T, *lab, int) {
	return func(t *testing.T, l *lab, n int) {
		l.vendor.SetIntercept(func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
			return true
		})
		decide(t, l, n)
	}
}

// hanging decides, and does not wait for the vendor, which does not answer.
func hanging(t *testing.T, l *lab, n int) {
	l.vendor.SetIntercept(func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true })
	ask := l.request(t, http.MethodPost, "/v1/sessions", l.decision(t, key(n)), fromPage)
	go func() {
		if answer, err := l.client.Do(ask); err == nil { // none at the end
			_ = answer.Body.Close()
		}
	}()
}

// reading asks for picture after picture, the first time by a decision.
func reading() func(*testing.T, *lab, int) {
	var answer map[string]any
	return func(t *testing.T, l *lab, n int) {
		if n == 1 {
			_, answer = l.agree(t, key(n))
			return
		}
		_, answer = l.ask(t, http.MethodPost, "/v1/captchas", map[string]any{"session": answer["session"]}, fromPage)
	}
}

func key(n int) string { return fmt.Sprintf("ring-for-an-alert-%010d", n) }

var unlimited = []string{"  view: 60\n  sessions: 10\n", "  view: 0\n  sessions: 0\n"}

var causes = []cause{
	{alert: "EkycVendorDown", what: "the vendor hangs, a decision each second", replace: unlimited, every: time.Second,
		do: hanging},
	{alert: "EkycVendorFails", what: "the vendor hangs, a decision each second", replace: unlimited, every: time.Second,
		do: hanging},
	{alert: "EkycVendorRejects", what: "one call is answered 401", do: answering(http.StatusUnauthorized, `{"detail":"Invalid credentials"}`)},
	{alert: "EkycVendorLimits", what: "one call is answered 429", do: answering(http.StatusTooManyRequests, `{"detail":"Too many requests"}`)},
	{alert: "EkycStoreRefuses", what: "one commit fails", do: func(t *testing.T, l *lab, n int) {
		l.store.Fail(storetest.Commit)
		decide(t, l, n)
	}},
	{alert: "EkycWrongSecret", what: "a wrong secret each 10 s", every: 10 * time.Second, do: wrongSecret},
	{alert: "EkycFlood", what: "5 notices a second from one address", every: time.Second / 5,
		do: func(t *testing.T, l *lab, _ int) {
			l.ask(t, http.MethodGet, "/v1/view?sitekey="+configtest.Sitekey+"&purpose=account-opening", nil, fromPage)
		}},
	{alert: "EkycSlowFlood", what: "3 notices a second from one address (2 refused)", every: time.Second / 3,
		do: func(t *testing.T, l *lab, _ int) {
			l.ask(t, http.MethodGet, "/v1/view?sitekey="+configtest.Sitekey+"&purpose=account-opening", nil, fromPage)
		}},
	{alert: "EkycAllowanceNearlySpent", what: "a call of the day each second, of 10", every: time.Second,
		replace: append([]string{"    plan: growth\n", "    allowance: {per_second: 5, per_minute: 10, per_day: 10}\n"}, unlimited...), do: reading()},
	{alert: "EkycPicturesDoNotCome", what: "the vendor answers 503, a decision each second", replace: unlimited, every: time.Second,
		do: answering(http.StatusServiceUnavailable, `{"detail":"Source Unavailable"}`)},
	{alert: "EkycWebhooksGivenUp", what: "one message is given up", do: func(t *testing.T, l *lab, n int) {
		status, begun := l.agree(t, key(n))
		require.Equal(t, http.StatusCreated, status)
		id := begun["consent"].(map[string]any)["id"].(string)
		_, err := l.Ledger.Withdraw(t.Context(), consent.Withdrawal{ID: id, Via: consent.ViaPartner})
		require.NoError(t, err)
		waiting, err := l.Ledger.Messages(t.Context(), 1)
		require.NoError(t, err)
		require.NoError(t, l.Ledger.GiveUp(t.Context(), waiting[0].Index))
	}},
	{alert: "EkycRelayNotReady", what: "the relay drains", do: func(_ *testing.T, l *lab, _ int) { l.API.Drain() }},
}

// How soon a real Prometheus rings about a real relay, from the cause on.
func TestHowSoonAlertsRing(t *testing.T) {
	var table strings.Builder
	table.WriteString("| Alert | Cause | Seconds until it rings |\n|---|---|---|\n")
	lines := make([]string, len(causes))
	t.Run("causes", func(t *testing.T) {
		for i, c := range causes {
			t.Run(c.alert, func(t *testing.T) {
				t.Parallel()
				l := startLab(t, c.replace...)
				at := prometheus(t, l.at.Admin.Addr().String(), ringInterval)
				require.Eventually(t, func() bool { return len(query(t, at, `ekyc_ready offset 3s == 1`)) == 1 }, time.Minute, 100*time.Millisecond)
				begin, n := time.Now(), 0
				next := begin
				for !firing(t, at)[c.alert] {
					if n == 0 || c.every > 0 && time.Now().After(next) {
						n++
						next = next.Add(c.every)
						c.do(t, l, n)
						continue
					}
					require.Less(t, time.Since(begin), 8*time.Minute)
					time.Sleep(50 * time.Millisecond)
				}
				lines[i] = fmt.Sprintf("| %s | %s | %.0f |\n", c.alert, c.what, time.Since(begin).Seconds())
				t.Log(lines[i])
			})
		}
	})
	for _, line := range lines {
		table.WriteString(line)
	}
	fmt.Fprint(os.Stdout, table.String())
}

// firing are the names of the alerts that ring.
func firing(t *testing.T, address string) map[string]bool {
	names := map[string]bool{}
	for _, alert := range query(t, address, `ALERTS{alertstate="firing"}`) {
		names[alert["alertname"]] = true
	}
	return names
}
