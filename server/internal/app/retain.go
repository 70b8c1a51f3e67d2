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
	clock := steadiness{clock: r.options.clock, newest: r.Ledger.Newest()}
	for {
		erased, forgotten := 0, 0
		var err, lost error
		if now, steady := clock.look(); steady {
			if r.Eraser != nil {
				erased, err = r.Eraser.EraseOld(ctx, keep.Consent.Before(now), RetainReason)
			}
			forgotten, lost = r.Ledger.ForgetMessages(ctx, keep.Requests.Before(now))
		} else {
			r.log.WarnContext(ctx, "nothing is erased by age today: this machine's clock is far from where it was, or from the newest record; if it is right tomorrow still, it is believed",
				"clock", now.UTC().Format(time.RFC3339))
		}
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

// steadiness judges whether a clock may be erased by, which cannot be undone: a clock
// that is far ahead would have everything be old.
type steadiness struct {
	clock  func() time.Time
	newest time.Time // of the ledger, at the start; zero if it is empty

	shown time.Time // when it was looked at last, by the clock
	at    time.Time // and by the monotonic one
}

// most is how far a clock may be from where it should be.
const most = 24 * time.Hour

// look reads the clock. It is steady if it has gone on as time has since the last look; at
// the first look, if it is not far ahead of the newest record.
func (s *steadiness) look() (now time.Time, steady bool) {
	now = s.clock().Round(0) // without its monotonic reading
	if s.at.IsZero() {
		steady = s.newest.IsZero() || now.Sub(s.newest) <= most
	} else {
		drift := now.Sub(s.shown) - time.Since(s.at)
		steady = drift.Abs() <= time.Hour
	}
	s.shown, s.at = now, time.Now()
	return now, steady
}
