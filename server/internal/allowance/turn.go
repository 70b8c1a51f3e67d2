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
	readChunk   = `SELECT seq, ` + rowColumns + ` FROM allowance_note WHERE account = $1 AND seq > $2 ORDER BY seq LIMIT $3`
	readNew     = `SELECT seq, ` + rowColumns + ` FROM allowance_note WHERE account = $1 AND seq > $2 ORDER BY seq`
	readRelays  = `SELECT waiting, classes, served FROM allowance_relay WHERE account = $1 AND relay <> $2
		AND abs(seen - (extract(epoch FROM clock_timestamp()) * 1000000)::bigint) < $3`

	writeRow     = `INSERT INTO allowance_note (account, seq, written, ` + rowColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	writeAccount = `UPDATE allowance SET seq = $2, paused = greatest(paused, $3) WHERE account = $1`
	writeRelay   = `INSERT INTO allowance_relay (account, relay, waiting, classes, served, seen) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (account, relay) DO UPDATE SET waiting = excluded.waiting, classes = excluded.classes, served = excluded.served, seen = excluded.seen`

	// A row that is of the future was written by a clock that was ahead, and keeps nothing.
	pruneRows = `DELETE FROM allowance_note WHERE account = $1
		AND seq < (SELECT seq FROM allowance_note WHERE account = $1 AND written BETWEEN $2 AND $3 ORDER BY seq LIMIT 1)`
	pruneRelays = `DELETE FROM allowance_relay WHERE account = $1 AND seen < $2`
	pruneCalls  = `DELETE FROM consent_call WHERE at < $1`

	// whatever only helps fairness need not be on the disk.
	lightly = `SET LOCAL synchronous_commit = off`
)

// open reads what is new, once the account is locked.
func (s *Store) open(ctx context.Context, tx *pgx.Conn) (news pace.News, err error) {
	var batch pgx.Batch
	var now, seq, paused int64
	batch.Queue(readClock).QueryRow(func(row pgx.Row) error { return row.Scan(&now) })
	batch.Queue(readAccount, s.account).QueryRow(func(row pgx.Row) error { return row.Scan(&seq, &paused) })
	batch.Queue(readNew, s.account, s.read).Query(func(rows pgx.Rows) (err error) {
		news.Entries, err = readRows(rows, news.Entries, func(int64) {})
		return err
	})
	batch.Queue(readRelays, s.account, s.relay, alive.Microseconds()).Query(func(rows pgx.Rows) (err error) {
		news.Others, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (o pace.Other, err error) {
			var all int
			var classes []int
			err = row.Scan(&all, &classes, &o.Served)
			if copy(o.Waiting[:], classes) == 0 {
				o.Waiting[len(o.Waiting)-1] = all
			}
			return o, err
		})
		return err
	})
	begin := time.Now()
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return news, err
	}
	s.clock.set(begin, time.Now(), now)
	if seq < s.read { // another server took over, and has lost some
		s.read, s.before = 0, nil
		return s.open(ctx, tx)
	}
	news.Served = s.served
	if news.All = s.before != nil || s.read == 0; news.All {
		news.Entries = append(s.before, news.Entries...)
	}
	s.before = nil
	if paused > 0 {
		news.Paused = time.UnixMicro(paused)
	}
	s.read = seq
	return news, nil
}

// close says how to write what the line decides.
func (s *Store) close(d pace.Decision) (*pgx.Batch, error) {
	now, _ := s.clock.now()
	batch := new(pgx.Batch)
	news := len(d.Entries) > 0 || !d.Paused.IsZero()
	tell := news || s.toTell(d.Waiting, now)
	switch {
	case !tell:
		return nil, errNothing
	case !news:
		batch.Queue(lightly)
	}
	from := s.read
	s.write(batch, from, d)
	for i, e := range d.Entries {
		if e.Was == 0 {
			s.served = from + int64(i) + 1
		}
	}
	batch.Queue(writeRelay, s.account, s.relay, total(d.Waiting), d.Waiting[:], s.served, now.UnixMicro())
	s.told, s.toldAt = d.Waiting, now
	if now.Sub(s.pruned) > pruneEvery {
		batch.Queue(pruneRows, s.account, now.Add(-day-pruneEvery).UnixMicro(), now.Add(time.Minute).UnixMicro())
		batch.Queue(pruneRelays, s.account, now.Add(-day).UnixMicro())
		batch.Queue(pruneCalls, now.Add(-day).UnixMicro())
		s.pruned = now
	}
	return batch, nil
}

// toTell reports whether the others must know how many wait here, and that somebody does.
func (s *Store) toTell(waiting pace.Waiting, now time.Time) bool {
	before, age := total(s.told), now.Sub(s.toldAt)
	switch {
	case waiting == s.told:
		return before > 0 && age > alive/4
	case (total(waiting) > 0) != (before > 0), waiting.First() != s.told.First():
		return true
	}
	return age > alive/10
}

func total(w pace.Waiting) (n int) {
	for _, waiting := range w {
		n += waiting
	}
	return n
}

// write queues what a turn adds behind the entry of number from.
func (s *Store) write(batch *pgx.Batch, from int64, d pace.Decision) {
	var paused int64
	if !d.Paused.IsZero() {
		paused = d.Paused.UnixMicro()
	}
	s.read = from + int64(len(d.Entries))
	if len(d.Entries) > 0 {
		now, _ := s.clock.now()
		r := newRow(d.Entries)
		batch.Queue(writeRow, s.account, s.read, now.UnixMicro(), r.at, r.was, r.site, r.ticketed, r.kind, r.consent)
	}
	if len(d.Entries) > 0 || paused > 0 {
		batch.Queue(writeAccount, s.account, s.read, paused)
	}
}
