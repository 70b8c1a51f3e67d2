package httpapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/deepvue"
)

// Metrics counts what the operator wants to see; server/docs/operating.md says
// what to make of it. Every label has a bounded set of values: route patterns,
// codes, and what the configuration names. It is the core's [connect.Watcher].
type Metrics struct {
	registry *prometheus.Registry

	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec

	calls       *prometheus.CounterVec
	callSeconds *prometheus.HistogramVec
	failures    *prometheus.CounterVec
	limited     *prometheus.CounterVec
	waits       *prometheus.HistogramVec

	steps    *prometheus.CounterVec
	refusals *prometheus.GaugeVec
	refused  *prometheus.CounterVec

	webhooks      *prometheus.CounterVec
	commitSize    prometheus.Histogram
	commitSeconds prometheus.Histogram
	clockAhead    prometheus.Counter
}

var seconds = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20}

// NewMetrics makes a registry of its own.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: counter("ekyc_http_requests_total", "Requests answered, by route, method, status and problem code.", "route", "method", "status", "code"),
		seconds:  histogram("ekyc_http_request_seconds", "Time to answer, by route.", "route"),

		calls:       counter("ekyc_vendor_calls_total", "HTTP calls to the vendor, by account, endpoint and result.", "account", "endpoint", "result"),
		callSeconds: histogram("ekyc_vendor_call_seconds", "Time that the vendor takes for an HTTP call, by account and endpoint.", "account", "endpoint"),
		failures:    counter("ekyc_vendor_failures_total", "Operations that the vendor failed after all tries, by account and cause.", "account", "class"),
		limited:     counter("ekyc_vendor_limited_total", "429s of the vendor. Each is a defect: of the plan in the configuration, of who else uses the key, or of the relay.", "account"),
		waits:       histogram("ekyc_line_wait_seconds", "Time in line for the vendor, by account and outcome.", "account", "outcome"),

		steps: counter("ekyc_steps_total", "Visitors' steps, by site: notice, agree or decline, captcha, answer, redeem, otp, verified.", "site", "step"),
		refusals: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "ekyc_otp_mostly_refused",
			Help: "1 while half of a site's last 50 OTP calls were refused by the vendor: somebody may be guessing with a stolen secret."}, []string{"site"}),
		refused: counter("ekyc_limited_total", "Requests refused by one of the relay's own limits; by site where one is known.", "limit", "site"),

		webhooks: counter("ekyc_webhook_tries_total", "Tries to tell a partner of a withdrawal or erasure, by outcome: delivered, failed, given_up.", "outcome"),

		commitSize: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "ekyc_commit_callers",
			Help: "Callers that share one transaction of the ledger.", Buckets: []float64{1, 2, 4, 8, 16, 32, 64, 128, 256}}),
		clockAhead: prometheus.NewCounter(prometheus.CounterOpts{Name: "ekyc_clock_ahead_total",
			Help: "Times that the newest record's time turned out to be ahead of this machine's clock: a clock was set wrong, here or at another relay."}),
		commitSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "ekyc_commit_seconds",
			Help: "Time of one transaction of the ledger.", Buckets: seconds}),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.calls, m.callSeconds, m.failures, m.limited, m.waits, m.steps, m.refusals, m.refused,
		m.webhooks, m.commitSize, m.commitSeconds, m.clockAhead, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.beginRelay()
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func histogram(name, help string, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: seconds}, labels)
}

// Handler serves the metrics in Prometheus' text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// VendorCall counts one HTTP call to the vendor.
func (m *Metrics) VendorCall(account string, c consent.Call) {
	m.calls.WithLabelValues(account, c.Endpoint, c.Result).Inc()
	m.callSeconds.WithLabelValues(account, c.Endpoint).Observe(c.Took.Seconds())
}

// VendorFailed counts one operation in vain.
func (m *Metrics) VendorFailed(account string, class deepvue.Class) {
	m.failures.WithLabelValues(account, string(class)).Inc()
}

// VendorLimited counts one 429.
func (m *Metrics) VendorLimited(account string) { m.limited.WithLabelValues(account).Inc() }

// Waited notes one visitor's time in line.
func (m *Metrics) Waited(account string, wait time.Duration, outcome string) {
	m.waits.WithLabelValues(account, outcome).Observe(wait.Seconds())
}

// Step counts one visitor's step.
func (m *Metrics) Step(site string, step connect.Step) {
	m.steps.WithLabelValues(site, string(step)).Inc()
}

// Refusals notes whether half of a site's last OTP calls were refused.
func (m *Metrics) Refusals(site string, many bool) {
	value := 0.
	if many {
		value = 1
	}
	m.refusals.WithLabelValues(site).Set(value)
}

// Limited counts one request that a limit refused.
func (m *Metrics) Limited(limit, site string) { m.refused.WithLabelValues(limit, site).Inc() }

// Commit notes one transaction of the ledger.
func (m *Metrics) Commit(callers int, took time.Duration) {
	m.commitSize.Observe(float64(callers))
	m.commitSeconds.Observe(took.Seconds())
}

// ClockAhead counts that the newest record's time was ahead of the clock.
func (m *Metrics) ClockAhead(time.Duration) { m.clockAhead.Inc() }

func (m *Metrics) request(route, verb string, status int, code string, took time.Duration) {
	m.requests.WithLabelValues(route, method(verb), strconv.Itoa(status), code).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}
