package httpapi

import (
	"net/http"
	"strconv"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/pace"
	"ekycconnect/server/internal/webhook"
	"ekycconnect/wasm/wire"
)

// A counter begins at 0, with its labels, before anything is counted: of a series that
// begins with its first event Prometheus sees no increase, so no alert rings for it.

// beginRelay begins what needs no configuration.
func (m *Metrics) beginRelay() {
	for _, limit := range connect.LimitNames() {
		m.refused.WithLabelValues(limit, "")
	}
	for _, outcome := range webhook.Outcomes {
		m.webhooks.WithLabelValues(string(outcome))
	}
}

// beginRoute begins the problems of a route that an alert watches.
func (m *Metrics) beginRoute(route string, methods []string) {
	for _, method := range methods {
		if method == http.MethodOptions {
			continue
		}
		for _, code := range []wire.Code{wire.StoreUnavailable, wire.Internal, wire.Unauthorized} {
			m.requests.WithLabelValues(route, method, strconv.Itoa(code.Status()), string(code))
		}
	}
	if route == "/v1/siteverify" { // whose answers are no problems
		m.requests.WithLabelValues(route, http.MethodPost, "200", connect.InvalidSecret)
		m.requests.WithLabelValues(route, http.MethodPost, "503", connect.InternalVerifier)
	}
}

// Site begins what is counted by site; to begin again what was begun changes nothing.
func (m *Metrics) Site(sitekey string) {
	for _, step := range connect.Steps {
		m.steps.WithLabelValues(sitekey, string(step))
	}
	for _, limit := range connect.LimitNames() {
		m.refused.WithLabelValues(limit, sitekey)
	}
	m.refusals.WithLabelValues(sitekey)
}

// beginAccount begins what is counted by vendor account.
func (m *Metrics) beginAccount(name string) {
	for _, endpoint := range []pace.Kind{pace.Connect, pace.Reload, pace.GenerateOTP, pace.VerifyOTP} {
		m.callSeconds.WithLabelValues(name, string(endpoint))
		for _, result := range deepvue.Results {
			m.calls.WithLabelValues(name, string(endpoint), result)
		}
	}
	for _, class := range deepvue.Classes {
		m.failures.WithLabelValues(name, string(class))
	}
	m.limited.WithLabelValues(name)
	for _, outcome := range connect.WaitOutcomes {
		m.waits.WithLabelValues(name, outcome)
	}
}
