package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent/sqlite"
)

// dataProblem tries whether files can be made in the data directory, or, if it is not
// there, directories in the nearest one above it. It leaves nothing behind.
func dataProblem(c *config.Config) error {
	if c.Data == "" {
		return nil // that it is missing has been said
	}
	if err := writable(c.Data); err != nil {
		return c.Problem("data", "%s: make the directory, and let the user that the relay runs as write there", err)
	}
	return nil
}

// ledgerProblem says why the ledger in the data directory, if there is one, cannot be served.
func ledgerProblem(ctx context.Context, c *config.Config) error {
	if !c.Store.IsZero() {
		return nil
	}
	if err := sqlite.Servable(ctx, c.Data); err != nil {
		return c.Problem("data", "%s", err)
	}
	return nil
}

func writable(dir string) error {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir {
		if err = writable(filepath.Dir(dir)); err != nil {
			return fmt.Errorf("%s cannot be made: %w", dir, err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a directory", dir)
	}
	tried, err := os.MkdirTemp(dir, ".relay-check-")
	if refused, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("nothing can be made in %s: %w", dir, refused.Err) // without the name that was tried
	}
	if err != nil {
		return err
	}
	return os.Remove(tried)
}
