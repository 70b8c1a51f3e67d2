package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/report"
	"ekycconnect/server/internal/webhook"
)

// messagesAtOnce is how many messages are read at a time.
const messagesAtOnce = 1000

// GivenUp lists the messages that no partner took.
func (l Ledger) GivenUp(ctx context.Context, out, stderr io.Writer) error {
	return l.open(ctx, stderr, func(ledger *consent.Ledger) error {
		return eachGivenUp(ctx, ledger, func(m consent.Message) error {
			_, err := fmt.Fprintf(out, "%s  of %s  since %s  tried %d times\n", webhook.ID(m), m.Site, m.Made.Format(time.RFC3339), m.Tries)
			return err
		})
	})
}

// Resend has the messages of these ids tried again; all that were given up if there are
// none. The relay that serves looks for them within half a minute.
func (l Ledger) Resend(ctx context.Context, ids []string, out, stderr io.Writer) error {
	return l.settle(ctx, ids, (*consent.Ledger).Resend, "to be sent again", out, stderr)
}

// Discard deletes the messages of these ids; all that were given up if there are none.
func (l Ledger) Discard(ctx context.Context, ids []string, out, stderr io.Writer) error {
	return l.settle(ctx, ids, (*consent.Ledger).Discard, "put away", out, stderr)
}

func (l Ledger) settle(ctx context.Context, ids []string, do func(*consent.Ledger, context.Context, int64) error, done string, out, stderr io.Writer) error {
	wanted := map[string]bool{}
	for _, id := range ids {
		wanted[id] = true
	}
	settled := 0
	err := l.open(ctx, stderr, func(ledger *consent.Ledger) error {
		return eachGivenUp(ctx, ledger, func(m consent.Message) error {
			if len(ids) > 0 && !wanted[webhook.ID(m)] {
				return nil
			}
			if err := do(ledger, ctx, m.Index); err != nil {
				return err
			}
			delete(wanted, webhook.ID(m))
			settled++
			return nil
		})
	})
	fmt.Fprintf(out, "%s %s\n", report.Count(settled, "message"), done)
	for id := range wanted {
		err = errors.Join(err, fmt.Errorf("%s is no message that was given up; `relay webhooks list` lists those", id))
	}
	return err
}

func eachGivenUp(ctx context.Context, ledger *consent.Ledger, do func(consent.Message) error) error {
	for after := int64(-1); ; {
		messages, err := ledger.GivenUp(ctx, after, messagesAtOnce)
		if err != nil || len(messages) == 0 {
			return err
		}
		for _, m := range messages {
			if err := do(m); err != nil {
				return err
			}
			after = m.Index
		}
	}
}
