package consent

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Rekey has a ledger go on with another look-up key or receipt key than before: the one
// in keys. What was found by the one before is not found any more. The fingerprint of
// the new one is kept for ever, with the reason. No relay may serve from the store
// meanwhile.
//
// Errors: the key is another, or the ledger's already; the reason is missing; a
// *[KeyError] of the log key; [ErrUnavailable].
func Rekey(ctx context.Context, store Store, keys Keys, which KeyName, reason string, now time.Time) error {
	if err := checkReason(reason); err != nil {
		return err
	}
	f := Fingerprint{Key: which, At: now, Reason: reason}
	var err error
	switch which {
	case LookupKey:
		f.Print, err = which.print(keys.Lookup)
	case ReceiptKey:
		f.Print, err = which.print(keys.Receipt)
	case LogKey:
		return errors.New("consent: a log key is replaced in the keys file: put the new one above the old one, and restart")
	default:
		return fmt.Errorf("consent: there is no key %q: lookup and receipt are those that can be replaced", which)
	}
	if err != nil {
		return err
	}
	return store.Update(ctx, func(tx Tx) error {
		head, err := tx.Head(ctx)
		if err != nil {
			return err
		}
		signing := Keys{Log: keys.Log}
		if err := CheckKeys(ctx, tx, head, signing); err != nil {
			return err
		}
		recorded, err := tx.Fingerprints(ctx)
		if err != nil {
			return err
		}
		if last := newest(recorded, which); last != nil && last.Print == f.Print {
			return fmt.Errorf("consent: the %s key in the keys file is the ledger's already: nothing to do", which)
		}
		return tx.Append(ctx, Batch{Fingerprints: []Fingerprint{f}})
	})
}
