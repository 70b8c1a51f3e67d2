package operator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent/audit"
	"ekycconnect/server/internal/consent/postgres"
	"ekycconnect/server/internal/consent/sqlite"
	"ekycconnect/server/internal/report"
	"ekycconnect/server/internal/secret"
)

// Copy moves the ledger from its directory to an empty database: the one at to, or if
// that is empty the one of the configuration.
func (l Ledger) Copy(ctx context.Context, to string, env func(string) (string, bool), out io.Writer) error {
	here := Ledger{data: l.data, keys: l.keys}
	if err := here.readable(ctx); err != nil { // before anything is made in the database
		return err
	}
	target, err := l.target(ctx, to, env)
	if err != nil {
		return err
	}
	events, err := l.copyTo(ctx, target)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s copied to %s and checked; serve from there, and never again from %s\n",
		report.Count(int(events), "event"), postgres.Name(target), l.data)
	return nil
}

// target is the database that is copied to, as the role that owns it.
func (l Ledger) target(ctx context.Context, to string, env func(string) (string, bool)) (secret.String, error) {
	if to != "" {
		store, err := config.ParseStore(to, env)
		if err != nil {
			return secret.String{}, fmt.Errorf("--to: %w", err)
		}
		return store.String, nil
	}
	if l.config == nil || l.config.Store.IsZero() {
		return secret.String{}, errors.New("name the database with --to, or with store in the configuration")
	}
	if l.config.StoreOwner.IsZero() {
		return l.config.Store.String, nil
	}
	return l.config.StoreOwner.String, postgres.Migrate(ctx, l.config.StoreOwner.String, l.config.Store.String, l.config.StoreEraser.String)
}

// copyTo copies the ledger of the directory, while nobody writes to it, and checks the
// copy before it counts.
func (l Ledger) copyTo(ctx context.Context, target secret.String) (events int64, err error) {
	locked, err := sqlite.OpenExisting(ctx, l.data)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, locked.Close()) }()
	original, err := sqlite.Inspect(ctx, l.data)
	if err != nil {
		return 0, err
	}
	defer original.Close()
	head, err := original.Head(ctx)
	if err != nil {
		return 0, err
	}
	if head.Note == nil {
		return 0, fmt.Errorf("nothing was ever recorded in %s: there is nothing to copy", l.data)
	}
	keys, err := l.verifiers(head.Origin)
	if err != nil {
		return 0, err
	}
	return postgres.Load(ctx, target, original, func(copy audit.Source) error {
		found, err := audit.Verify(ctx, copy, audit.Options{Origin: head.Origin, Keys: keys})
		if err != nil {
			return fmt.Errorf("the copy was undone: %w", err)
		}
		got, err := copy.Head(ctx)
		if err != nil {
			return err
		}
		if !bytes.Equal(got.Note, head.Note) || got.Checkpoints != head.Checkpoints || got.Published != head.Published || found.Size != head.Size {
			return errors.New("the copy was undone: its head is not the original's")
		}
		return nil
	})
}
