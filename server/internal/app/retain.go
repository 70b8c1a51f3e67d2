package app

import (
	"context"
	"time"

	"ekycconnect/server/internal/config"
)

// retainEvery is how often the relay looks for what it has kept long enough.
const retainEvery = 24 * time.Hour

// RetainReason stands in the log for ever.
const RetainReason = "the time to keep it was over"

// retain erases what was kept long enough, at the start and then once a day.
func (r *Relay) retain(ctx context.Context) {
	keep := r.config.Retention
	if keep.Consent == (config.Period{}) || keep.Requests == (config.Period{}) {
		r.log.ErrorContext(ctx, "nothing is erased by age: there is no period to keep it for")
		return
	}
	if r.Eraser == nil {
		r.log.WarnContext(ctx, "this relay's role of the database may not erase: name one in store_eraser, or run `relay consents erase --expired` once a day")
	}
	daily := time.NewTicker(retainEvery)
	defer daily.Stop()
	for {
		erased, err := 0, error(nil)
		if r.Eraser != nil {
			erased, err = r.Eraser.EraseOld(ctx, keep.Consent.Before(r.options.clock()), RetainReason)
		}
		forgotten, lost := r.Ledger.ForgetMessages(ctx, keep.Requests.Before(r.options.clock()))
		if ctx.Err() != nil {
			return
		}
		for _, err := range []error{err, lost} {
			if err != nil {
				r.log.ErrorContext(ctx, "what was kept long enough could not be erased; it is tried again in a day", "error", err)
			}
		}
		if erased+forgotten > 0 {
			r.log.InfoContext(ctx, "erased what was kept long enough", "records", erased, "messages", forgotten)
		}
		select {
		case <-ctx.Done():
			return
		case <-daily.C:
		}
	}
}
