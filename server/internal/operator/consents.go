package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent"
)

func consentsCommand(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "consents",
		Short: "Export records of consent; erase them, or keep them from being erased",
		Long: `Export records of consent; erase them, or keep them from being erased. These commands
may run beside a relay that serves.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(consentsExport(env), consentsErase(env), consentsHold(env), consentsRelease(env), consentsHolds(env))
	return cmd
}

// withLedger opens the ledger beside a relay that may be serving.
func (p ledgerPlace) withLedger(ctx context.Context, stderr io.Writer, do func(*consent.Ledger) error) (err error) {
	store, err := p.beside(ctx)
	if err != nil {
		return err
	}
	if p.log.Origin == "" {
		head, lost := store.Head(ctx)
		if lost != nil {
			return errors.Join(lost, store.Close())
		}
		p.log.Origin = head.Origin
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	ledger, err := consent.New(store, ledgerKeys(p.keys), time.Now, log,
		consent.WithLog(p.log), consent.WithOutbox(p.tells, nil))
	if err != nil {
		return errors.Join(err, store.Close())
	}
	defer func() { err = errors.Join(err, ledger.Close()) }()
	return do(ledger)
}

// tells reports whether a site is told of what becomes of its consents; the
// relay that serves delivers it.
func (p ledgerPlace) tells(sitekey string) bool {
	if p.config == nil {
		return false
	}
	site, ok := p.config.Site(sitekey)
	return ok && site.WebhookURL != ""
}

func consentsErase(env environment) *cobra.Command {
	var at ledgerFlags
	var reason string
	var expired bool
	cmd := &cobra.Command{
		Use:   "erase (--config FILE | --data DIR) (ID... --reason TEXT | --expired)",
		Short: "Erase records: their contents, not their places in the log",
		Long: `Erase records: the text of every event and everything by which they are found, also
from the ledger's free space (in PostgreSQL once vacuum has passed). Their places in the
log stay, so that it still proves all others, and an event says that they were erased,
when and why. A consent that was in force ends. It cannot be undone; copies and backups
that were made before still hold the records.

--expired erases what was kept for as long as the configuration says (retention), which
the relay also does by itself once a day. With --config the partners are told.`,
		RunE: func(cmd *cobra.Command, ids []string) error {
			if expired == (len(ids) > 0) || expired == (reason != "") {
				return errors.New("name the records and a reason, or use --expired alone")
			}
			p, err := at.place(env)
			if err != nil {
				return err
			}
			if err := p.mayErase(cmd.Context()); err != nil {
				return err
			}
			return p.withLedger(cmd.Context(), cmd.ErrOrStderr(), func(l *consent.Ledger) error {
				return p.erase(cmd.Context(), l, ids, reason, cmd.OutOrStdout())
			})
		},
	}
	at.add(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "`TEXT` that stands in the log for ever: a reference to the case, no name")
	cmd.Flags().BoolVar(&expired, "expired", false, "erase what was kept long enough")
	return cmd
}

func (p ledgerPlace) erase(ctx context.Context, l *consent.Ledger, ids []string, reason string, out io.Writer) error {
	var erased int
	var err error
	if len(ids) > 0 {
		erased, err = l.Erase(ctx, consent.Erasure{IDs: ids, Via: consent.ViaOperator, Reason: reason})
	} else {
		keep := config.DefaultRetention
		if p.config != nil {
			keep = p.config.Retention
		}
		erased, err = l.EraseOld(ctx, keep.Consent.Before(time.Now()), retainReason)
	}
	if errors.Is(err, consent.ErrHeld) {
		return fmt.Errorf("%w; end it with `relay consents release`", err)
	}
	if errors.Is(err, consent.ErrUnavailable) {
		return fmt.Errorf("%w; run the command again", err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s erased\n", count(erased, "record"))
	if p.config == nil && erased > 0 {
		fmt.Fprintln(out, "without --config no partner was told")
	}
	return nil
}

func consentsHold(env environment) *cobra.Command {
	var at ledgerFlags
	var reason string
	cmd := &cobra.Command{
		Use:   "hold (--config FILE | --data DIR) ID --reason TEXT",
		Short: "Keep a record from being erased, however old it gets",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return at.withEraser(cmd, env, func(ctx context.Context, l *consent.Ledger, out io.Writer) error {
				if err := l.Hold(ctx, ids[0], reason); err != nil {
					return err
				}
				fmt.Fprintln(out, "the record is not erased until `relay consents release`")
				return nil
			})
		},
	}
	at.add(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "`TEXT`: a reference to the case, no name")
	_ = cmd.MarkFlagRequired("reason") // fails only for a flag that does not exist
	return cmd
}

func consentsRelease(env environment) *cobra.Command {
	var at ledgerFlags
	cmd := &cobra.Command{
		Use:   "release (--config FILE | --data DIR) ID",
		Short: "Let a record be erased again",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return at.withEraser(cmd, env, func(ctx context.Context, l *consent.Ledger, out io.Writer) error {
				if err := l.Release(ctx, ids[0]); err != nil {
					return err
				}
				fmt.Fprintln(out, "the record may be erased")
				return nil
			})
		},
	}
	at.add(cmd)
	return cmd
}

func consentsHolds(env environment) *cobra.Command {
	var at ledgerFlags
	cmd := &cobra.Command{
		Use:   "holds (--config FILE | --data DIR)",
		Short: "List the records that are kept from being erased",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return at.with(cmd, env, func(ctx context.Context, l *consent.Ledger, out io.Writer) error {
				holds, err := l.Holds(ctx)
				for _, hold := range holds {
					fmt.Fprintf(out, "%s  since %s  %s\n", hold.Consent, hold.Since.Format(time.RFC3339), hold.Reason)
				}
				return err
			})
		},
	}
	at.add(cmd)
	return cmd
}

// with runs what a command does with the ledger that its flags name.
func (f *ledgerFlags) with(cmd *cobra.Command, env environment, do func(context.Context, *consent.Ledger, io.Writer) error) error {
	p, err := f.place(env)
	if err != nil {
		return err
	}
	return p.withLedger(cmd.Context(), cmd.ErrOrStderr(), func(l *consent.Ledger) error {
		return do(cmd.Context(), l, cmd.OutOrStdout())
	})
}

// withEraser is with for what only the role that erases may do.
func (f *ledgerFlags) withEraser(cmd *cobra.Command, env environment, do func(context.Context, *consent.Ledger, io.Writer) error) error {
	p, err := f.place(env)
	if err != nil {
		return err
	}
	if err := p.mayErase(cmd.Context()); err != nil {
		return err
	}
	return f.with(cmd, env, do)
}
