package webhook

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"ekycconnect/server/internal/consent"
)

// pauses are how long a message waits after each try that failed: ten more
// tries over 72 hours. Each is up to a twentieth more or less, so that what
// failed together does not come back together.
var pauses = []time.Duration{
	5 * time.Second, 30 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour,
	5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 20*time.Hour + 24*time.Minute,
}

// look is how often the outbox is looked into without a word of a new message:
// another program may have put one there.
const look = 30 * time.Second

// turn is how long a message is this relay's: a try takes a few seconds. If the relay
// ends before it has said what became of the message, another one tries after that.
const turn = time.Minute

// A partner that keeps a try waiting for longer than patience before it fails rests
// for a turn: with many messages for it, nobody else would be told for hours.
const patience = time.Second

// Outbox holds the messages; [consent.Ledger] is the real one.
type Outbox interface {
	Take(ctx context.Context, now, until time.Time) (m consent.Message, ok bool, next time.Time, err error)
	Delivered(ctx context.Context, index int64) error
	Postpone(ctx context.Context, index int64, due time.Time) error
	GiveUp(ctx context.Context, index int64) error
}

// Outcome is what became of one try.
type Outcome string

const (
	Delivered Outcome = "delivered"
	Failed    Outcome = "failed"   // and will be tried again
	GivenUp   Outcome = "given_up" // the last try failed
)

// Outcomes are all there are.
var Outcomes = []Outcome{Delivered, Failed, GivenUp}

// Worker delivers messages, one after the other.
type Worker struct {
	endpoints atomic.Pointer[map[string]Endpoint] // by site
	clock     func() time.Time
	log       *slog.Logger
	seen      func(Outcome)
	send      *sender
	more      chan struct{}
	resting   map[string]time.Time // until when, by site; only Step looks
}

// New makes a worker. seen is told of each try; roots may be nil.
func New(endpoints map[string]Endpoint, clock func() time.Time, log *slog.Logger, seen func(Outcome), roots *x509.CertPool) *Worker {
	w := &Worker{clock: clock, log: log, seen: seen, send: newSender(clock, roots), more: make(chan struct{}, 1), resting: map[string]time.Time{}}
	w.SetEndpoints(endpoints)
	return w
}

// SetEndpoints replaces whom it tells; a try that is under way goes on.
func (w *Worker) SetEndpoints(endpoints map[string]Endpoint) { w.endpoints.Store(&endpoints) }

// Wants reports whether a site takes messages.
func (w *Worker) Wants(site string) bool { return (*w.endpoints.Load())[site].URL != "" }

// Notify says that there may be a new message. It does not wait.
func (w *Worker) Notify() {
	select {
	case w.more <- struct{}{}:
	default:
	}
}

// Run delivers until ctx ends.
func (w *Worker) Run(ctx context.Context, box Outbox) {
	failing := false
	for {
		next, err := w.Step(ctx, box)
		if ctx.Err() != nil {
			return
		}
		if err != nil && !failing { // said once, not every half minute
			w.log.ErrorContext(ctx, "messages for partners wait: the outbox cannot be read or written", "error", err)
		}
		failing = err != nil
		timer := time.NewTimer(min(max(next.Sub(w.clock()), 0), look))
		select {
		case <-ctx.Done():
		case <-w.more:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// Step delivers what is due and returns when to look again.
func (w *Worker) Step(ctx context.Context, box Outbox) (next time.Time, err error) {
	for ctx.Err() == nil {
		now := w.clock()
		later := now.Add(look)
		m, due, first, err := box.Take(ctx, now, now.Add(turn))
		if err != nil {
			return later, err
		}
		if !due {
			if first.IsZero() {
				first = later
			}
			return first, nil
		}
		if now.Before(w.resting[m.Site]) {
			continue // no try was made, and its turn ends by itself
		}
		if err := w.deliver(ctx, box, m); err != nil {
			return later, err
		}
	}
	return next, ctx.Err()
}

// deliver makes one try. The error is the outbox's.
func (w *Worker) deliver(ctx context.Context, box Outbox, m consent.Message) error {
	endpoint, ok := (*w.endpoints.Load())[m.Site]
	failed := errors.New("webhook: the site has no webhook_url any more")
	if ok {
		begin := time.Now()
		if failed = w.send.send(ctx, endpoint, m); failed != nil && time.Since(begin) > patience {
			w.resting[m.Site] = w.clock().Add(turn)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err() // the relay is being stopped: that is no failure of the partner's
	}
	log := w.log.With("site", m.Site, "message", ID(m), "try", m.Tries+1)
	switch {
	case failed == nil:
		w.seen(Delivered)
		log.InfoContext(ctx, "a partner was told")
		return box.Delivered(ctx, m.Index)
	case m.Tries >= len(pauses):
		w.seen(GivenUp)
		log.ErrorContext(ctx, "a partner could not be told, and is not tried again", "error", failed)
		return box.GiveUp(ctx, m.Index)
	default:
		w.seen(Failed)
		pause := pauses[m.Tries]
		pause += rand.N(pause/10) - pause/20
		log.WarnContext(ctx, "a partner could not be told", "error", failed, "again_in_s", pause.Seconds())
		return box.Postpone(ctx, m.Index, w.clock().Add(pause))
	}
}
