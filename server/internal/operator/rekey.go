package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"ekycconnect/server/internal/app"
	"ekycconnect/server/internal/consent"
)

// lost says what is not found any more once a key is replaced.
var lost = map[consent.KeyName]string{
	consent.LookupKey:  "records of before are not found by subject any more, and no repeat of a request of before is recognised",
	consent.ReceiptKey: "addresses of receipts that were given out lead nowhere any more",
}

// Rekey has the ledger go on with another key than before: the one of the keys file.
func (l Ledger) Rekey(ctx context.Context, which consent.KeyName, reason string, out io.Writer) (err error) {
	store, err := l.alone(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := l.needsKeys(); err != nil {
		return err
	}
	if err := consent.Rekey(ctx, store, app.LedgerKeys(l.keys), which, reason, time.Now()); err != nil {
		return err
	}
	fmt.Fprintf(out, "the ledger goes on with the %s key of the keys file; %s\n", which, lost[which])
	return nil
}
