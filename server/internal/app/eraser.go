package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/postgres"
	"ekycconnect/server/internal/webhook"
)

// newEraser makes the ledger by which what was kept long enough is erased: the one
// that serves, unless its role of the database may not erase. Then it is another
// one, with the role that may, on the same database as any other relay's; nil if no
// such role is named.
func newEraser(ctx context.Context, c *config.Config, keys config.Keys, hooks *webhook.Worker, serving *consent.Ledger, log *slog.Logger) (*consent.Ledger, error) {
	if c.Store.IsZero() {
		return serving, nil
	}
	if c.StoreEraser.IsZero() {
		about, err := postgres.Describe(ctx, c.Store.String)
		if err != nil || about.Erases {
			return serving, err
		}
		return nil, nil
	}
	store, err := postgres.Open(ctx, c.StoreEraser.String)
	if err != nil {
		return nil, err
	}
	options := logOptions(c)
	options.Anchor = "" // the serving ledger keeps it
	eraser, err := consent.New(store, ledgerKeys(keys), time.Now, log,
		consent.WithLog(options), consent.WithOutbox(hooks.Wants, hooks.Notify))
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return eraser, nil
}
