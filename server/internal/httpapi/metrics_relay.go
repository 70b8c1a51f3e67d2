package httpapi

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Connections adds how many connections there are, and how many were closed for
// want of room.
func (m *Metrics) Connections(open func() int, closed func() uint64) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "ekyc_connections", Help: "Connections of browsers and partners."},
			func() float64 { return float64(open()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "ekyc_connections_closed_total", Help: "Connections closed and requests of HTTP/2 refused for want of room."},
			func() float64 { return float64(closed()) }),
	)
}

// MeasureReady adds whether the relay takes requests, which is found out when it is
// asked for.
func (a *API) MeasureReady() {
	a.Metrics.gauge("ekyc_ready", "1 while readyz says that requests should come here.", func() float64 {
		if a.ready(context.Background()) != "" {
			return 0
		}
		return 1
	})
}

// Certificate adds until when the relay's own certificate is valid.
func (m *Metrics) Certificate(until func() time.Time) {
	m.gauge("ekyc_certificate_not_after_seconds", "Until when the relay's TLS certificate is valid, in seconds since the epoch.",
		func() float64 { return float64(until().Unix()) })
}

// Backup adds when the ledger was backed up last; 0 is never.
func (m *Metrics) Backup(last func() time.Time) {
	m.gauge("ekyc_backup_seconds", "When the ledger was backed up last, in seconds since the epoch; 0 if it never was.", func() float64 {
		if at := last(); !at.IsZero() {
			return float64(at.Unix())
		}
		return 0
	})
}

func (m *Metrics) gauge(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
}
