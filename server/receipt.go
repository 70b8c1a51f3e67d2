package main

import (
	"github.com/spf13/cobra"

	"ekycconnect/server/internal/operator"
)

func receiptCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "receipt",
		Short: "Check a person's receipt",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(receiptVerify())
	return cmd
}

func receiptVerify() *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use:   "verify FILE --key (FILE|KEY)",
		Short: "Check a receipt file against a log's public key, without asking anybody",
		Long: `Check a receipt file: that nothing in it was changed, that the record stands in the log
at the place that it says, and that the log's owner signed for it. Nobody is asked: the
public key is all that it takes, and that you trust it. A relay shows its keys at
/v1/log/vkey; --key takes one of them or a file with several.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return operator.VerifyReceipt(args[0], key, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "public key of the log, or a file with a key a line: `FILE|KEY`")
	_ = cmd.MarkFlagRequired("key") // fails only for a flag that does not exist
	return cmd
}
