package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"ekycconnect/server/internal/consent/receipt"
	"ekycconnect/server/internal/consent/translog/checkpoint"
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
			return verifyReceipt(args[0], key, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "public key of the log, or a file with a key a line: `FILE|KEY`")
	_ = cmd.MarkFlagRequired("key") // fails only for a flag that does not exist
	return cmd
}

func verifyReceipt(path, key string, out io.Writer) error {
	text, err := os.ReadFile(key)
	switch {
	case err == nil:
		key = string(text)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	keys, err := checkpoint.Verifiers(key)
	if err != nil {
		return fmt.Errorf("--key is neither a file nor a key: %w", err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	r, err := receipt.Verify(file, keys)
	if err != nil {
		return fmt.Errorf("%s is not genuine: %w", path, err)
	}
	return describeReceipt(r, path, out)
}

func describeReceipt(r receipt.Receipt, path string, out io.Writer) error {
	var record struct {
		ID    string `json:"record_id"`
		Event struct {
			State string `json:"state"`
			Time  string `json:"time"`
		} `json:"event"`
		Site    string `json:"site"`
		Purpose string `json:"purpose_text"`
		Lang    string `json:"language"`
	}
	if err := json.Unmarshal(r.Record, &record); err != nil {
		return fmt.Errorf("%s is genuine, and its record cannot be shown: %w", path, err)
	}
	fmt.Fprintf(out, "%s is genuine.\n\n", path)
	line(out, "record", record.ID)
	line(out, "decision", record.Event.State+" at "+record.Event.Time)
	line(out, "site", record.Site)
	if record.Purpose != "" {
		line(out, "purpose", record.Purpose)
	}
	if r.Notice != nil {
		line(out, "notice", fmt.Sprintf("in the file, %d bytes, language %s, SHA-256 %x", len(r.Notice), record.Lang, sha256.Sum256(r.Notice)))
	}
	line(out, "log", fmt.Sprintf("%s, place %d of %d", r.Origin(), r.Index(), r.Size()))
	fmt.Fprintln(out, "\nThe log's owner signed that this record stands there; nobody can change, remove or\n"+
		"back-date it unnoticed by those who keep the log's checkpoints.")
	return nil
}
