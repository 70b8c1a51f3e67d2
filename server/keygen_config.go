package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"ekycconnect/server/internal/config"
)

//go:embed relay.example.yaml
var example string

func keygenConfig() *cobra.Command {
	var out, data string
	cmd := &cobra.Command{
		Use:   "config --out FILE [--data DIR]",
		Short: "Write a configuration to begin with, every setting explained",
		Long: `Write a configuration to begin with: every setting, explained, for one site with a
fresh sitekey and secret. It is the example that comes with the relay; names and texts in
it are the example's, and yours to change. A file that is there already is never touched.
The secret is printed and stands nowhere else: the partner's back end needs it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			secret := newSecret()
			file, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("%s is there already and was not touched; name another file with --out", out)
			}
			if err != nil {
				return err
			}
			_, err = file.WriteString(config.FillExample(example, newSitekey(), config.HashSecret(secret), data))
			if err = errors.Join(err, file.Close()); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s written\nsecret, for the partner's back end: %s\n", out, secret)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "new `FILE` to write")
	cmd.Flags().StringVar(&data, "data", "data", "`DIR` of the ledger, as the file names it: a relative one starts from the file's directory")
	_ = cmd.MarkFlagRequired("out") // fails only for a flag that does not exist
	return cmd
}
