package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"ekycconnect/server/internal/app"
	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/report"
)

// Erase erases records, or with no ids what was kept long enough. The reason stands in
// the log for ever.
func (l Ledger) Erase(ctx context.Context, ids []string, reason string, out, stderr io.Writer) error {
	if err := l.mayErase(ctx); err != nil {
		return err
	}
	var erased int
	err := l.open(ctx, stderr, func(ledger *consent.Ledger) (err error) {
		if len(ids) > 0 {
			erased, err = ledger.Erase(ctx, consent.Erasure{IDs: ids, Via: consent.ViaOperator, Reason: reason})
			return err
		}
		keep := config.DefaultRetention
		if l.config != nil {
			keep = l.config.Retention
		}
		erased, err = ledger.EraseOld(ctx, keep.Consent.Before(time.Now()), app.RetainReason)
		return err
	})
	if errors.Is(err, consent.ErrHeld) {
		return fmt.Errorf("%w; end it with `relay consents release`", err)
	}
	if errors.Is(err, consent.ErrUnavailable) {
		return fmt.Errorf("%w; run the command again", err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s erased\n", report.Count(erased, "record"))
	if l.config == nil && erased > 0 {
		fmt.Fprintln(out, "without --config no partner was told")
	}
	return nil
}

// Hold keeps a record from being erased.
func (l Ledger) Hold(ctx context.Context, id, reason string, stderr io.Writer) error {
	if err := l.mayErase(ctx); err != nil {
		return err
	}
	return l.open(ctx, stderr, func(ledger *consent.Ledger) error { return ledger.Hold(ctx, id, reason) })
}

// Release lets a record be erased again.
func (l Ledger) Release(ctx context.Context, id string, stderr io.Writer) error {
	if err := l.mayErase(ctx); err != nil {
		return err
	}
	return l.open(ctx, stderr, func(ledger *consent.Ledger) error { return ledger.Release(ctx, id) })
}

// Holds lists the records that are kept from being erased.
func (l Ledger) Holds(ctx context.Context, out, stderr io.Writer) error {
	return l.open(ctx, stderr, func(ledger *consent.Ledger) error {
		holds, err := ledger.Holds(ctx)
		for _, hold := range holds {
			fmt.Fprintf(out, "%s  since %s  %s\n", hold.Consent, hold.Since.Format(time.RFC3339), hold.Reason)
		}
		return err
	})
}
