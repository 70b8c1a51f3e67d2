//go:build alerts

package deploy_test

import (
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config/configtest"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
)

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
	l.vendor.SetIntercept(func(_ http.ResponseWriter, r *http.Request) bool {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	})
	unheard(t, l, n)
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

// unheard decides, and does not wait for an answer.
func unheard(t *testing.T, l *lab, n int) {
	ask := l.request(t, http.MethodPost, "/v1/sessions", l.decision(t, key(n)), fromPage)
	go func() {
		if answer, err := l.client.Do(ask); err == nil { // none at the end
			_ = answer.Body.Close()
		}
	}()
}

// answered is a token, of somebody who has answered the picture.
func answered(t *testing.T, l *lab, n int) any {
	status, begun := l.agree(t, key(n))
	require.Equal(t, http.StatusCreated, status)
	_, token := l.ask(t, http.MethodPost, "/v1/answers", map[string]any{"session": begun["session"], "answer": "abcd"}, fromPage)
	return token["token"]
}

func redeem(t *testing.T, l *lab, token any) map[string]any {
	_, redeemed := l.ask(t, http.MethodPost, "/v1/siteverify", map[string]any{"secret": configtest.Secret, "response": token}, nil)
	return redeemed
}

func generateOTP(t *testing.T, l *lab, handle any, number string, n int) {
	l.ask(t, http.MethodPost, "/v1/generate-otp", map[string]any{"verification": handle, "aadhaar_number": number, "idempotency_key": key(n)},
		map[string]string{"Authorization": "Bearer " + configtest.Secret})
}

// refusedNumbers has call after call for an OTP refused, three a consent.
func refusedNumbers() func(*testing.T, *lab, int) {
	var handle any
	return func(t *testing.T, l *lab, n int) {
		if n%3 == 1 {
			handle = redeem(t, l, answered(t, l, n))["verification"]
		}
		generateOTP(t, l, handle, "200000000013", n)
	}
}

// waitingForOTPs brings people to where their OTPs are asked for, and then has the vendor
// fail in that.
func waitingForOTPs() func(*testing.T, *lab, int) {
	const people = 20
	var handles []any
	return func(t *testing.T, l *lab, n int) {
		for len(handles) < people {
			handles = append(handles, redeem(t, l, answered(t, l, len(handles)))["verification"])
		}
		l.vendor.SetIntercept(func(w http.ResponseWriter, r *http.Request) bool {
			if filepath.Base(r.URL.Path) != "generate-otp" {
				return false
			}
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		})
		generateOTP(t, l, handles[n%people], "234123412346", n)
	}
}

func key(n int) string { return fmt.Sprintf("ring-for-an-alert-%010d", n) }

var unlimited = []string{"  view: 60\n  sessions: 10\n  declines: 10\n  captchas: 20\n  answers: 30\n", "  view: 0\n  sessions: 0\n  declines: 0\n  captchas: 0\n  answers: 0\n"}

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
	{alert: "EkycRelayDown", what: "the relay is ended", do: func(_ *testing.T, l *lab, _ int) { l.stop() }},
	{alert: "EkycSiteverifyFails", what: "the commit of one siteverify fails", do: func(t *testing.T, l *lab, n int) {
		token := answered(t, l, n)
		l.store.Fail(storetest.Commit)
		redeem(t, l, token)
	}},
	{alert: "EkycCommitsSlow", what: "a commit of 0.8 s every 2 s", replace: unlimited, every: 2 * time.Second, do: func(t *testing.T, l *lab, n int) {
		held, release := l.store.Hold()
		unheard(t, l, n)
		<-held
		time.AfterFunc(800*time.Millisecond, release)
	}},
	{alert: "EkycClockAhead", what: "the clock was 2 min ahead, and is set back", do: func(t *testing.T, l *lab, n int) {
		l.ahead.Store(int64(2 * time.Minute))
		decide(t, l, n)
		l.ahead.Store(0)
		decide(t, l, n+1)
	}},
	{alert: "EkycCertificateEnds", what: "a certificate for an hour is put in place", do: func(t *testing.T, l *lab, _ int) {
		certificate(t, l.certs, time.Hour)
	}},
	{alert: "EkycOTPDown", what: "generate-otp is answered 503, a call each second", replace: unlimited, every: time.Second, do: waitingForOTPs()},
	{alert: "EkycOTPRefused", what: "generate-otp is refused, twice a second", replace: unlimited, every: time.Second / 2, do: refusedNumbers()},
	{alert: "EkycLineLong", what: "a decision each second, of 6 calls a minute", every: time.Second,
		replace: append([]string{"    plan: growth\n", "    allowance: {per_second: 1, per_minute: 6, per_day: 1000}\n"}, unlimited...), do: unheard},
	{alert: "EkycConnectionsFull", what: "6 connections, of 5", replace: []string{"  total: 8192\n", "  total: 15\n"}, do: func(t *testing.T, l *lab, _ int) {
		for range 6 {
			c, err := net.Dial("tcp", l.at.Public.Addr().String())
			require.NoError(t, err)
			t.Cleanup(func() { _ = c.Close() })
		}
	}},
}
