package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/audit"
	"ekycconnect/server/internal/consent/translog/checkpoint"
)

type environment = func(string) (string, bool)

func logCommand(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "log",
		Short: "Check the log of consents; go on from one that is behind",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(logVerify(env), logFork(env))
	return cmd
}

// ledgerFlags say which ledger is meant.
type ledgerFlags struct{ config, data string }

func (f *ledgerFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.config, "config", "", "configuration `FILE` (YAML)")
	cmd.Flags().StringVar(&f.data, "data", "", "`DIR` of the ledger, as for serve (default: of the configuration)")
	cmd.MarkFlagsOneRequired("config", "data")
}

// ledgerPlace is where a ledger is and what its log is checked against. keys is
// empty if there is only a directory and no keys file in it.
type ledgerPlace struct {
	config *config.Config // nil without a configuration
	data   string
	keys   config.Keys
	log    consent.LogOptions // Origin is "" if only the store tells
}

func (f *ledgerFlags) place(env environment) (p ledgerPlace, err error) {
	p = ledgerPlace{data: f.data, log: consent.LogOptions{Anchor: filepath.Join(f.data, anchorFile)}}
	keys := filepath.Join(f.data, config.KeysFile)
	if f.config != "" {
		c, err := config.Load(f.config, env)
		if err != nil {
			return p, err
		}
		if f.data != "" {
			c.UseData(f.data)
		}
		p.config, p.data, p.log, keys = c, c.Data, logOptions(c), c.Keys
	}
	p.keys, err = config.LoadKeys(keys)
	if f.config == "" && errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return p, err
}

func logVerify(env environment) *cobra.Command {
	var at ledgerFlags
	var against string
	cmd := &cobra.Command{
		Use:   "verify (--config FILE | --data DIR) [--against FILE]",
		Short: "Check every row of the ledger against the log",
		Long: `Replay the whole log: every row against its leaf, every hash, every published
checkpoint, every look-up, the anchor, and with --against a checkpoint that was saved
elsewhere. The first row that is wrong is named. It changes nothing, and may run
beside a relay that serves.

Without --config the public keys come from keys.yaml in the data directory, and if
there is none from the ledger itself: then whoever wrote it wrote them too.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := at.place(env)
			if err != nil {
				return err
			}
			return p.verify(cmd.Context(), against, cmd.OutOrStdout())
		},
	}
	at.add(cmd)
	cmd.Flags().StringVar(&against, "against", "", "`FILE` with an earlier checkpoint of this log, as /v1/log/checkpoint gives it")
	return cmd
}

func (p ledgerPlace) verify(ctx context.Context, against string, out io.Writer) error {
	// First what was seen, then the ledger: a relay may be writing.
	o := audit.Options{Origin: p.log.Origin}
	anchor, err := os.ReadFile(p.log.Anchor)
	if err == nil {
		o.Seen = append(o.Seen, audit.Seen{Where: p.log.Anchor, Note: anchor})
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
	ledger, err := p.inspect(ctx)
	if err != nil {
		return err
	}
	defer ledger.Close()
	if o.Origin == "" {
		head, err := ledger.Head(ctx)
		if err != nil {
			return err
		}
		o.Origin = head.Origin
	}
	if o.Keys, err = p.verifiers(o.Origin); err != nil {
		return err
	}
	report, err := audit.Verify(ctx, ledger, o)
	if audit.IsFault(err) {
		return fmt.Errorf("the ledger in %s is not what its log was signed for: %w", p.name(), err)
	}
	if err != nil {
		return err
	}
	p.tell(report, o, out)
	return nil
}

// verifiers are the public keys of the keys file, in signed-note form.
func (p ledgerPlace) verifiers(origin string) (keys []string, err error) {
	for _, key := range p.keys.Log {
		public, err := checkpoint.NewKey(origin, key.Bytes())
		if err != nil {
			return nil, err
		}
		keys = append(keys, public.Public)
	}
	return keys, nil
}

func (p ledgerPlace) tell(r audit.Report, o audit.Options, out io.Writer) {
	line(out, "log", r.Origin)
	line(out, "entries", fmt.Sprintf("%d, of %s, %d of them erased", r.Size, count(int(r.Records), "record"), r.Erased))
	line(out, "root", r.Root.String())
	line(out, "checkpoints", fmt.Sprint(r.Checkpoints))
	for _, seen := range o.Seen {
		line(out, "includes", seen.Where)
	}
	for _, fork := range r.Forks {
		line(out, "fork", fmt.Sprintf("on %s, at %d entries: %s", fork.At.Format(time.RFC3339), fork.Size, fork.Reason))
	}
	fmt.Fprintln(out, "\nEvery row, hash, checkpoint and look-up is as it was recorded.")
	if len(o.Keys) == 0 {
		fmt.Fprintln(out, "The public keys came from the ledger itself: compare /v1/log/vkey with a copy of your own.")
	}
	if len(o.Seen) == 0 {
		fmt.Fprintln(out, "Nothing from outside the ledger was compared: use --against with a checkpoint that you saved.")
	}
}

func logFork(env environment) *cobra.Command {
	var at ledgerFlags
	var reason string
	cmd := &cobra.Command{
		Use:   "fork (--config FILE | --data DIR) --reason TEXT",
		Short: "Go on from a log that is behind what was seen of it",
		Long: `A relay whose log is behind its anchor, after a restored backup say, records nothing
until somebody decides. First look for the newer data. If it is lost for good, stop the
relay and accept the loss with this command: the log goes on from where the ledger is.
The reason is kept in the ledger, the old anchor beside the new one. Whoever has a
receipt or a checkpoint of the lost part can prove that it was there.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := at.place(env)
			if err != nil {
				return err
			}
			return p.fork(cmd.Context(), reason, cmd.OutOrStdout())
		},
	}
	at.add(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "`TEXT` that says what happened, for whoever checks the log later")
	_ = cmd.MarkFlagRequired("reason") // fails only for a flag that does not exist
	return cmd
}

func (p ledgerPlace) fork(ctx context.Context, reason string, out io.Writer) (err error) {
	store, err := p.alone(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if p.log.Origin == "" {
		head, err := store.Head(ctx)
		if err != nil {
			return err
		}
		if p.log.Origin = head.Origin; head.Origin == "" {
			p.log.Origin = consent.SandboxOrigin
		}
	}
	forked, err := consent.ForkLog(ctx, store, ledgerKeys(p.keys), p.log, reason, time.Now())
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "the log goes on from its %d entries; what had been seen of it (%d entries) is in %s\n",
		forked.Size, forked.Lost.Size, forked.Kept)
	return nil
}
