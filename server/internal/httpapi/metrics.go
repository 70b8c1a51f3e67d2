package httpapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/webhook"
)

// Metrics counts what the operator wants to see. Every label has a bounded set
// of values: route patterns, codes, account names.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	calls    *prometheus.CounterVec
	webhooks *prometheus.CounterVec
}

// NewMetrics makes a registry of its own.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ekyc_http_requests_total",
			Help: "Requests answered, by route, method, status and problem code.",
		}, []string{"route", "method", "status", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "ekyc_http_request_seconds",
			Help:    "Time to answer, by route.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20},
		}, []string{"route"}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ekyc_vendor_calls_total",
			Help: "HTTP calls to the vendor, by account, endpoint and result.",
		}, []string{"account", "endpoint", "result"}),
		webhooks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ekyc_webhook_tries_total",
			Help: "Tries to tell a partner of a withdrawal or erasure, by outcome: delivered, failed, given_up.",
		}, []string{"outcome"}),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.calls, m.webhooks,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the metrics in Prometheus' text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// VendorCall counts one HTTP call to the vendor.
func (m *Metrics) VendorCall(account string, c consent.Call) {
	m.calls.WithLabelValues(account, c.Endpoint, c.Result).Inc()
}

// Webhook counts one try to tell a partner.
func (m *Metrics) Webhook(o webhook.Outcome) { m.webhooks.WithLabelValues(string(o)).Inc() }

// Messages shows how many messages wait for their partners, and how many were
// given up and are kept. Of an outbox that cannot be read nothing is shown.
func (m *Metrics) Messages(count func() (waiting, givenUp int, err error)) {
	m.registry.MustRegister(messages{count})
}

type messages struct {
	count func() (waiting, givenUp int, err error)
}

var messagesDesc = prometheus.NewDesc("ekyc_webhook_messages",
	"Messages in the outbox, by state: waiting, given_up.", []string{"state"}, nil)

// Describe implements prometheus.Collector.
func (messages) Describe(out chan<- *prometheus.Desc) { out <- messagesDesc }

// Collect implements prometheus.Collector.
func (m messages) Collect(out chan<- prometheus.Metric) {
	waiting, givenUp, err := m.count()
	if err != nil {
		return
	}
	for state, n := range map[string]int{"waiting": waiting, "given_up": givenUp} {
		out <- prometheus.MustNewConstMetric(messagesDesc, prometheus.GaugeValue, float64(n), state)
	}
}

func (m *Metrics) request(route, verb string, status int, code string, took time.Duration) {
	m.requests.WithLabelValues(route, method(verb), strconv.Itoa(status), code).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}
