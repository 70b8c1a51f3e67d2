package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"ekycconnect/server/internal/operator"
)

func webhooksCommand(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "webhooks",
		Short: "List messages that no partner took; send them again, or put them away",
		Long: `List messages that no partner took; send them again, or put them away. A message tells a
partner that a consent was withdrawn or erased. It is tried for 72 hours, then given up
and kept (retention.requests). These commands may run beside a relay that serves.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(webhooksList(env),
		webhooksSettle(env, "resend", "Have messages that were given up tried again",
			`Have messages that were given up tried again, for 72 hours as new ones are. The relay that
serves looks for them within half a minute.`, operator.Ledger.Resend),
		webhooksSettle(env, "discard", "Delete messages that were given up",
			`Delete messages that were given up, because the partner knows by another way. What became
of the consents stays in the ledger, and the partner can read it (GET /v1/consents).`, operator.Ledger.Discard))
	return cmd
}

func webhooksList(env environment) *cobra.Command {
	var at ledgerFlags
	cmd := &cobra.Command{
		Use:   "list (--config FILE | --data DIR)",
		Short: "List the messages that were given up",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ledger, err := at.find(env)
			if err != nil {
				return err
			}
			return ledger.GivenUp(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	at.add(cmd)
	return cmd
}

func webhooksSettle(env environment, name, short, long string,
	do func(operator.Ledger, context.Context, []string, io.Writer, io.Writer) error) *cobra.Command {
	var at ledgerFlags
	var all bool
	cmd := &cobra.Command{
		Use:   name + " (--config FILE | --data DIR) (ID... | --all)",
		Short: short,
		Long:  long,
		RunE: func(cmd *cobra.Command, ids []string) error {
			if all == (len(ids) > 0) {
				return errors.New("name the messages as `relay webhooks list` does, or use --all alone")
			}
			ledger, err := at.find(env)
			if err != nil {
				return err
			}
			return do(ledger, cmd.Context(), ids, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	at.add(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "all messages that were given up")
	return cmd
}
