package consent

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json"

	"ekycconnect/server/internal/consent/receipt"
)

// Receipt returns the receipt file of a decision: what was recorded, what was
// shown, and the proof. It is another one whenever the log has grown; every one
// of them stays good.
//
// Errors: [ErrNotFound], [ErrErased], [ErrUnavailable].
func (l *Ledger) Receipt(ctx context.Context, id string) ([]byte, error) {
	consent, err := parseID(id)
	if err != nil {
		return nil, err
	}
	entry, err := l.store.Decision(ctx, consent)
	if err != nil {
		return nil, err
	}
	return l.receipt(ctx, entry)
}

// ReceiptOf is Receipt of the record's first event of a kind: of its withdrawal,
// say.
func (l *Ledger) ReceiptOf(ctx context.Context, id string, kind Kind) ([]byte, error) {
	events, err := l.events(ctx, id)
	if err != nil {
		return nil, err
	}
	if entry, ok := first(events, kind); ok {
		return l.receipt(ctx, entry)
	}
	return nil, ErrNotFound
}

func (l *Ledger) receipt(ctx context.Context, entry Entry) ([]byte, error) {
	if len(entry.Body) == 0 {
		return nil, ErrErased
	}
	if len(entry.Salt) != saltSize {
		return nil, fmt.Errorf("consent: the salt of event %d is damaged", entry.Index)
	}
	var named struct {
		Notice string `json:"notice_sha256"`
	}
	if err := json.Unmarshal(entry.Body, &named); err != nil {
		return nil, fmt.Errorf("consent: read event %d: %w", entry.Index, err)
	}
	r := receipt.Receipt{Record: entry.Body, Salt: [saltSize]byte(entry.Salt)}
	var err error
	if named.Notice != "" {
		if r.Notice, err = l.Notice(ctx, named.Notice); err != nil {
			return nil, fmt.Errorf("consent: the notice of event %d: %w", entry.Index, err)
		}
	}
	if r.Proof, err = found(l.translog.Proof(ctx, entry.Index)); err != nil {
		return nil, err
	}
	return r.Marshal()
}
