package app

import (
	"log/slog"
	"time"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/httpapi"
	"ekycconnect/server/internal/webhook"
)

// newWebhooks makes the worker that tells the partners who want to be told.
func newWebhooks(c *config.Config, clock func() time.Time, log *slog.Logger, metrics *httpapi.Metrics) (*webhook.Worker, error) {
	endpoints, err := webhookEndpoints(c)
	if err != nil {
		return nil, err
	}
	return webhook.New(endpoints, clock, log, metrics.Webhook, nil), nil
}

// webhookEndpoints are the addresses of the partners who want to be told, by site.
func webhookEndpoints(c *config.Config) (map[string]webhook.Endpoint, error) {
	endpoints := map[string]webhook.Endpoint{}
	for _, site := range c.Sites {
		if site.WebhookURL == "" {
			continue
		}
		key, err := webhook.Key(site.WebhookSecret)
		if err != nil {
			return nil, err
		}
		endpoints[site.Sitekey] = webhook.Endpoint{URL: site.WebhookURL, Key: key, AllowPrivate: site.WebhookAllowPrivate}
	}
	return endpoints, nil
}
