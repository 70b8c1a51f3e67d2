package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"ekycconnect/server/internal/consent/audit"
	"ekycconnect/server/internal/consent/translog/checkpoint"
	"ekycconnect/server/internal/report"
)

// Verify checks every row of the ledger against its log, and against an earlier
// checkpoint if a file with one is named.
func (l Ledger) Verify(ctx context.Context, against string, out io.Writer) error {
	// First what was seen, then the ledger: a relay may be writing.
	o := audit.Options{Origin: l.log.Origin}
	anchor, err := os.ReadFile(l.log.Anchor)
	if err == nil {
		o.Seen = append(o.Seen, audit.Seen{Where: l.log.Anchor, Note: anchor})
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if against != "" {
		saved, err := os.ReadFile(against)
		if err != nil {
			return err
		}
		o.Seen = append(o.Seen, audit.Seen{Where: against, Note: saved})
	}
	whole, err := l.inspect(ctx)
	if err != nil {
		return err
	}
	defer whole.Close()
	if o.Origin == "" {
		head, err := whole.Head(ctx)
		if err != nil {
			return err
		}
		o.Origin = head.Origin
	}
	if o.Keys, err = l.verifiers(o.Origin); err != nil {
		return err
	}
	found, err := audit.Verify(ctx, whole, o)
	if audit.IsFault(err) {
		return fmt.Errorf("the ledger in %s is not what its log was signed for: %w", l.name(), err)
	}
	if err != nil {
		return err
	}
	l.tell(found, o, out)
	return nil
}

// verifiers are the public keys of the keys file, in signed-note form.
func (l Ledger) verifiers(origin string) (keys []string, err error) {
	for _, key := range l.keys.Log {
		public, err := checkpoint.NewKey(origin, key.Bytes())
		if err != nil {
			return nil, err
		}
		keys = append(keys, public.Public)
	}
	return keys, nil
}

func (l Ledger) tell(r audit.Report, o audit.Options, out io.Writer) {
	report.Line(out, "log", r.Origin)
	report.Line(out, "entries", fmt.Sprintf("%d, of %s, %d of them erased", r.Size, report.Count(int(r.Records), "record"), r.Erased))
	report.Line(out, "root", r.Root.String())
	report.Line(out, "checkpoints", fmt.Sprint(r.Checkpoints))
	for _, seen := range o.Seen {
		report.Line(out, "includes", seen.Where)
	}
	for _, fork := range r.Forks {
		report.Line(out, "fork", fmt.Sprintf("on %s, at %d entries: %s", fork.At.Format(time.RFC3339), fork.Size, fork.Reason))
	}
	fmt.Fprintln(out, "\nEvery row, hash, checkpoint and look-up is as it was recorded.")
	if len(o.Keys) == 0 {
		fmt.Fprintln(out, "The public keys came from the ledger itself: compare /v1/log/vkey with a copy of your own.")
	}
	if len(o.Seen) == 0 {
		fmt.Fprintln(out, "Nothing from outside the ledger was compared: use --against with a checkpoint that you saved.")
	}
}
