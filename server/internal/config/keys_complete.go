package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// NewLogKey makes an entry for the keys file's list of log keys.
func NewLogKey() string { return NewKey().logYAML() }

// logYAML is an entry of the log keys, key in clear.
func (k Key) logYAML() string { return "  - " + base64.StdEncoding.EncodeToString(k[:]) + "\n" }

// completeKeys adds to a keys file what an older program did not know of. The
// file is replaced by a complete one, or left as it is. The sandbox does this by
// itself; elsewhere the operator does, since every replica needs the same file.
func completeKeys(path string) (err error) {
	text, err := readFile(path, maxKeysFile)
	if err != nil {
		return fmt.Errorf("config: keys file: %w", err)
	}
	r := &reader{file: path}
	var keys Keys
	if !r.read(text, &keys) || len(r.problems) > 0 || len(keys.Seal) == 0 {
		return nil // LoadKeys tells
	}
	added := ""
	if keys.Receipt == (Key{}) {
		added += NewReceiptKey()
	}
	if len(keys.Log) == 0 {
		added += "log:\n" + NewLogKey()
	}
	if added == "" {
		return nil
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // mode 0600
	if err != nil {
		return fmt.Errorf("config: complete keys file: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(string(text) + "\n" + added)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("config: complete keys file: %w", err)
	}
	return nil
}
