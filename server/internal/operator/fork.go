package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"ekycconnect/server/internal/app"
	"ekycconnect/server/internal/consent"
)

// Fork goes on from a log that is behind what was seen of it.
func (l Ledger) Fork(ctx context.Context, reason string, out io.Writer) (err error) {
	store, err := l.alone(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := l.needsKeys(); err != nil {
		return err
	}
	if l.log.Origin == "" {
		head, err := store.Head(ctx)
		if err != nil {
			return err
		}
		if l.log.Origin = head.Origin; head.Origin == "" {
			l.log.Origin = consent.SandboxOrigin
		}
	}
	forked, err := consent.ForkLog(ctx, store, app.LedgerKeys(l.keys), l.log, reason, time.Now())
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "the log goes on from its %d entries; what had been seen of it (%d entries) is in %s\n",
		forked.Size, forked.Lost.Size, forked.Kept)
	return nil
}
