package httpapi

import (
	"github.com/prometheus/client_golang/prometheus"

	"ekycconnect/server/internal/webhook"
)

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
