package translog

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
//
// Errors: [ErrNotFound] (none was published yet), the store's.
func (l *Log) Checkpoint(ctx context.Context) ([]byte, error) {
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
// Errors: [ErrNotFound] (beyond the newest published checkpoint), the store's.
func (l *Log) Tile(ctx context.Context, tile tlog.Tile) ([]byte, error) {
	published, err := l.store.Published(ctx)
	if err != nil {
		return nil, err
	}
	level := max(tile.L, 0)
	if tile.H != TileHeight {
		return nil, ErrNotFound
	}
	start, end := tile.N<<TileHeight, published.Size>>(level*TileHeight)
	if tile.N < 0 || start>>TileHeight != tile.N || start > end-int64(tile.W) { // the sum could overflow
		return nil, ErrNotFound
	}
	if tile.L < 0 {
		return l.bundle(ctx, start, tile.W)
	}
	data, err := tlog.ReadTileData(tile, &hashes{ctx: ctx, store: l.store})
	if err != nil {
		return nil, fmt.Errorf("translog: read a tile: %w", err)
	}
	return data, nil
}

// bundle is n entries from start on, each with its length before it.
func (l *Log) bundle(ctx context.Context, start int64, n int) ([]byte, error) {
	entries, err := l.store.Leaves(ctx, start, n)
	if err != nil {
		return nil, err
	}
	if len(entries) != n {
		return nil, fmt.Errorf("translog: %d of %d entries from %d on are missing", n-len(entries), n, start)
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
func (l *Log) LogKeys(ctx context.Context) ([]string, error) {
	recorded, err := l.store.LogKeys(ctx)
	if err != nil {
		return nil, err
	}
	return l.allKeys(recorded), nil
}
