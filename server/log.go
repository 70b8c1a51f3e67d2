package main

import (
	"github.com/spf13/cobra"

	"ekycconnect/server/internal/operator"
)

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

func (f *ledgerFlags) find(env environment) (operator.Ledger, error) {
	return operator.Find(f.config, f.data, env)
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
			ledger, err := at.find(env)
			if err != nil {
				return err
			}
			return ledger.Verify(cmd.Context(), against, cmd.OutOrStdout())
		},
	}
	at.add(cmd)
	cmd.Flags().StringVar(&against, "against", "", "`FILE` with an earlier checkpoint of this log, as /v1/log/checkpoint gives it")
	return cmd
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
			ledger, err := at.find(env)
			if err != nil {
				return err
			}
			return ledger.Fork(cmd.Context(), reason, cmd.OutOrStdout())
		},
	}
	at.add(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "`TEXT` that says what happened, for whoever checks the log later")
	_ = cmd.MarkFlagRequired("reason") // fails only for a flag that does not exist
	return cmd
}
