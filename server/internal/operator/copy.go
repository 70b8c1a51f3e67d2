package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent/audit"
	"ekycconnect/server/internal/consent/postgres"
	"ekycconnect/server/internal/consent/sqlite"
	"ekycconnect/server/internal/secret"
)

func storeCopy(env environment) *cobra.Command {
	var at ledgerFlags
	var from, to string
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
			if at.config == "" && from == "" {
				return errors.New("name the ledger's directory with --from, or a configuration with --config")
			}
			at.data = from
			p, err := at.place(env)
			if err != nil {
				return err
			}
			target, err := p.target(cmd.Context(), to, env)
			if err != nil {
				return err
			}
			events, err := p.copyTo(cmd.Context(), target)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s copied to %s and checked; serve from there, and never again from %s\n",
				count(int(events), "event"), postgres.Name(target), p.data)
			return nil
		},
	}
	cmd.Flags().StringVar(&at.config, "config", "", "configuration `FILE` (YAML)")
	cmd.Flags().StringVar(&from, "from", "", "`DIR` of the ledger that is moved (default: of the configuration)")
	cmd.Flags().StringVar(&to, "to", "", "`ADDRESS` of the empty database (default: of the configuration)")
	return cmd
}

// target is the database that is copied to, as the role that owns it.
func (p ledgerPlace) target(ctx context.Context, to string, env environment) (secret.String, error) {
	if to != "" {
		store, err := config.ParseStore(to, env)
		if err != nil {
			return secret.String{}, fmt.Errorf("--to: %w", err)
		}
		return store.String, nil
	}
	if p.config == nil || p.config.Store.IsZero() {
		return secret.String{}, errors.New("name the database with --to, or with store in the configuration")
	}
	if p.config.StoreOwner.IsZero() {
		return p.config.Store.String, nil
	}
	return p.config.StoreOwner.String, postgres.Migrate(ctx, p.config.StoreOwner.String, p.config.Store.String, p.config.StoreEraser.String)
}

// copyTo copies the ledger of the directory, while nobody writes to it.
func (p ledgerPlace) copyTo(ctx context.Context, target secret.String) (events int64, err error) {
	there, err := sqlite.Inspect(ctx, p.data) // to open it would make one
	if err != nil {
		return 0, err
	}
	if err := there.Close(); err != nil {
		return 0, err
	}
	locked, err := sqlite.Open(p.data)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, locked.Close()) }()
	original, err := sqlite.Inspect(ctx, p.data)
	if err != nil {
		return 0, err
	}
	defer original.Close()
	head, err := original.Head(ctx)
	if err != nil {
		return 0, err
	}
	if head.Note == nil {
		return 0, fmt.Errorf("nothing was ever recorded in %s: there is nothing to copy", p.data)
	}
	keys, err := p.verifiers(head.Origin)
	if err != nil {
		return 0, err
	}
	return postgres.Load(ctx, target, original, func(copy audit.Source) error {
		report, err := audit.Verify(ctx, copy, audit.Options{Origin: head.Origin, Keys: keys})
		if err != nil {
			return fmt.Errorf("the copy was undone: %w", err)
		}
		got, err := copy.Head(ctx)
		if err != nil {
			return err
		}
		if !bytes.Equal(got.Note, head.Note) || got.Checkpoints != head.Checkpoints || got.Published != head.Published || report.Size != head.Size {
			return errors.New("the copy was undone: its head is not the original's")
		}
		return nil
	})
}
