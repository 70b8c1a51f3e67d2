package consent

import (
	"context"
	"time"
)

// MostPutOff is longer than a message is ever put off.
const MostPutOff = 24 * time.Hour

// WithOutbox has the ledger write a message for each withdrawal and erasure of a
// site that wants them, in the event's own transaction. notify is called, after
// the commit, and must not wait.
func WithOutbox(wants func(site string) bool, notify func()) Option {
	return func(l *Ledger) { l.outbox = outbox{wants, notify} }
}

type outbox struct {
	wants  func(site string) bool
	notify func()
}

// messageText is the body of a message, as the partner gets it.
type messageText struct {
	Type      string      `json:"type"`
	Timestamp string      `json:"timestamp"`
	Data      messageData `json:"data"`
}

type messageData struct {
	ConsentID string `json:"consent_id"`
	Sitekey   string `json:"sitekey"`
	Purpose   string `json:"purpose"`
	Via       Via    `json:"via"`
}

// message adds a message about the event at index, if the site wants messages.
func (l *Ledger) message(u *unitOfWork, index int64, kind Kind, of State, via Via) error {
	if l.outbox.wants == nil || !l.outbox.wants(of.Site) {
		return nil
	}
	body, err := marshal(&messageText{
		Type: "consent." + string(kind), Timestamp: stamp(u.now),
		Data: messageData{ConsentID: of.ID(), Sitekey: of.Site, Purpose: of.Purpose, Via: via},
	})
	if err != nil {
		return err
	}
	u.batch.Upkeep.Messages = append(u.batch.Upkeep.Messages,
		Message{Index: index, Site: of.Site, Body: body, Made: u.now, Due: u.now})
	return nil
}

func (l *Ledger) notify() {
	if l.outbox.notify != nil {
		l.outbox.notify()
	}
}

// Messages returns at most limit messages that wait to be delivered, the one
// that is due first first, whether or not it is due.
func (l *Ledger) Messages(ctx context.Context, limit int) ([]Message, error) {
	return l.store.Messages(ctx, limit)
}

// Take returns the message that is due first, if one is due by now. No other
// relay on the same store takes it before until; by then it should be settled, by
// Delivered, Postpone or GiveUp. If none is due, ok is false, and next is when the
// first will be; zero if none waits.
func (l *Ledger) Take(ctx context.Context, now, until time.Time) (m Message, ok bool, next time.Time, err error) {
	return l.store.TakeMessage(ctx, now, until)
}

// MessageCount is how many messages wait, and how many were given up.
func (l *Ledger) MessageCount(ctx context.Context) (waiting, givenUp int, err error) {
	return l.store.MessageCount(ctx)
}

// GivenUp returns at most limit messages that nobody tries to deliver any more, with an
// index above after, oldest first.
func (l *Ledger) GivenUp(ctx context.Context, after int64, limit int) ([]Message, error) {
	return l.store.GivenUp(ctx, after, limit)
}

// Resend has a message that was given up tried again, as often as a new one.
func (l *Ledger) Resend(ctx context.Context, index int64) error {
	return l.settle(ctx, Settlement{Index: index, Due: l.clock(), Anew: true})
}

// Discard deletes a message that was given up.
func (l *Ledger) Discard(ctx context.Context, index int64) error { return l.Delivered(ctx, index) }

// Delivered deletes a message that has arrived.
func (l *Ledger) Delivered(ctx context.Context, index int64) error {
	return l.settle(ctx, Settlement{Index: index, Delivered: true})
}

// Postpone keeps a message for another try.
func (l *Ledger) Postpone(ctx context.Context, index int64, due time.Time) error {
	return l.settle(ctx, Settlement{Index: index, Due: due})
}

// GiveUp keeps a message that nobody tries to deliver any more.
func (l *Ledger) GiveUp(ctx context.Context, index int64) error {
	return l.settle(ctx, Settlement{Index: index})
}

func (l *Ledger) settle(ctx context.Context, what Settlement) error {
	return l.commit(ctx, &op{judge: func(u *unitOfWork) error {
		u.batch.Upkeep.Settled = append(u.batch.Upkeep.Settled, what)
		return nil
	}})
}

// ForgetMessages deletes messages that were given up and made before a time.
// It returns how many there were.
func (l *Ledger) ForgetMessages(ctx context.Context, before time.Time) (int, error) {
	forgotten := 0
	err := l.store.Update(ctx, func(tx Tx) (err error) {
		forgotten, err = tx.ForgetMessages(ctx, before)
		return err
	})
	return forgotten, err
}
