package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const webhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// withWebhook is the good file with these lines in its site.
func withWebhook(t *testing.T, lines ...string) string {
	file := filepath.Join(t.TempDir(), "hook")
	require.NoError(t, os.WriteFile(file, []byte(webhookSecret+"\n"), 0o600))
	site := "    purposes: [account-opening]\n"
	return edit(t, site, site+"    "+strings.ReplaceAll(strings.Join(lines, "\n    "), "FILE", file)+"\n")
}

func TestAWebhookIsReadWithItsSecret(t *testing.T) {
	c, err := load(t, withWebhook(t, "webhook_url: https://hooks.bank.example/consent?k=1", "webhook_secret_file: FILE"))
	require.NoError(t, err)
	require.Equal(t, webhookSecret, c.Sites[0].WebhookSecret.Reveal())
	require.False(t, c.Sites[0].WebhookAllowPrivate)
	c, err = load(t, withWebhook(t, "webhook_url: http://localhost:9/x", "webhook_secret_file: FILE", "webhook_allow_private: true"))
	require.NoError(t, err)
	require.True(t, c.Sites[0].WebhookAllowPrivate)
}

func TestAWebhookThatCannotWorkIsReported(t *testing.T) {
	for problem, lines := range map[string][]string{
		"webhook_url: must be https":                              {"webhook_url: http://hooks.bank.example/", "webhook_secret_file: FILE"},
		"webhook_url: must be https (http only":                   {"webhook_url: http://localhost:9/x", "webhook_secret_file: FILE"},
		"webhook_url: credentials must not stand":                 {"webhook_url: https://u:canary@hooks.bank.example/", "webhook_secret_file: FILE"},
		"webhook_url: needs an address such as":                   {"webhook_url: hooks.bank.example", "webhook_secret_file: FILE"},
		"webhook_secret is missing":                               {"webhook_url: https://hooks.bank.example/"},
		"webhook_secret: a secret must not stand in this file":    {"webhook_url: https://hooks.bank.example/", "webhook_secret: whsec_canary"},
		"webhook_secret: needs whsec_ and":                        {"webhook_url: https://hooks.bank.example/", "webhook_secret: ${SECRET}"},
		"webhook_secret_file: webhook_secret is there as well":    {"webhook_url: https://hooks.bank.example/", "webhook_secret: ${SECRET}", "webhook_secret_file: FILE"},
		"webhook_secret_file: does nothing without webhook_url":   {"webhook_secret_file: FILE"},
		"webhook_allow_private: does nothing without webhook_url": {"webhook_allow_private: true"},
	} {
		_, err := load(t, withWebhook(t, lines...))
		require.ErrorContains(t, err, problem)
		require.Len(t, Problems(err), 1, "%s: %v", problem, err)
	}
}

func TestRetentionIsInYearsOrDays(t *testing.T) {
	c, err := load(t, good+"retention: {consent: 10y, requests: 400d}\n")
	require.NoError(t, err)
	require.Equal(t, Retention{Consent: Period{Years: 10}, Requests: Period{Days: 400}}, c.Retention)
	now := time.Date(2036, 2, 29, 12, 0, 0, 0, time.UTC)
	require.Equal(t, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), c.Retention.Consent.Before(now))
	require.Equal(t, "10y 400d", c.Retention.Consent.String()+" "+c.Retention.Requests.String())
	c, err = load(t, good)
	require.NoError(t, err)
	require.Equal(t, Retention{Consent: Period{Years: 7}, Requests: Period{Years: 1}}, c.Retention)
	for _, bad := range []string{"7", "7 years", "0y", "-1y", "1.5y", "8760h", "7Y"} {
		_, err := load(t, good+"retention: {consent: '"+bad+"'}\n")
		require.ErrorContains(t, err, "retention.consent: needs a number of years or days", bad)
	}
	_, err = load(t, good+"retention: {consent: 364d}\n")
	require.ErrorContains(t, err, "retention.consent: must be 1y to 100y")
}
