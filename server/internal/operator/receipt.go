package operator

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/go-json-experiment/json"

	"ekycconnect/server/internal/consent/receipt"
	"ekycconnect/server/internal/consent/translog/checkpoint"
	"ekycconnect/server/internal/report"
)

// VerifyReceipt checks a receipt file against a log's public keys, which key is or which
// stand in the file of that name. Nobody is asked.
func VerifyReceipt(path, key string, out io.Writer) error {
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
	report.Line(out, "record", record.ID)
	report.Line(out, "decision", record.Event.State+" at "+record.Event.Time)
	report.Line(out, "site", record.Site)
	if record.Purpose != "" {
		report.Line(out, "purpose", record.Purpose)
	}
	if r.Notice != nil {
		report.Line(out, "notice", fmt.Sprintf("in the file, %d bytes, language %s, SHA-256 %x", len(r.Notice), record.Lang, sha256.Sum256(r.Notice)))
	}
	report.Line(out, "log", fmt.Sprintf("%s, place %d of %d", r.Origin(), r.Index(), r.Size()))
	fmt.Fprintln(out, "\nThe log's owner signed that this record stands there; nobody can change, remove or\n"+
		"back-date it unnoticed by those who keep the log's checkpoints.")
	return nil
}
