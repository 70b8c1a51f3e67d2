package translog

import (
	"context"
	"fmt"

	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/tlog"

	"ekycconnect/server/internal/consent/translog/checkpoint"
)

// Proof returns the C2SP tlog-proof (https://c2sp.org/tlog-proof) of the entry at
// index: that the log's newest checkpoint covers it. Its checkpoint has the
// signature of the newest key alone.
//
// Errors: [ErrNotFound] (the log has no such entry), the store's.
func (l *Log) Proof(ctx context.Context, index int64) (proof.TLogProof, error) {
	head, err := l.store.Head(ctx)
	if err != nil {
		return proof.TLogProof{}, err
	}
	if index < 0 || index >= head.Size {
		return proof.TLogProof{}, ErrNotFound
	}
	hashes, err := tlog.ProveRecord(head.Size, index, l.cache.reader(&hashes{ctx: ctx, store: l.store}))
	if err != nil {
		return proof.TLogProof{}, fmt.Errorf("translog: prove entry %d: %w", index, err)
	}
	newest := l.keys[0]
	signed, err := checkpoint.Only(head.Note, newest.Name(), newest.KeyHash())
	if err != nil {
		return proof.TLogProof{}, fmt.Errorf("translog: prove entry %d: %w", index, err)
	}
	p := proof.TLogProof{Index: uint64(index), Checkpoint: signed}
	for _, hash := range hashes {
		p.Hashes = append(p.Hashes, hash)
	}
	return p, nil
}
