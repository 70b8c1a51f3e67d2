package httpapi

import (
	"github.com/prometheus/client_golang/prometheus"

	"ekycconnect/server/internal/connect"
)

// Accounts adds the lines and breakers of the vendor accounts, which are looked
// at when they are asked for.
func (m *Metrics) Accounts(all map[string]*connect.Account) {
	for name := range all {
		m.beginAccount(name)
	}
	m.registry.MustRegister(accountGauges(all))
}

// accountGauges collects what is true of the accounts at the moment.
type accountGauges map[string]*connect.Account

var (
	lineLength  = prometheus.NewDesc("ekyc_line_length", "Visitors in line for the vendor, by account.", []string{"account"}, nil)
	otpBreakers = prometheus.NewDesc("ekyc_otp_breaker_state", "1 for the state that the account's breaker for OTP calls is in: closed, half-open or open.", []string{"account", "state"}, nil)
	breakers    = prometheus.NewDesc("ekyc_breaker_state", "1 for the state that the account's breaker is in: closed, half-open or open.", []string{"account", "state"}, nil)
)

var (
	allowanceCalls = prometheus.NewDesc("ekyc_allowance_calls", "Calls that count in a window of the account's allowance now.", []string{"account", "window"}, nil)
	allowanceLimit = prometheus.NewDesc("ekyc_allowance_limit", "Calls that a window of the account's allowance has room for.", []string{"account", "window"}, nil)
)

// Describe implements prometheus.Collector.
func (accountGauges) Describe(to chan<- *prometheus.Desc) {
	to <- allowanceCalls
	to <- allowanceLimit
	to <- lineLength
	to <- breakers
	to <- otpBreakers
}

// Collect implements prometheus.Collector.
func (g accountGauges) Collect(to chan<- prometheus.Metric) {
	for name, account := range g {
		to <- prometheus.MustNewConstMetric(lineLength, prometheus.GaugeValue, float64(account.Waiting()), name)
		for _, use := range account.Allowance() {
			to <- prometheus.MustNewConstMetric(allowanceCalls, prometheus.GaugeValue, float64(use.Calls), name, use.Window)
			to <- prometheus.MustNewConstMetric(allowanceLimit, prometheus.GaugeValue, float64(use.Limit), name, use.Window)
		}
		for desc, now := range map[*prometheus.Desc]string{breakers: account.Breaker(), otpBreakers: account.OTPBreaker()} {
			for _, state := range []string{"closed", "half-open", "open"} {
				value := 0.
				if state == now {
					value = 1
				}
				to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, name, state)
			}
		}
	}
}
