package httpapi_test

import (
	"bytes"
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

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/deepvue/sandbox"
	"ekycconnect/server/internal/deepvue/script"
	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/wasm/flow"
	"ekycconnect/wasm/wire"
)

// outcome is what a code of the vendor's means to everybody but the vendor.
type outcome struct {
	status    int
	retryable bool
	fault     wire.Fault
	level     string // of the request's line in the log
	ready     string
	state     flow.State // of the widget
	says      string     // the key of its message
}

var outcomes = map[wire.Code]outcome{
	"":                     {201, false, "", "INFO", "ready", flow.Captcha, ""},
	wire.VendorBusy:        {503, true, wire.FaultVendor, "WARN", "ready", flow.Waiting, "waiting"},
	wire.VendorRejected:    {502, false, wire.FaultRelay, "ERROR", "degraded", flow.Error, "vendor_rejected"},
	wire.VendorUnavailable: {503, true, wire.FaultVendor, "WARN", "ready", flow.Error, "vendor_unavailable"},
	wire.VendorTimeout:     {504, true, wire.FaultVendor, "WARN", "ready", flow.Error, "vendor_timeout"},
	wire.VendorBadAnswer:   {502, true, wire.FaultVendor, "WARN", "ready", flow.Error, "vendor_bad_answer"},
}

// Every answer of the vendor, documented or broken, and every way of not
// reaching it, from the vendor's server to what the person reads.
func TestWhateverTheVendorDoesEverybodyIsToldTheTruth(t *testing.T) {
	t.Parallel()
	places := script.Places(t)
	for _, row := range script.Rows() {
		places = append(places, script.Place{Row: row, URL: script.NewVendor(t, row.Answer).URL})
	}
	require.GreaterOrEqual(t, len(places), 200)
	name := func(i int) string { return fmt.Sprintf("pk_case_%d", i) }
	r := apitest.New(t, func(c *config.Config) {
		for i := range places {
			apitest.WithSite(name(i))(c)
		}
	})
	for i, p := range places {
		opts := []deepvue.Option{deepvue.Backoff(time.Millisecond), deepvue.Deadline(p.Deadline())}
		if p.Roots != nil {
			opts = append(opts, deepvue.RootCAs(p.Roots))
		}
		vendorAt(t, r, name(i), p.URL, nil, opts...)
	}
	messages := keysOf(r.View(t, apitest.Shop).View)

	t.Run("rows", func(t *testing.T) {
		for i, p := range places {
			t.Run(p.Name, func(t *testing.T) {
				t.Parallel()
				want, known := outcomes[p.Code]
				require.True(t, known)
				decision := r.Decision(t, name(i))
				a := r.Agree(t, decision)
				require.Equal(t, want.status, a.Status, "%.300s", a.Body)
				require.Equal(t, want.level, levelOf(t, r, a))

				text, err := json.Marshal(decision)
				require.NoError(t, err)
				var agreed wire.Decision
				require.NoError(t, json.Unmarshal(text, &agreed))
				widget := flow.New("pk_live_case")
				widget.Handle(&flow.Event{Kind: flow.Bound, Lang: "en"})
				post := effect(t, widget.Handle(&flow.Event{Kind: flow.Press, Part: flow.Agree, Trusted: true, Decision: agreed}), flow.Post)
				var consentID string
				if p.Code == "" {
					var begun wire.SessionReply
					a.Into(t, &begun)
					consentID = begun.Consent.ID
					drawn := effect(t, widget.Handle(&flow.Event{Kind: flow.Replied, Seq: post.Seq, Reply: wire.Reply{
						Session: begun.Session, Consent: begun.Consent, Captcha: begun.Captcha, ExpiresIn: begun.ExpiresIn,
					}}), flow.Draw)
					widget.Handle(&flow.Event{Kind: flow.Drawn, Seq: drawn.Seq})
				} else {
					problem := a.Problem(t)
					require.Equal(t, p.Code, problem.Code)
					require.Equal(t, want.retryable, problem.Retryable)
					require.Equal(t, want.fault, problem.Fault)
					wait := p.After
					if p.Code == wire.VendorBusy {
						wait = max(wait, time.Second) // the pause where the vendor names none
					}
					require.Equal(t, int(wait/time.Second), problem.RetryAfter)
					require.NotNil(t, problem.Consent, "the consent stands")
					consentID = problem.Consent.ID
					widget.Handle(&flow.Event{Kind: flow.Failed, Seq: post.Seq, Problem: problem})
				}
				require.Equal(t, want.state, widget.State())
				said := widget.Screen().Alert + widget.Screen().Status
				require.Equal(t, want.says, said)
				if said != "" && !slices.Contains(messages, said) {
					said = string(wire.Code(said).Fault()) // it has no words of its own
				}
				if said != "" {
					require.Contains(t, messages, said, "the notice brings the words")
				}

				kinds := r.Kinds(t, name(i), consentID)
				require.Len(t, kinds, 1+p.Calls(), "each HTTP call is a use of the consent: %v", kinds)
			})
		}
	})

	metrics := scrape(r)
	degraded := strings.Join(r.Core.Degraded(), "\n")
	for i, p := range places {
		result := p.Code
		if result == "" {
			result = "ok"
		}
		calls := p.Calls()
		if p.Code == "" {
			calls = 1 // the last one
		}
		line := fmt.Sprintf(`ekyc_vendor_calls_total{account="%s",endpoint="connect",result="%s"} %d`, name(i), result, calls)
		require.Equal(t, p.Calls() > 0, strings.Contains(metrics, line+"\n"), "%s: %s", p.Name, line)
		require.Equal(t, p.Code != "", strings.Contains(metrics, fmt.Sprintf(`ekyc_vendor_failures_total{account="%s",class="%s"} 1`, name(i), p.Class)), p.Name)
		require.Equal(t, p.Code == wire.VendorBusy, strings.Contains(metrics, fmt.Sprintf(`ekyc_vendor_limited_total{account="%s"} 1`, name(i))), p.Name)
		require.Equal(t, outcomes[p.Code].ready == "degraded", strings.Contains(degraded, "account "+name(i)+" ("), p.Name)
	}
	ready := r.Do(t, apitest.Call{Path: "/readyz"})
	require.Equal(t, http.StatusOK, ready.Status)
	require.JSONEq(t, `{"status":"degraded"}`, string(ready.Body), "which account it is, is not for everybody")
	holdPage(t, places)
}

// holdPage holds the operator's page with all cases against the table.
func holdPage(t *testing.T, places []script.Place) {
	t.Helper()
	const page = "../../docs/vendor.md"
	var b bytes.Buffer
	b.WriteString(vendorPage)
	for _, p := range places {
		o := outcomes[p.Code]
		status := fmt.Sprint(p.Status)
		if p.Code == "" {
			status = "200"
		} else if p.Status == 0 {
			status = "–"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %d | %t | %s | %d | %s | %s | %s | %s |\n", p.Name, status, p.Class,
			codeCell(p.Code), codeCell(p.Code), codeCell(p.OTP.Code), codeCell(p.Verified().Code),
			o.status, o.retryable, o.fault, p.Calls(), o.level, o.ready, o.state, o.says)
	}
	b.WriteString("\n## The emulator's own refusals\n\nUnder every test sitekey any valid number and any six digits as OTP bring a person who does not exist, but for these:\n\n" +
		"| Aadhaar number | what happens |\n|---|---|\n")
	for _, n := range sandbox.Numbers() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", n.Number, n.What)
	}
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.WriteFile(page, b.Bytes(), 0o644))
	}
	have, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, b.String(), string(have), "UPDATE=1 writes it")
}

const vendorPage = `# What the vendor can do, and what comes of it

Made from the table of the tests (` + "`UPDATE=1 go test ./server/internal/httpapi -run TheVendorDoes`" + ` writes it). Each row was played at each of the four
endpoints; *ok* is a picture, an OTP that was sent, a verified person. The columns after them are of *connect*, where the widget waits: *calls* are
HTTP calls to the vendor, each a use of the consent; *says* is the key of the widget's message.

*generate-otp* and *verify-otp* are called once, whatever comes of it. ` + "`vendor_refused`" + ` is the vendor's no, with its words, from which what was sent
and every run of six digits or more is blanked; ` + "`vendor_unknown`" + ` says that the call may have left and nobody knows what became of it: ask the person again.
Both, and what else comes of a call that may have left, are not retryable; where no connection was made (no status below), nothing was sent.

| The vendor | status | cause (` + "`class`" + `) | connect | reload-captcha | generate-otp | verify-otp | HTTP | retryable | fault | calls | log | readyz | widget | says |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
`

func codeCell(code wire.Code) string {
	if code == "" {
		return "ok"
	}
	return string(code)
}

var messageKeys = regexp.MustCompile(`\["p",\{"class":"([^"]*)"`)

// keysOf are the keys of all texts that a view brings.
func keysOf(view []byte) (keys []string) {
	for _, match := range messageKeys.FindAllSubmatch(view, -1) {
		keys = append(keys, strings.Fields(string(match[1]))...)
	}
	return keys
}

func effect(t *testing.T, all []flow.Effect, do flow.Do) flow.Effect {
	t.Helper()
	for _, e := range all {
		if e.Do == do {
			return e
		}
	}
	require.Fail(t, "no such effect")
	return flow.Effect{}
}

// levelOf is the level of the line that the log has for an answer.
func levelOf(t *testing.T, r *apitest.Relay, a apitest.Answer) string {
	t.Helper()
	var level string
	// The line is written after the answer.
	require.Eventually(t, func() bool {
		for line := range bytes.Lines(r.Log.Bytes()) {
			var entry struct {
				Level string `json:"level"`
				ID    string `json:"request_id"`
			}
			if bytes.Contains(line, []byte(a.Header.Get("X-Request-Id"))) && json.Unmarshal(line, &entry) == nil && entry.ID == a.Header.Get("X-Request-Id") {
				level = entry.Level
				return true
			}
		}
		return false
	}, time.Minute, 10*time.Millisecond, "no line for %s", a.Path)
	return level
}

// scrape reads the metrics as Prometheus does.
func scrape(r *apitest.Relay) string {
	r.Settle()
	w := httptest.NewRecorder()
	r.API.Metrics.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}
