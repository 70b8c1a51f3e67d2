package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"ekycconnect/server/internal/operator"
)

func consentsCommand(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "consents",
		Short: "Show and export records of consent; erase them, or keep them from being erased",
		Long: `Show and export records of consent; erase them, or keep them from being erased. These
commands may run beside a relay that serves.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(consentsShow(env), consentsExport(env), consentsErase(env), consentsHold(env), consentsRelease(env), consentsHolds(env))
	return cmd
}

func consentsShow(env environment) *cobra.Command {
	var at ledgerFlags
	cmd := &cobra.Command{
		Use:   "show (--config FILE | --data DIR) (ID | VALUE | -)",
		Short: "Show what is known of a consent, and what has happened to it",
		Long: `Show what is known of a consent, and what has happened to it: by its id, as a line of the
log has it; or by what somebody has in hand, which is a token, another sealed value, or the
address of a receipt. What has run out is opened, too. Since others can read a command
line, - reads the value from standard input. Neither the vendor's session nor the letters
nor the subject are printed.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ledger, err := at.find(env)
			if err != nil {
				return err
			}
			about := args[0]
			if about == "-" {
				text, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), 16<<10))
				if err != nil {
					return err
				}
				about = string(text)
			}
			return ledger.Show(cmd.Context(), strings.TrimSpace(about), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	at.add(cmd)
	return cmd
}

func consentsExport(env environment) *cobra.Command {
	var at ledgerFlags
	var which operator.Selection
	var file string
	cmd := &cobra.Command{
		Use:   "export (--config FILE | --data DIR) [--subject REF --site SITEKEY] [--since TIME] [--until TIME] [--out FILE]",
		Short: "Write records as JSON Lines",
		Long: `Write records as JSON Lines, oldest first: the sections of ISO/IEC TS 27560, the exact
bytes of each event with their SHA-256, times in UTC and in India, and the version of
this software: what a certificate under section 63 of the Bharatiya Sakshya Adhiniyam
asks for. A TIME is 2026-11-23, a day in India, or 2026-11-23T10:00:00Z.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ledger, err := at.find(env)
			if err != nil {
				return err
			}
			return ledger.Export(cmd.Context(), which, file, thisBuild().Version, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	at.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&which.Subject, "subject", "", "only records of the person with this `REF`erence of the partner's")
	flags.StringVar(&which.Site, "site", "", "`SITEKEY` whose reference it is")
	flags.StringVar(&which.Since, "since", "", "only decisions from this `TIME` on")
	flags.StringVar(&which.Until, "until", "", "only decisions before this `TIME`")
	flags.StringVar(&file, "out", "", "new `FILE` to write, readable by its owner alone (default: standard output)")
	return cmd
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
			ledger, err := at.find(env)
			if err != nil {
				return err
			}
			return ledger.Erase(cmd.Context(), ids, reason, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	at.add(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "`TEXT` that stands in the log for ever: a reference to the case, no name")
	cmd.Flags().BoolVar(&expired, "expired", false, "erase what was kept long enough")
	return cmd
}

func consentsHold(env environment) *cobra.Command {
	var at ledgerFlags
	var reason string
	cmd := &cobra.Command{
		Use:   "hold (--config FILE | --data DIR) ID --reason TEXT",
		Short: "Keep a record from being erased, however old it gets",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			ledger, err := at.find(env)
			if err == nil {
				err = ledger.Hold(cmd.Context(), ids[0], reason, cmd.ErrOrStderr())
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "the record is not erased until `relay consents release`")
			return nil
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
			ledger, err := at.find(env)
			if err == nil {
				err = ledger.Release(cmd.Context(), ids[0], cmd.ErrOrStderr())
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "the record may be erased")
			return nil
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
			ledger, err := at.find(env)
			if err != nil {
				return err
			}
			return ledger.Holds(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	at.add(cmd)
	return cmd
}
