package check

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"ekycconnect/server/internal/app"
	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/audit"
	"ekycconnect/server/internal/consent/postgres"
	"ekycconnect/server/internal/consent/sqlite"
)

// written is a ledger that tells which keys it is written with.
type written interface {
	consent.KeyReader
	Head(context.Context) (audit.Head, error)
	Close() error
}

// Fingerprints says which of the keys is not the one that the ledger is written with, and
// whether its log has another name, if there are both keys and a ledger.
func Fingerprints(ctx context.Context, c *config.Config, keys config.Keys, offline bool) (problems []error, warnings []string) {
	if len(keys.Seal) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	ledger, err := openWritten(ctx, c, offline)
	if ledger == nil && err == nil {
		return nil, nil
	}
	var head audit.Head
	if err == nil {
		head, err = compare(ctx, ledger, keys)
	}
	if renamed := head.Renamed(c.Log.Origin); renamed != nil {
		problems = append(problems, c.Problem("log.origin", "%s", renamed))
	}
	var other *consent.KeyError
	switch {
	case errors.As(err, &other):
		problems = append(problems, c.Problem("keys", "%s", err))
	case err != nil:
		warnings = append(warnings, "whether the keys are the ledger's cannot be told from here: "+err.Error())
	}
	return problems, warnings
}

// openWritten opens the ledger for reading; nil if there is none that may be asked.
func openWritten(ctx context.Context, c *config.Config, offline bool) (written, error) {
	if c.Store.IsZero() {
		if _, err := os.Stat(filepath.Join(c.Data, "ledger.db")); err != nil {
			return nil, nil // the relay makes it
		}
		return sqlite.Inspect(ctx, c.Data)
	}
	if offline {
		return nil, nil
	}
	ledger, err := postgres.Inspect(ctx, c.Store.String)
	if err != nil { // what is wrong with the database is told by Store
		return nil, nil
	}
	return ledger, nil
}

func compare(ctx context.Context, ledger written, keys config.Keys) (audit.Head, error) {
	head, err := ledger.Head(ctx)
	if err == nil {
		err = consent.CheckKeys(ctx, ledger, head.Head, app.LedgerKeys(keys))
	}
	return head, errors.Join(err, ledger.Close())
}
