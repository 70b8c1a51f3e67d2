package consent

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// TileHeight is that of the tiles in which the log is served.
const TileHeight = 8

// Checkpoint returns the newest published checkpoint, a signed note.
func (l *Ledger) Checkpoint(ctx context.Context) ([]byte, error) {
	published, err := l.store.Published(ctx)
	if err != nil {
		return nil, err
	}
	if published.Note == nil {
		return nil, ErrNotFound
	}
	return published.Note, nil
}

// Tile returns a tile of the log as C2SP tlog-tiles has it
// (https://c2sp.org/tlog-tiles): hashes of a level, or with L -1 an entry bundle.
// A tile may be narrower than what there is, never wider.
//
// Errors: [ErrNotFound] (beyond the newest published checkpoint), [ErrUnavailable].
func (l *Ledger) Tile(ctx context.Context, tile tlog.Tile) ([]byte, error) {
	published, err := l.store.Published(ctx)
	if err != nil {
		return nil, err
	}
	level := max(tile.L, 0)
	if tile.H != TileHeight || level*TileHeight >= 63 {
		return nil, ErrNotFound
	}
	start := tile.N << TileHeight
	if start>>TileHeight != tile.N || start+int64(tile.W) > published.Size>>(level*TileHeight) {
		return nil, ErrNotFound
	}
	if tile.L < 0 {
		return l.bundle(ctx, start, tile.W)
	}
	data, err := tlog.ReadTileData(tile, &hashes{ctx: ctx, store: l.store})
	if err != nil {
		return nil, fmt.Errorf("consent: read a tile: %w", err)
	}
	return data, nil
}

// bundle is n entries from start on, each with its length before it.
func (l *Ledger) bundle(ctx context.Context, start int64, n int) ([]byte, error) {
	entries, err := l.store.Leaves(ctx, start, n)
	if err != nil {
		return nil, err
	}
	if len(entries) != n {
		return nil, fmt.Errorf("consent: %d of %d entries from %d on are missing", n-len(entries), n, start)
	}
	var out bytes.Buffer
	for i := range entries {
		out.Write(binary.BigEndian.AppendUint16(nil, uint16(len(entries[i]))))
		out.Write(entries[i][:])
	}
	return out.Bytes(), nil
}

// LogKeys returns the verifier keys that the log was ever signed with, newest
// first, in signed-note form.
func (l *Ledger) LogKeys(ctx context.Context) ([]string, error) {
	known, err := l.store.LogKeys(ctx)
	if err != nil {
		return nil, err
	}
	var all []string
	seen := map[string]bool{}
	for _, key := range l.tree.keys {
		all, seen[key.Public] = append(all, key.Public), true
	}
	for _, key := range known {
		if !seen[key] {
			all = append(all, key)
		}
	}
	return all, nil
}
