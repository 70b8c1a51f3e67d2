package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/postgres"
	"ekycconnect/server/internal/consent/sqlite"
)

// How often a start is tried again, and how often that is said.
const (
	againEvery = 500 * time.Millisecond
	sayEvery   = 10 * time.Second
)

// patiently repeats a start for as long as what it fails for may pass by itself.
func patiently(ctx context.Context, patience time.Duration, log *slog.Logger, start func() (*Relay, error)) (*Relay, error) {
	begin := time.Now()
	var said time.Time
	for {
		r, err := start()
		left := patience - time.Since(begin)
		if err == nil || !passing(err) || left <= 0 {
			return r, err
		}
		if time.Since(said) >= sayEvery {
			said = time.Now()
			log.WarnContext(ctx, "the start waits for what cannot be reached, and tries again", "for", left.Round(time.Second), "error", err)
		}
		select {
		case <-time.After(min(againEvery, left)):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// passing reports whether an error of the start may be over in a moment: nobody answers,
// or another relay still has the directory. A database that knows the role and refuses it
// is for the operator to mend.
func passing(err error) bool {
	return errors.Is(err, sqlite.ErrInUse) || errors.Is(err, consent.ErrUnavailable) && !errors.Is(err, consent.ErrLog) && !postgres.Refused(err)
}
