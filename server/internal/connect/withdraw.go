package connect

import (
	"context"
	"errors"

	"ekycconnect/server/internal/consent"
	"ekycconnect/wasm/wire"
)

// Withdrawal acknowledges that a consent has ended.
type Withdrawal struct {
	ID          string `json:"id"`
	WithdrawnAt string `json:"withdrawn_at"`
	ReceiptURL  string `json:"receipt_url"`
}

// Withdraw ends a consent of the partner's own. It may be repeated.
func (s *Service) Withdraw(ctx context.Context, site *Site, id string) (Withdrawal, error) {
	state, err := s.Ledger.Withdraw(ctx, consent.Withdrawal{ID: id, Site: site.Sitekey, Via: consent.ViaPartner})
	if err != nil {
		return Withdrawal{}, ledgerError(err)
	}
	trail(ctx).Consent = state.ID()
	s.ended(state.Account(), state.ID())
	return Withdrawal{ID: state.ID(), WithdrawnAt: Stamp(state.WithdrawnAt), ReceiptURL: s.Receipts.URL(state.ID())}, nil
}

// Receipt finds the record behind a capability. Unknown and forged ones are
// alike; of an erased record the events are left.
func (s *Service) Receipt(ctx context.Context, capability string) (consent.Record, error) {
	id, ok := s.Receipts.Record(capability)
	if !ok {
		return consent.Record{}, refuse(wire.NotFound, "there is no such receipt")
	}
	trail(ctx).Consent = id
	record, err := s.Ledger.Record(ctx, id)
	if errors.Is(err, consent.ErrNotFound) {
		return record, refuse(wire.NotFound, "there is no such receipt")
	}
	if err != nil {
		return record, ledgerError(err)
	}
	return record, nil
}

// ReceiptFile is the receipt behind a capability as a file that proves itself:
// of the decision, or of the withdrawal, which has one of its own.
func (s *Service) ReceiptFile(ctx context.Context, capability string, ofWithdrawal bool) (file []byte, id string, err error) {
	id, ok := s.Receipts.Record(capability)
	if !ok {
		return nil, "", refuse(wire.NotFound, "there is no such receipt")
	}
	trail(ctx).Consent = id
	if ofWithdrawal {
		file, err = s.Ledger.ReceiptOf(ctx, id, consent.WithdrawnEvent)
	} else {
		file, err = s.Ledger.Receipt(ctx, id)
	}
	if err != nil {
		return nil, "", ledgerError(err)
	}
	return file, id, nil
}

// WithdrawByReceipt ends the consent behind a capability, which is all the
// authority that it takes. It may be repeated.
func (s *Service) WithdrawByReceipt(ctx context.Context, capability string) error {
	id, ok := s.Receipts.Record(capability)
	if !ok {
		return refuse(wire.NotFound, "there is no such receipt")
	}
	state, err := s.Ledger.Withdraw(ctx, consent.Withdrawal{ID: id, Via: consent.ViaReceipt})
	if err != nil {
		return ledgerError(err)
	}
	trail(ctx).Consent = state.ID()
	s.ended(state.Account(), state.ID())
	return nil
}
