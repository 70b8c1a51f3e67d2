package translog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"ekycconnect/server/internal/consent/translog/checkpoint"
)

const origin = "log.example/v1"

var seeds = [][]byte{bytes.Repeat([]byte{7}, 32)}

// rows are what a store keeps of a log.
type rows struct {
	entries         [][32]byte
	leaves          []Leaf
	head, published Head
	keys            []string
	forks           []Fork
}

func (r rows) clone() rows {
	r.entries, r.leaves = slices.Clone(r.entries), slices.Clone(r.leaves)
	r.keys, r.forks = slices.Clone(r.keys), slices.Clone(r.forks)
	return r
}

// memory is a store in memory.
type memory struct {
	mu   sync.Mutex
	rows rows
	read []int64 // stored indexes of all hashes that were read
}

// transact is a [Transact].
func (m *memory) transact(_ context.Context, f func(Tx) error) error {
	tx := &memoryTx{memory{rows: m.rows.clone()}}
	err := f(tx)
	if err == nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.rows = tx.rows
	}
	return err
}

func (m *memory) Head(context.Context) (Head, error)        { return m.rows.head, nil }
func (m *memory) Published(context.Context) (Head, error)   { return m.rows.published, nil }
func (m *memory) LogKeys(context.Context) ([]string, error) { return m.rows.keys, nil }
func (m *memory) Leaves(_ context.Context, from int64, limit int) (entries [][32]byte, err error) {
	for _, leaf := range m.rows.leaves[min(from, int64(len(m.rows.leaves))):] {
		if entries = append(entries, leaf.Entry); len(entries) == limit {
			break
		}
	}
	return entries, nil
}

func (m *memory) Hashes(_ context.Context, indexes []int64) ([]tlog.Hash, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.read = append(m.read, indexes...)
	return HashesOf(indexes, func(leaves []int64, row func(int64, []byte, []byte)) error {
		for _, index := range leaves {
			if index < int64(len(m.rows.leaves)) {
				leaf := m.rows.leaves[index]
				row(index, leaf.Entry[:], leaf.AboveBytes())
			}
		}
		return nil
	})
}

type memoryTx struct{ memory }

func (tx *memoryTx) Size(context.Context) (int64, error) { return int64(len(tx.rows.entries)), nil }

func (tx *memoryTx) Entries(_ context.Context, from int64, limit int) ([][32]byte, error) {
	return tx.rows.entries[from:min(from+int64(limit), int64(len(tx.rows.entries)))], nil
}

func (tx *memoryTx) Write(_ context.Context, u Update) error {
	if len(u.Leaves) > 0 && u.First != int64(len(tx.rows.leaves)) {
		return fmt.Errorf("leaf %d after %d", u.First, len(tx.rows.leaves))
	}
	tx.rows.leaves = append(tx.rows.leaves, u.Leaves...)
	if u.Head != nil {
		tx.rows.head = *u.Head
	}
	if u.Publish {
		tx.rows.published = *u.Head
	}
	for _, key := range u.LogKeys {
		tx.rows.keys = append([]string{key}, tx.rows.keys...)
	}
	if u.Fork != nil {
		tx.rows.forks = append(tx.rows.forks, *u.Fork)
	}
	return nil
}

// entry is the i-th entry of all logs here.
func entry(i int64) [32]byte {
	return sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
}

// newLog is a log that is not open yet.
func newLog(t *testing.T, m *memory, o Options) *Log {
	o.Origin = origin
	l, err := New(m, seeds, o, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	if l.anchor != nil {
		l.anchor.every = 1
	}
	return l
}

// open is newLog, opened; the test's end closes it.
func open(t *testing.T, m *memory, o Options) *Log {
	l := newLog(t, m, o)
	require.NoError(t, l.Open(t.Context(), m.transact))
	t.Cleanup(l.Close)
	return l
}

// add appends n entries in one transaction.
func add(t *testing.T, l *Log, m *memory, n int64) error {
	var g Growth
	err := m.transact(t.Context(), func(tx Tx) (err error) {
		first, _ := tx.Size(t.Context())
		added := make([][32]byte, n)
		for i := range n {
			added[i] = entry(first + i)
		}
		if g, err = l.Append(t.Context(), tx, first, added, false); err != nil {
			return err
		}
		mem := tx.(*memoryTx)
		mem.rows.entries = append(mem.rows.entries, added...)
		return tx.Write(t.Context(), g.Update)
	})
	if err == nil {
		l.Committed(g)
	}
	return err
}

// unlike are the rows of a log of n entries that begins with another entry.
func unlike(t *testing.T, n int64) rows {
	m := &memory{rows: rows{entries: [][32]byte{entry(77)}}}
	require.NoError(t, add(t, open(t, m, Options{}), m, n-1))
	return m.rows
}

// anchorIn is an anchor's path in a directory of the test's.
func anchorIn(t *testing.T) string { return filepath.Join(t.TempDir(), "log.anchor") }

func openNote(t *testing.T, l *Log, signed []byte) checkpoint.Checkpoint {
	c, err := checkpoint.Open(signed, origin, l.verifiers)
	require.NoError(t, err)
	return c
}
