package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent/postgres"
)

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
			c, err := config.Load(path, env)
			if err != nil {
				return err
			}
			if c.Store.IsZero() {
				return errors.New("the configuration names no store: the ledger is in its data directory, and is brought up to date when the relay starts")
			}
			owner := c.StoreOwner
			if owner.IsZero() {
				owner = c.Store
			}
			if err := postgres.Migrate(cmd.Context(), owner.String, c.Store.String, c.StoreEraser.String); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s has the tables of this version; its roles have their rights\n", postgres.Name(owner.String))
			return nil
		},
	}
	cmd.Flags().StringVar(&path, "config", "", "configuration `FILE` (YAML)")
	_ = cmd.MarkFlagRequired("config") // fails only for a flag that does not exist
	return cmd
}
