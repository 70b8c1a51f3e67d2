package consent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"ekycconnect/server/internal/consent/checkpoint"
)

// Forked says what a log was gone on from and what it had been seen to be.
type Forked struct {
	Size int64                 // of the log that is gone on from
	Lost checkpoint.Checkpoint // what had been seen; zero if it could not be read
	Kept string                // the file that now holds it
}

// maxForkReason is in bytes.
const maxForkReason = 500

// ForkLog accepts that the store is behind the anchor, or unlike it: the store's
// log is gone on from. Time and reason and what was seen are kept in the store
// for ever, the old anchor beside the new one. Everybody who has seen the lost
// entries will notice.
//
// Errors: the reason is missing; the log is not behind; [ErrLog] (the log does
// not agree with itself, which no fork mends); [ErrUnavailable].
func ForkLog(ctx context.Context, store Store, keys Keys, o LogOptions, reason string, now time.Time) (Forked, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" || len(reason) > maxForkReason || !utf8.ValidString(reason) {
		return Forked{}, fmt.Errorf("consent: give a reason of 1 to %d bytes; it is kept", maxForkReason)
	}
	lost, err := os.ReadFile(o.Anchor)
	if errors.Is(err, fs.ErrNotExist) {
		return Forked{}, fmt.Errorf("consent: there is no anchor %s that the log could be behind: nothing to do", o.Anchor)
	}
	if err != nil {
		return Forked{}, fmt.Errorf("consent: read the anchor: %w", err)
	}
	t := &tree{origin: o.Origin, every: o.PublishEvery}
	if err := t.setKeys(keys.Log); err != nil {
		return Forked{}, err
	}
	var f Forked
	var head Head
	err = store.Update(ctx, func(tx Tx) error {
		// Without the anchor the log must open as it is.
		g, err := t.open(ctx, tx)
		if err != nil {
			return err
		}
		head = g.head
		known, err := tx.LogKeys(ctx)
		if err != nil {
			return err
		}
		verifiers, err := t.allVerifiers(known)
		if err != nil {
			return err
		}
		f = Forked{Size: g.head.Size}
		if seen, err := checkpoint.Open(lost, t.origin, verifiers); err == nil {
			if g.includes(&hashes{ctx: ctx, store: tx, known: g.edge}, seen, "") == nil {
				return fmt.Errorf("consent: the log holds all that its anchor has seen: nothing to do")
			}
			f.Lost = seen
		}
		return tx.Append(ctx, Batch{Fork: &Fork{At: now, Reason: reason, Size: g.head.Size, Lost: lost}})
	})
	if err != nil {
		return Forked{}, err
	}
	f.Kept = o.Anchor + "." + now.UTC().Format("20060102T150405Z")
	if err := os.Rename(o.Anchor, f.Kept); err != nil {
		return f, fmt.Errorf("consent: put the old anchor aside: %w", err)
	}
	return f, replaceFile(o.Anchor, head.Note)
}
