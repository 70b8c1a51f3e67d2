package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/webhook"
)

func keygenCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keygen",
		Short: "Make keys, a partner's secret, a sitekey",
		Long: `Make what a relay and its partners need. Everything comes from the system's
random source and is printed or written once; nothing is kept anywhere else.

To set up a relay:             relay keygen config --out relay.yaml
                               relay keygen keys --out data/keys.yaml
To add a partner:              relay keygen sitekey; relay keygen secret
To replace a partner's secret: relay keygen secret, add its sha256: line as the second
                               entry of the site, send SIGHUP, remove the first entry once
                               the partner has changed over, send SIGHUP
To replace the sealing key:    relay keygen seal
To replace the log's key:      relay keygen log
After a key has leaked:        server/docs/keys.md`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(keygenConfig(), keygenKeys(), keygenSeal(), keygenLookup(), keygenReceipt(), keygenLog(), keygenSecret(), keygenSitekey(), keygenWebhook())
	return cmd
}

func keygenKeys() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "keys --out FILE",
		Short: "Write a keys file",
		Long: `Write a keys file with fresh keys, readable by its owner alone (mode 0600). A file
that is there already is never touched. Back it up: without it subjects can no
longer be found in the ledger. Every replica needs the same file.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := config.CreateKeys(out, time.Now())
			if errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("%s is there already and was not touched; name another file with --out", out)
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s written; back it up, and give every replica the same\n", out)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to write, usually keys.yaml in the data directory")
	_ = cmd.MarkFlagRequired("out") // fails only for a flag that does not exist
	return cmd
}

func keygenSeal() *cobra.Command {
	return &cobra.Command{
		Use:   "seal",
		Short: "Print a new sealing key for the keys file",
		Long: `Print a new sealing key as it stands in the keys file's list seal, of which the first
seals and each opens. First put it at the end, everywhere, and restart; then move it to
the top, everywhere, and restart: a relay must know a key before another one seals with
it. Remove the old key a day later.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fmt.Fprint(cmd.OutOrStdout(), config.NewSealKey(time.Now()).YAML())
			return nil
		},
	}
}

func keygenWebhook() *cobra.Command {
	return &cobra.Command{
		Use:   "webhook",
		Short: "Print a secret that signs the messages to a partner's back end",
		Long: `Print a secret for a site's webhook_secret. The partner's back end needs the same, to
check who sent a message.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			key := make([]byte, 32)
			rand.Read(key)
			fmt.Fprintln(cmd.OutOrStdout(), webhook.NewSecret(key))
			return nil
		},
	}
}

func keygenReceipt() *cobra.Command {
	return &cobra.Command{
		Use:   "receipt",
		Short: "Print a receipt key for the keys file",
		Long: `Print a receipt key as it stands in the keys file, for a file that was made before there
were receipts, or in the place of a key that has leaked. With another one, every address
of a receipt that was given out is dead, and the ledger wants to be told: relay store
rekey. server/docs/keys.md says in which order.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fmt.Fprint(cmd.OutOrStdout(), config.NewReceiptKey())
			return nil
		},
	}
}

func keygenLookup() *cobra.Command {
	return &cobra.Command{
		Use:   "lookup",
		Short: "Print a lookup key for the keys file, in the place of one that has leaked",
		Long: `Print a lookup key as it stands in the keys file, in the place of one that has leaked.
With another one, records of before are not found by subject any more, and the ledger
wants to be told: relay store rekey. server/docs/keys.md says in which order.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fmt.Fprint(cmd.OutOrStdout(), config.NewLookupKey())
			return nil
		},
	}
}

func keygenLog() *cobra.Command {
	return &cobra.Command{
		Use:   "log",
		Short: "Print a new key that signs the log of consents, for the keys file",
		Long: `Print a new key that signs the log of consents, as it stands in the keys file's list
log, newest first. While two stand there both sign, so that whoever checks the log can
go over to the new public key (/v1/log/vkey); then remove the old one. With several
replicas, give all of them the same file.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fmt.Fprint(cmd.OutOrStdout(), config.NewLogKey())
			return nil
		},
	}
}

func keygenSecret() *cobra.Command {
	return &cobra.Command{
		Use:   "secret",
		Short: "Print a secret for a partner's back end, and its hash for the configuration",
		Long: `Print a secret with 256 random bits, and the line for the site's secrets. The
partner's back end gets the first; the configuration gets the second and holds
nothing else. The secret cannot be shown again.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			plain := newSecret()
			fmt.Fprintf(cmd.OutOrStdout(), "secret, for the partner's back end: %s\nsecrets, in the configuration:      %s\n",
				plain, config.HashSecret(plain))
			return nil
		},
	}
}

func keygenSitekey() *cobra.Command {
	return &cobra.Command{
		Use:   "sitekey",
		Short: "Print a sitekey for a partner's page; it is public",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fmt.Fprintln(cmd.OutOrStdout(), newSitekey())
			return nil
		},
	}
}

func newSecret() string { return "sk_" + random(32) }

func newSitekey() string { return "pk_live_" + random(16) }

// random is n random bytes in base64url.
func random(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}
