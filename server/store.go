package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"ekycconnect/server/internal/consent/sqlite"
)

func storeCommand(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "store",
		Short: "Back the ledger up; make the tables in a database; move the ledger there",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(storeBackup(env), storeMigrate(env), storeCopy(env))
	return cmd
}

func storeBackup(env environment) *cobra.Command {
	var at ledgerFlags
	var out string
	cmd := &cobra.Command{
		Use:   "backup (--config FILE | --data DIR) --out FILE",
		Short: "Copy the ledger to a file, also while a relay serves",
		Long: `Copy the ledger to a new file, as it is at one moment, and check the copy. A relay may
serve meanwhile. The file holds personal data, as the ledger does, and is readable by
its owner alone. The keys file is not in it: back that up once, and keep it elsewhere.
What is erased from the ledger later is still in the file: do not keep it longer than
you need it. server/docs/restore.md says how to restore.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := at.place(env)
			if err != nil {
				return err
			}
			if !p.database().IsZero() {
				return errors.New("this ledger is in PostgreSQL, which has its own backups: archive its WAL, or use pg_dump (server/docs/restore.md)")
			}
			events, err := sqlite.Backup(cmd.Context(), p.data, out)
			if errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("%s is there already and was not touched; name another file with --out", out)
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s written and checked: %s\n", out, count(int(events), "event"))
			return nil
		},
	}
	at.add(cmd)
	cmd.Flags().StringVar(&out, "out", "", "new `FILE` to write")
	_ = cmd.MarkFlagRequired("out") // fails only for a flag that does not exist
	return cmd
}
