package translog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"ekycconnect/server/internal/consent/translog/checkpoint"
)

// Forked says what a log was continued from and what it had been seen to be.
type Forked struct {
	Size int64                 // of the log that is continued
	Lost checkpoint.Checkpoint // what had been seen; zero if it could not be read
	Kept string                // the file that now holds it
}

// maxForkReason is in bytes.
const maxForkReason = 500

// AcceptLoss accepts that the store is behind the anchor, or unlike it: the store's
// log is continued, and the anchor is made to fit it. Time, reason and the old
// anchor are kept in the store for ever, the old anchor also beside the new one.
// Whoever has seen the lost entries will notice.
//
// Errors: the reason is missing; the log is not behind; [ErrStopped] (the log does
// not agree with itself, which no fork mends); the store's.
func AcceptLoss(ctx context.Context, transact Transact, seeds [][]byte, o Options, reason string, now time.Time) (Forked, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" || len(reason) > maxForkReason || !utf8.ValidString(reason) {
		return Forked{}, fmt.Errorf("translog: give a reason of 1 to %d bytes; it is kept", maxForkReason)
	}
	anchor := o.Anchor
	lost, err := os.ReadFile(anchor)
	if errors.Is(err, fs.ErrNotExist) {
		return Forked{}, fmt.Errorf("translog: there is no anchor %s that the log could be behind: nothing to do", anchor)
	}
	if err != nil {
		return Forked{}, fmt.Errorf("translog: read the anchor: %w", err)
	}
	o.Anchor = "" // without it, the log must open as it is
	l, err := New(nil, seeds, o, nil)
	if err != nil {
		return Forked{}, err
	}
	var f Forked
	var head Head
	err = transact(ctx, func(tx Tx) error {
		g, err := l.open(ctx, tx)
		if err != nil {
			return err
		}
		head, f = g.tree.head, Forked{Size: g.tree.head.Size}
		recorded, err := tx.LogKeys(ctx)
		if err != nil {
			return err
		}
		verifiers, err := l.allVerifiers(recorded)
		if err != nil {
			return err
		}
		if seen, err := checkpoint.Open(lost, l.origin, verifiers); err == nil {
			if g.tree.includes(&hashes{ctx: ctx, store: tx, known: g.tree.edge}, seen, "") == nil {
				return fmt.Errorf("translog: the log holds all that its anchor has seen: nothing to do")
			}
			f.Lost = seen
		}
		return tx.Write(ctx, Update{Fork: &Fork{At: now, Reason: reason, Size: f.Size, Lost: lost}})
	})
	if err != nil {
		return Forked{}, err
	}
	f.Kept = anchor + "." + now.UTC().Format("20060102T150405Z")
	if err := os.Rename(anchor, f.Kept); err != nil {
		return f, fmt.Errorf("translog: keep the old anchor: %w", err)
	}
	return f, replaceFile(anchor, head.Note)
}
