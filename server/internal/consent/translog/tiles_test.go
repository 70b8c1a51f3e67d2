package translog

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"
)

// tileReader reads tiles for package tlog, which checks them against the root.
type tileReader struct {
	t *testing.T
	l *Log
}

func (r tileReader) Height() int                             { return TileHeight }
func (r tileReader) SaveTiles(tiles []tlog.Tile, _ [][]byte) {}
func (r tileReader) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, tile := range tiles {
		one, err := r.l.Tile(r.t.Context(), tile)
		require.NoError(r.t, err)
		data = append(data, one)
	}
	return data, nil
}

func TestTheTilesAreThoseOfTheTree(t *testing.T) {
	m := new(memory)
	l := open(t, m, Options{})
	_, err := l.Tile(t.Context(), tlog.Tile{H: TileHeight, W: 1})
	require.ErrorIs(t, err, ErrNotFound)
	const size = 3*256 + 5
	require.NoError(t, add(t, l, m, size))
	signed, err := l.Checkpoint(t.Context())
	require.NoError(t, err)
	hashes := tlog.TileHashReader(tlog.Tree{N: size, Hash: openNote(t, l, signed).Root}, tileReader{t, l})
	for i := range int64(size) {
		got, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
		require.NoError(t, err)
		e := entry(i)
		require.Equal(t, tlog.RecordHash(e[:]), got[0])
	}
	bundle, err := l.Tile(t.Context(), tlog.Tile{H: TileHeight, L: -1, N: 3, W: 5})
	require.NoError(t, err)
	require.Len(t, bundle, 5*(2+32))
	for i := range int64(5) {
		e := entry(3*256 + i)
		require.Equal(t, append([]byte{0, 32}, e[:]...), bundle[i*34:][:34])
	}
	for name, tile := range map[string]tlog.Tile{
		"of another height":     {H: 4, W: 1},
		"wider than there is":   {H: TileHeight, N: 3, W: 6},
		"a wider bundle":        {H: TileHeight, L: -1, N: 3, W: 6},
		"beyond the end":        {H: TileHeight, N: 4, W: 1},
		"of a level not yet":    {H: TileHeight, L: 1, W: 4},
		"of no level":           {H: TileHeight, L: 8, W: 1},
		"of a number too large": {H: TileHeight, N: 1 << 56, W: 1},
		"of a number below 0":   {H: TileHeight, N: -1, W: 1},
		"up to the last int64":  {H: TileHeight, N: 1<<55 - 1, W: 256},
	} {
		_, err := l.Tile(t.Context(), tile)
		require.ErrorIs(t, err, ErrNotFound, name)
	}
	m.rows.leaves = m.rows.leaves[:size-1]
	_, err = l.Tile(t.Context(), tlog.Tile{H: TileHeight, L: -1, N: 3, W: 5})
	require.ErrorContains(t, err, "1 of 5 entries from 768 on are missing")
}

func TestTilesReachToTheNewestPublishedCheckpoint(t *testing.T) {
	m := new(memory)
	l := open(t, m, Options{PublishEvery: time.Hour})
	require.NoError(t, add(t, l, m, 3))
	_, err := l.Tile(t.Context(), tlog.Tile{H: TileHeight, W: 3})
	require.ErrorIs(t, err, ErrNotFound, "appended, and not yet published")
	open(t, m, Options{}) // publishes
	_, err = l.Tile(t.Context(), tlog.Tile{H: TileHeight, W: 3})
	require.NoError(t, err)
	empty := newLog(t, new(memory), Options{})
	_, err = empty.Checkpoint(t.Context())
	require.ErrorIs(t, err, ErrNotFound)
}
