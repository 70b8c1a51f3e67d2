package consent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"ekycconnect/server/internal/consent/translog"
)

// maxGroup bounds how many writers share one transaction, and how many wait in
// the queue for the next.
const maxGroup = 256

// replyLife is how long a redemption is answered again under the same key.
const replyLife = 15 * time.Minute

// op is what one caller wants of a transaction. judge sees the rows that keys
// and consents name; it either returns an error, having changed nothing, or adds
// what is to be written. It may be run more than once, each time from the start.
type op struct {
	ctx      context.Context
	keys     []Key
	consents []uuid.UUID
	holds    bool // the holds on consents are read as well
	otp      bool // and the claims of OTP calls, by keys and consents
	judge    func(*unitOfWork) error

	err  error
	done chan struct{}
}

// commit hands o to the committing goroutine and waits. A nil error says that
// o was judged and that all it wrote is durable.
func (l *Ledger) commit(ctx context.Context, o *op) error {
	o.ctx, o.done = ctx, make(chan struct{})
	if err := l.hand(o); err != nil {
		return err
	}
	select {
	case <-o.done:
		return o.err
	case <-ctx.Done():
		return fmt.Errorf("consent: wait for the commit: %w", ctx.Err())
	}
}

func (l *Ledger) hand(o *op) error {
	l.closing.RLock()
	defer l.closing.RUnlock()
	if l.closed {
		return fmt.Errorf("consent: ledger is closed: %w", ErrUnavailable)
	}
	select {
	case l.queue <- o:
		return nil
	case <-o.ctx.Done():
		return fmt.Errorf("consent: wait for a place in a group: %w", o.ctx.Err())
	}
}

// After a group of n, the next commit begins n times pauseEach after its begin at
// the earliest, longestPause at most. Where thousands come in a second that makes
// groups larger, and each member cheaper by what a commit costs whatever it holds
// (measured: 200 µs of the processor each in groups of 8, 85 in groups of 64); where
// few come, nobody waits.
const (
	pauseEach    = 500 * time.Microsecond
	longestPause = 8 * time.Millisecond
)

// commitGroups is the only writer. While one group's commit runs, the next
// gathers, so the group grows with the load.
func (l *Ledger) commitGroups() {
	defer close(l.drained)
	group := make([]*op, 0, maxGroup)
	var begun time.Time
	for first := range l.queue {
		time.Sleep(min(time.Duration(len(group))*pauseEach, longestPause) - time.Since(begun))
		begun = time.Now()
		group = append(group[:0], first)
		for more := true; more && len(group) < maxGroup; {
			select {
			case o, ok := <-l.queue:
				if more = ok; ok {
					group = append(group, o)
				}
			default:
				more = false
			}
		}
		l.commitGroup(group)
		clear(group)
	}
}

func (l *Ledger) commitGroup(group []*op) {
	waiting := group[:0]
	for _, o := range group {
		// Nobody waits any more and nothing was begun: leave no record of it.
		if o.err = o.ctx.Err(); o.err != nil {
			close(o.done)
			continue
		}
		waiting = append(waiting, o)
	}
	if len(waiting) == 0 {
		return
	}
	err := l.write(waiting)
	for _, o := range waiting {
		// A verdict, too, may rest on rows of a group that never came to be.
		if err != nil {
			o.err = err
		}
		close(o.done)
	}
}

func (l *Ledger) write(group []*op) error {
	if l.dead.Load() {
		return fmt.Errorf("consent: ledger has ended: %w", ErrUnavailable)
	}
	if err := l.translog.Err(); err != nil {
		return logStopped(err)
	}
	ctx := context.Background() // a commit is never given up half way
	var grown translog.Growth
	var wrote *unitOfWork
	begin := time.Now()
	err := l.store.Update(ctx, func(tx Tx) (err error) {
		wrote, grown, err = l.judge(ctx, tx, group)
		return err
	})
	l.commits(len(group), time.Since(begin))
	switch {
	case err == nil:
		l.translog.Committed(grown)
		if len(wrote.batch.Entries) > 0 {
			l.newest.Store(wrote.now.UnixMilli())
		}
		return nil
	case errors.Is(err, ErrLog):
		return logStopped(err)
	case errors.Is(err, ErrUnknownOutcome):
		l.dead.Store(true)
		l.fatal(err)
		return fmt.Errorf("consent: commit: %w", ErrUnknownOutcome)
	default:
		l.log.Error("nothing was recorded: the store failed", "error", err, "decisions", len(group))
		return fmt.Errorf("consent: commit: %w", err)
	}
}

func (l *Ledger) judge(ctx context.Context, tx Tx, group []*op) (*unitOfWork, translog.Growth, error) {
	var keys []Key
	var consents []uuid.UUID
	for _, o := range group {
		keys, consents = append(keys, o.keys...), append(consents, o.consents...)
	}
	u, err := load(ctx, tx, keys, consents)
	if err != nil {
		return nil, translog.Growth{}, err
	}
	var newest time.Time
	if u.next, newest, err = tx.Size(ctx); err != nil {
		return nil, translog.Growth{}, err
	}
	l.seen(newest)
	if err := u.readHolds(ctx, tx, group); err != nil {
		return nil, translog.Growth{}, err
	}
	if err := u.readOTP(ctx, tx, group); err != nil {
		return nil, translog.Growth{}, err
	}
	u.now = l.now()
	for _, o := range group {
		o.err = o.judge(u)
	}
	if u.batch.isEmpty() && !u.publish {
		return u, translog.Growth{}, nil
	}
	u.batch.Forget = forgetBefore(u.now, newest)
	grown, err := l.translog.Append(ctx, tx, u.next-int64(len(u.batch.Entries)), salted(u.batch.Entries), u.publish)
	if err != nil {
		return nil, translog.Growth{}, err
	}
	u.batch.Log = grown.Update
	if u.batch.isEmpty() {
		return u, grown.Unwritten(), nil
	}
	return u, grown, tx.Append(ctx, u.batch)
}

// forgetBefore is the time before which replies are forgotten: by the newest event
// before, so that one commit of a clock that is ahead forgets none too early.
func forgetBefore(now, newest time.Time) time.Time {
	if newest.Before(now) && !newest.IsZero() {
		now = newest
	}
	return now.Add(-replyLife)
}
