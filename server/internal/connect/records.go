package connect

import (
	"context"
	"errors"

	"ekycconnect/server/internal/consent"
	"ekycconnect/wasm/wire"
)

// Consent finds a record of the partner's own; another partner's is not found.
func (s *Service) Consent(ctx context.Context, site *Site, id string) (consent.Record, error) {
	record, err := s.Ledger.Consent(ctx, site.Sitekey, id)
	if err != nil {
		return record, ledgerError(err)
	}
	trail(ctx).Consent = id
	return record, nil
}

// ConsentsOf lists what a subject decided at the partner's site, newest first.
// limit 0 stands for the default; cursor is empty or what the last page gave.
func (s *Service) ConsentsOf(ctx context.Context, site *Site, subject string, limit int, cursor string) ([]consent.Record, string, error) {
	if code, ok := wire.Subject(subject); !ok {
		return nil, "", refuse(code, "subject needs 1 to 128 printable characters, and no run of twelve digits")
	}
	records, next, err := s.Ledger.BySubject(ctx, site.Sitekey, subject, limit, cursor)
	if errors.Is(err, consent.ErrCursor) {
		return nil, "", refuse(wire.InvalidRequest, "cursor is not one that this route gave; start without it")
	}
	if err != nil {
		return nil, "", ledgerError(err)
	}
	return records, next, nil
}

// Notice is the exact bytes of a notice by their SHA-256, also of one that is
// no longer in use.
func (s *Service) Notice(ctx context.Context, sha256 string) ([]byte, error) {
	bytes, err := s.Ledger.Notice(ctx, sha256)
	if errors.Is(err, consent.ErrNotFound) {
		return nil, refuse(wire.NotFound, "no notice has this hash")
	}
	if err != nil {
		return nil, ledgerError(err)
	}
	return bytes, nil
}
