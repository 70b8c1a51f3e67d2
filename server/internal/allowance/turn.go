package allowance

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ekycconnect/server/internal/pace"
)

const (
	// lockAccount is a statement of its own: what is read after it is what all have
	// written who held the lock before.
	lockAccount = `SELECT 1 FROM allowance WHERE account = $1 FOR UPDATE`

	readClock   = `SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint`
	readAccount = `SELECT seq, paused FROM allowance WHERE account = $1`
	readChunk   = `SELECT seq, at, was, site, ticketed FROM allowance_note WHERE account = $1 AND seq > $2 ORDER BY seq LIMIT $3`
	readNotes   = `SELECT at, was, site, ticketed FROM allowance_note WHERE account = $1 AND seq > $2 ORDER BY seq`
	readRelays  = `SELECT waiting, served FROM allowance_relay WHERE account = $1 AND relay <> $2
		AND seen > (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - $3`

	writeNote    = `INSERT INTO allowance_note (account, seq, written, at, was, site, ticketed) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	writeAccount = `UPDATE allowance SET seq = $2, paused = greatest(paused, $3) WHERE account = $1`
	writeRelay   = `INSERT INTO allowance_relay (account, relay, waiting, served, seen) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account, relay) DO UPDATE SET waiting = excluded.waiting, served = excluded.served, seen = excluded.seen`

	pruneNotes = `DELETE FROM allowance_note WHERE account = $1
		AND seq < (SELECT seq FROM allowance_note WHERE account = $1 AND written >= $2 ORDER BY seq LIMIT 1)`
	pruneRelays = `DELETE FROM allowance_relay WHERE account = $1 AND seen < $2`
	pruneCalls  = `DELETE FROM consent_call WHERE at < $1`

	// whatever only helps fairness need not be on the disk.
	lightly = `SET LOCAL synchronous_commit = off`
)

// open reads what is new, once the account is locked.
func (b *Book) open(ctx context.Context, tx *pgx.Conn) (page pace.Page, err error) {
	var batch pgx.Batch
	var now, seq, paused int64
	batch.Queue(readClock).QueryRow(func(row pgx.Row) error { return row.Scan(&now) })
	batch.Queue(readAccount, b.account).QueryRow(func(row pgx.Row) error { return row.Scan(&seq, &paused) })
	batch.Queue(readNotes, b.account, b.read).Query(func(rows pgx.Rows) (err error) {
		var n note
		_, err = pgx.ForEachRow(rows, []any{&n.at, &n.was, &n.site, &n.ticketed}, func() error {
			page.Entries = n.entries(page.Entries)
			return nil
		})
		return err
	})
	batch.Queue(readRelays, b.account, b.relay, alive.Microseconds()).Query(func(rows pgx.Rows) (err error) {
		page.Others, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (o pace.Other, err error) {
			return o, row.Scan(&o.Waiting, &o.Served)
		})
		return err
	})
	begin := time.Now()
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return page, err
	}
	b.clock.set(begin, time.Now(), now)
	if seq < b.read { // another server took over, and has lost some
		b.read, b.before = 0, nil
		return b.open(ctx, tx)
	}
	page.Served = b.served
	if page.All = b.before != nil || b.read == 0; page.All {
		page.Entries = append(b.before, page.Entries...)
	}
	b.before = nil
	if paused > 0 {
		page.Paused = time.UnixMicro(paused)
	}
	b.read = seq
	return page, nil
}

// close says how to write what the line notes.
func (b *Book) close(note pace.Note) (*pgx.Batch, error) {
	now := b.clock.now()
	batch := new(pgx.Batch)
	news := len(note.Entries) > 0 || !note.Paused.IsZero()
	tell := news || (note.Waiting > 0) != (b.told > 0) || note.Waiting != b.told && now.Sub(b.toldAt) > alive/10 || note.Waiting > 0 && now.Sub(b.toldAt) > alive/4
	switch {
	case !tell:
		return nil, errNothing
	case !news:
		batch.Queue(lightly)
	}
	from := b.read
	b.write(batch, from, note)
	for i, e := range note.Entries {
		if e.Was == 0 {
			b.served = from + int64(i) + 1
		}
	}
	batch.Queue(writeRelay, b.account, b.relay, note.Waiting, b.served, now.UnixMicro())
	b.told, b.toldAt = note.Waiting, now
	if now.Sub(b.pruned) > pruneEvery {
		batch.Queue(pruneNotes, b.account, now.Add(-day-pruneEvery).UnixMicro())
		batch.Queue(pruneRelays, b.account, now.Add(-day).UnixMicro())
		batch.Queue(pruneCalls, now.Add(-day).UnixMicro())
		b.pruned = now
	}
	return batch, nil
}

// write queues what a turn adds behind the entry of number from.
func (b *Book) write(batch *pgx.Batch, from int64, news pace.Note) {
	var paused int64
	if !news.Paused.IsZero() {
		paused = news.Paused.UnixMicro()
	}
	b.read = from + int64(len(news.Entries))
	if len(news.Entries) > 0 {
		n := newNote(news.Entries)
		batch.Queue(writeNote, b.account, b.read, b.clock.now().UnixMicro(), n.at, n.was, n.site, n.ticketed)
	}
	if len(news.Entries) > 0 || paused > 0 {
		batch.Queue(writeAccount, b.account, b.read, paused)
	}
}
