package main

import (
	"errors"

	"github.com/spf13/cobra"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/operator"
)

func storeCommand(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "store",
		Short: "Back the ledger up; make the tables in a database; move the ledger there; replace a key of it",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(storeBackup(env), storeMigrate(env), storeCopy(env), storeRekey(env))
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
			ledger, err := at.find(env)
			if err != nil {
				return err
			}
			return ledger.Backup(cmd.Context(), out, cmd.OutOrStdout())
		},
	}
	at.add(cmd)
	cmd.Flags().StringVar(&out, "out", "", "new `FILE` to write")
	_ = cmd.MarkFlagRequired("out") // fails only for a flag that does not exist
	return cmd
}

func storeMigrate(env environment) *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "migrate --config FILE",
		Short: "Make the tables in the database, and give its roles their rights",
		Long: `Make the tables in the database that the configuration names in store, or bring them
up to this version; then give the roles of store and store_eraser their rights. It
connects as store_owner, or as store if that is not there, which must own the database.

Relays that serve meanwhile go on. A relay whose configuration has store_owner, or whose
own role owns the database, does this by itself when it starts.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.LoadForLedger(path, env)
			if err != nil {
				return err
			}
			return operator.Migrate(cmd.Context(), c, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&path, "config", "", "configuration `FILE` (YAML)")
	_ = cmd.MarkFlagRequired("config") // fails only for a flag that does not exist
	return cmd
}

func storeCopy(env environment) *cobra.Command {
	var file, from, to string
	cmd := &cobra.Command{
		Use:   "copy (--config FILE | --from DIR) [--to postgres://…]",
		Short: "Move the ledger from its directory to a PostgreSQL database",
		Long: `Move the ledger from a directory (SQLite) to an empty PostgreSQL database, row for row:
the same events, the same tree, the same checkpoints, everything by which a record is
found, holds and messages that wait. The directory comes from --from or the
configuration, the database from --to or the configuration (store_owner, else store).
In --to, ${NAME} is replaced by the environment's NAME: others can read a command line.

Stop the relay first; the directory is locked meanwhile, and is left as it is. The copy
is checked as by relay log verify before it counts; if anything is wrong, the database
stays empty. Keys, receipts and the log's name stay as they are: serve from the database
with the same keys file, and never again from the directory.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" && from == "" {
				return errors.New("name the ledger's directory with --from, or a configuration with --config")
			}
			ledger, err := operator.Find(file, from, env)
			if err != nil {
				return err
			}
			return ledger.Copy(cmd.Context(), to, env, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&file, "config", "", "configuration `FILE` (YAML)")
	cmd.Flags().StringVar(&from, "from", "", "`DIR` of the ledger that is moved (default: of the configuration)")
	cmd.Flags().StringVar(&to, "to", "", "`ADDRESS` of the empty database (default: of the configuration)")
	return cmd
}

func storeRekey(env environment) *cobra.Command {
	var at ledgerFlags
	var key, reason string
	cmd := &cobra.Command{
		Use:   "rekey (--config FILE | --data DIR) --key (lookup|receipt) --reason TEXT",
		Short: "Go on with another lookup or receipt key, after one has leaked",
		Long: `A ledger remembers a fingerprint of the keys that it is written with, and no command
works with others. If a key has to be replaced, because it has leaked say, stop every
relay, put the new key into the keys file, and tell the ledger with this command.

Nothing is encrypted anew. With another receipt key the addresses of all receipts that
were given out lead nowhere. With another lookup key records of before are not found by
subject any more, and a token that was redeemed before would redeem again: replace the
sealing key with it, which ends all tokens. The reason is kept in the ledger.
server/docs/keys.md says what to do for each key.

A log key is replaced without this command: see relay keygen log.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ledger, err := at.find(env)
			if err != nil {
				return err
			}
			return ledger.Rekey(cmd.Context(), consent.KeyName(key), reason, cmd.OutOrStdout())
		},
	}
	at.add(cmd)
	cmd.Flags().StringVar(&key, "key", "", "`KEY` that is replaced: lookup or receipt")
	cmd.Flags().StringVar(&reason, "reason", "", "`TEXT` that says why; it is kept")
	for _, name := range []string{"key", "reason"} {
		_ = cmd.MarkFlagRequired(name) // fails only for a flag that does not exist
	}
	return cmd
}
