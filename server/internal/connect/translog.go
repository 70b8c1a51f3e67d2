package connect

import (
	"context"
	"errors"

	"golang.org/x/mod/sumdb/tlog"

	"ekycconnect/server/internal/consent"
	"ekycconnect/wasm/wire"
)

// Proof is the C2SP tlog-proof of a record's decision, against the log's newest
// checkpoint.
func (s *Service) Proof(ctx context.Context, record consent.Record) (string, error) {
	proof, err := s.Ledger.Proof(ctx, record.Events[0].Index)
	if err != nil {
		return "", ledgerError(err)
	}
	return string(proof), nil
}

// Checkpoint is the log's newest published checkpoint.
func (s *Service) Checkpoint(ctx context.Context) ([]byte, error) {
	return logged(s.Ledger.Checkpoint(ctx))
}

// Tile is a tile of the log.
func (s *Service) Tile(ctx context.Context, tile tlog.Tile) ([]byte, error) {
	return logged(s.Ledger.Tile(ctx, tile))
}

// LogKeys are the public keys that signed the log, newest first.
func (s *Service) LogKeys(ctx context.Context) ([]string, error) {
	return logged(s.Ledger.LogKeys(ctx))
}

func logged[T any](value T, err error) (T, error) {
	if errors.Is(err, consent.ErrNotFound) {
		return value, refuse(wire.NotFound, "the log has no such tile, or not yet: its newest checkpoint says how long it is")
	}
	if err != nil {
		return value, ledgerError(err)
	}
	return value, nil
}
