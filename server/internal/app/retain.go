package main

import (
	"context"
	"log/slog"
	"time"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/httpapi"
	"ekycconnect/server/internal/webhook"
)

// retainEvery is how often the relay looks for what it has kept long enough.
const retainEvery = 24 * time.Hour

// retainReason stands in the log for ever.
const retainReason = "the time to keep it was over"

// retain erases what was kept long enough, at the start and then once a day.
func (r *relay) retain(ctx context.Context, log *slog.Logger) {
	if r.keep.Consent == (config.Period{}) || r.keep.Requests == (config.Period{}) {
		log.ErrorContext(ctx, "nothing is erased by age: there is no period to keep it for")
		return
	}
	if r.eraser == nil {
		log.WarnContext(ctx, "this relay's role of the database may not erase: name one in store_eraser, or run `relay consents erase --expired` once a day")
	}
	daily := time.NewTicker(retainEvery)
	defer daily.Stop()
	for {
		erased, err := 0, error(nil)
		if r.eraser != nil {
			erased, err = r.eraser.EraseOld(ctx, r.keep.Consent.Before(time.Now()), retainReason)
		}
		forgotten, lost := r.ledger.ForgetMessages(ctx, r.keep.Requests.Before(time.Now()))
		if ctx.Err() != nil {
			return
		}
		for _, err := range []error{err, lost} {
			if err != nil {
				log.ErrorContext(ctx, "what was kept long enough could not be erased; it is tried again in a day", "error", err)
			}
		}
		if erased+forgotten > 0 {
			log.InfoContext(ctx, "erased what was kept long enough", "records", erased, "messages", forgotten)
		}
		select {
		case <-ctx.Done():
			return
		case <-daily.C:
		}
	}
}

// newWebhook makes the worker that tells the partners who want to be told.
func newWebhook(c *config.Config, metrics *httpapi.Metrics, log *slog.Logger) (*webhook.Worker, error) {
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
	return webhook.New(endpoints, time.Now, log, metrics.Webhook, nil), nil
}
