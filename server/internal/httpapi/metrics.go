package httpapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"ekycconnect/server/internal/consent"
)

// Metrics counts what the operator wants to see. Every label has a bounded set
// of values: route patterns, codes, account names.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	calls    *prometheus.CounterVec
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
	}
	m.registry.MustRegister(m.requests, m.seconds, m.calls,
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

func (m *Metrics) request(route, verb string, status int, code string, took time.Duration) {
	m.requests.WithLabelValues(route, method(verb), strconv.Itoa(status), code).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}
