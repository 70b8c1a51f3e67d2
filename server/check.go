package main

import (
	"github.com/spf13/cobra"

	"ekycconnect/server/internal/check"
)

func checkCommand(env environment) *cobra.Command {
	o := check.Options{Env: env}
	cmd := &cobra.Command{
		Use:   "check --config FILE",
		Short: "Check a configuration: problems with line and remedy, then warnings",
		Long: `Check a configuration, its keys file and its notices without serving anything.
Problems keep the relay from starting: the exit status is 1 then. Warnings are for
you to judge. No secret is printed.

It looks from here whether the vendor's address answers, whether the clock is right,
whether the sites' names exist, and whether the database of store can be used;
--offline leaves that out. The credentials are
not tried: the vendor takes no call without a person's consent.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return check.Run(cmd.Context(), o, cmd.OutOrStdout()) },
	}
	cmd.Flags().StringVar(&o.Config, "config", "", "configuration `FILE` (YAML)")
	cmd.Flags().StringVar(&o.Data, "data", "", "`DIR` of the ledger, as for serve (default: of the configuration)")
	cmd.Flags().BoolVar(&o.Offline, "offline", false, "ask nobody: neither the vendor's address nor the DNS")
	_ = cmd.MarkFlagRequired("config") // fails only for a flag that does not exist
	return cmd
}
