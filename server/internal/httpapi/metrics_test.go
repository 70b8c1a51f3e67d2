package httpapi_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/server/internal/limit"
	"ekycconnect/server/internal/pace"
	"ekycconnect/wasm/wire"
)

func TestTheFunnelIsCountedStepByStep(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	r.View(t, apitest.Shop)
	decision := r.Decision(t, apitest.Shop)
	begun := r.Begin(t, decision)
	r.Begin(t, decision) // a repeat: the same consent, another session
	token := r.Token(t, apitest.Shop, begun.Session, "abc").Token
	r.Verify(t, apitest.Shop, M{"response": token, "peek": true})
	for range 2 {
		r.Verify(t, apitest.Shop, M{"response": token, "idempotency_key": "the-same-key-twice"})
	}
	require.Equal(t, 201, r.Do(t, apitest.Call{Path: "/v1/declines", Origin: apitest.BankOrigin, JSON: r.Decision(t, apitest.Bank)}).Status)
	metrics := scrape(r)
	for line, want := range map[string]int{
		`site="pk_shop",step="notice"`: 2, `site="pk_shop",step="agree"`: 1, `site="pk_shop",step="captcha"`: 2,
		`site="pk_shop",step="answer"`: 1, `site="pk_shop",step="redeem"`: 1,
		`site="pk_bank",step="notice"`: 1, `site="pk_bank",step="decline"`: 1,
	} {
		require.Contains(t, metrics, fmt.Sprintf("ekyc_steps_total{%s} %d\n", line, want))
	}
	require.Contains(t, metrics, `ekyc_steps_total{site="pk_shop",step="decline"} 0`)
	require.Regexp(t, `(?m)^ekyc_commit_seconds_count [1-9]`, metrics)
	require.Regexp(t, `(?m)^ekyc_commit_callers_sum [1-9]`, metrics)
	require.Contains(t, metrics, `ekyc_vendor_call_seconds_count{account="pass",endpoint="connect"} 2`)
	require.Contains(t, metrics, `ekyc_line_wait_seconds_count{account="pass",outcome="granted"} 2`)
}

func TestABreakerThatOpensIsSeenAndTold(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	require.Contains(t, scrape(r), `ekyc_breaker_state{account="down",state="closed"} 1`)
	for range 5 {
		require.Equal(t, 503, r.Agree(t, r.Decision(t, apitest.Down)).Status)
	}
	p := r.Agree(t, r.Decision(t, apitest.Down)).Problem(t)
	require.Equal(t, wire.VendorUnavailable, p.Code)
	require.Equal(t, 5, p.RetryAfter)
	require.Nil(t, p.Consent, "nothing is recorded that cannot be used")
	require.Contains(t, scrape(r), `ekyc_breaker_state{account="down",state="open"} 1`)
	require.JSONEq(t, `{"status":"degraded"}`, string(r.Do(t, apitest.Call{Path: "/readyz"}).Body))
	require.Equal(t, 201, r.Agree(t, r.Decision(t, apitest.Shop)).Status, "the others do not notice")
}

func TestWhatALimitRefusesIsCounted(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	r.Core.Limits = connect.Limits{View: limit.New(1), Sessions: limit.New(1), WrongSecrets: limit.New(1)}
	decision := r.Decision(t, apitest.Shop)
	r.Do(t, apitest.Call{Path: "/v1/view?sitekey=pk_shop&purpose=account-opening", Origin: apitest.ShopOrigin})
	for range 3 {
		r.Agree(t, apitest.With(decision, M{"idempotency_key": apitest.Key()}))
		r.Do(t, apitest.Call{Path: "/v1/siteverify", JSON: M{"secret": "wrong", "response": "x"}})
	}
	metrics := scrape(r)
	for labels, want := range map[string]int{`limit="view",site="pk_shop"`: 1, `limit="sessions",site="pk_shop"`: 2, `limit="wrong_secrets",site=""`: 2} {
		require.Contains(t, metrics, fmt.Sprintf("ekyc_limited_total{%s} %d\n", labels, want))
	}
}

func TestTheLineIsMeasured(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	line, err := pace.New(pace.Plan{PerSecond: 1, PerMinute: 1, PerDay: 1}, pace.NewMemory(nil), pace.Options{})
	require.NoError(t, err)
	r.Core.Accounts["pass"] = connect.NewAccount(r.Client(t, "pass"), line)
	r.Begin(t, r.Decision(t, apitest.Shop))
	p := r.Agree(t, r.Decision(t, apitest.Shop)).Problem(t)
	require.Equal(t, wire.VendorBusy, p.Code)
	require.InDelta(t, 86400, p.RetryAfter, 60)
	require.Nil(t, p.Consent)
	metrics := scrape(r)
	require.Contains(t, metrics, `ekyc_line_wait_seconds_count{account="pass",outcome="busy"} 1`)
	require.Contains(t, metrics, `ekyc_line_length{account="pass"} 0`)
	require.Contains(t, metrics, `ekyc_vendor_limited_total{account="pass"} 0`, "the vendor was not asked")
	for _, window := range []string{"second", "minute", "day"} {
		require.Contains(t, metrics, `ekyc_allowance_limit{account="pass",window="`+window+`"} 1`)
	}
	require.Contains(t, metrics, `ekyc_allowance_calls{account="pass",window="day"} 1`)
}

// Whatever a client sends, no new series comes of it.
func TestClientsCannotMakeNewSeries(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	probe := func(i int) {
		for _, c := range []apitest.Call{
			{Path: fmt.Sprintf("/v1/nothing-%d", i)}, {Method: fmt.Sprintf("VERB%d", i), Path: "/v1/view"},
			{Path: fmt.Sprintf("/v1/view?sitekey=pk_%d&purpose=p%d", i, i), Origin: fmt.Sprintf("https://%d.example", i)},
			{Path: fmt.Sprintf("/v1/receipts/%d", i)}, {Path: "/v1/siteverify", JSON: M{"secret": fmt.Sprint(i), "response": "x"}},
		} {
			r.Do(t, c)
		}
	}
	probe(0)
	before := series(scrape(r))
	for i := range 20 {
		probe(i + 1)
	}
	require.Equal(t, before, series(scrape(r)))
}

var value = regexp.MustCompile(` \S+$`)

// series are the names and labels of the relay's own metrics.
func series(text string) (all []string) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "ekyc_") {
			all = append(all, value.ReplaceAllString(strings.TrimSpace(line), ""))
		}
	}
	return all
}

// What the relay measures is explained to those who operate it, and nothing is
// explained that there is not.
func TestThePageForOperatorsNamesEveryMetric(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	r.API.Metrics.Connections(func() int { return 0 }, func() uint64 { return 0 })
	r.API.Metrics.Certificate(time.Now)
	r.API.Metrics.Backup(time.Now)
	page, err := os.ReadFile("../../docs/operating.md")
	require.NoError(t, err)
	table := regexp.MustCompile("(?m)^\\| (`ekyc_[^|]+) \\|").FindAllString(string(page), -1)
	named := regexp.MustCompile("ekyc_[a-z_]+").FindAllString(strings.Join(table, ""), -1)
	described := slices.DeleteFunc(r.API.Metrics.Names(), func(name string) bool { return !strings.HasPrefix(name, "ekyc_") })
	require.ElementsMatch(t, described, named)
	for _, name := range regexp.MustCompile("ekyc_[a-z_]+").FindAllString(string(page), -1) {
		require.Contains(t, named, name)
	}
}

// Of a series that begins with its first event Prometheus sees no increase.
func TestCountersBeginAtZero(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	before := scrape(r)
	for _, line := range []string{
		`ekyc_http_requests_total{code="store_unavailable",method="POST",route="/v1/sessions",status="503"} 0`,
		`ekyc_http_requests_total{code="internal",method="GET",route="/v1/view",status="500"} 0`,
		`ekyc_http_requests_total{code="internal-error",method="POST",route="/v1/siteverify",status="503"} 0`,
		`ekyc_http_requests_total{code="invalid-input-secret",method="POST",route="/v1/siteverify",status="200"} 0`,
		`ekyc_http_requests_total{code="unauthorized",method="POST",route="/v1/tickets",status="401"} 0`,
		`ekyc_webhook_tries_total{outcome="given_up"} 0`, `ekyc_limited_total{limit="otp",site="pk_shop"} 0`,
		`ekyc_vendor_limited_total{account="busy"} 0`, `ekyc_otp_mostly_refused{site="pk_shop"} 0`, `ekyc_ready 1`,
	} {
		require.Contains(t, before, line+"\n")
	}
	for _, site := range []string{apitest.Shop, apitest.Bank, apitest.Busy, apitest.Down, apitest.Rejected, apitest.BadJPEG} {
		r.Agree(t, r.Decision(t, site))
	}
	r.Token(t, apitest.Shop, r.Begin(t, r.Decision(t, apitest.Shop)).Session, "abc")
	counted := func(text string) []string {
		return slices.DeleteFunc(series(text), func(line string) bool { return strings.HasPrefix(line, "ekyc_http_") })
	}
	require.Equal(t, counted(before), counted(scrape(r)), "whatever happens, no series is new")
}

// Else every closed tab would be a failure of the vendor's, or of the store's.
func TestAClientThatHasLeftIsCountedAsOneThatHasLeft(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	begun := r.Begin(t, r.Decision(t, apitest.Shop))
	for path, body := range map[string]M{"/v1/sessions": r.Decision(t, apitest.Shop), "/v1/captchas": {"session": begun.Session}} {
		text, err := json.Marshal(body)
		require.NoError(t, err)
		gone, leave := context.WithCancel(t.Context())
		leave()
		ask := httptest.NewRequestWithContext(gone, http.MethodPost, path, bytes.NewReader(text))
		ask.Header.Set("Content-Type", "application/json")
		ask.Header.Set("Origin", apitest.ShopOrigin)
		r.API.Handler().ServeHTTP(httptest.NewRecorder(), ask)
		require.Contains(t, scrape(r), `ekyc_http_requests_total{code="client_left",method="POST",route="`+path+`",status="499"} 1`)
	}
	require.NotRegexp(t, `(vendor_timeout|store_unavailable).* [1-9]`, scrape(r))
}
