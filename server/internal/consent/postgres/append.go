package postgres

import (
	"context"
	"fmt"
	"time"

	"ekycconnect/server/internal/consent"

	"golang.org/x/mod/sumdb/tlog"
)

// Append implements [consent.Tx]: one statement for each table, sent with the
// commit. What is wrong with a row, that tells.
func (t *tx) Append(_ context.Context, b consent.Batch) error {
	t.appendEvents(b.Entries)
	t.appendLookups(b)
	if n := len(b.Notices); n > 0 {
		sums, texts := make([][]byte, n), make([][]byte, n)
		for i := range b.Notices {
			sums[i], texts[i] = b.Notices[i].SHA256[:], notNull(b.Notices[i].Bytes)
		}
		t.queue("append notices", `INSERT INTO notice (sha256, bytes) SELECT * FROM unnest($1::bytea[], $2::bytea[])
			ON CONFLICT (sha256) DO NOTHING`, sums, texts)
	}
	t.appendUpkeep(b.Upkeep)
	t.appendLog(b)
	return nil
}

func (t *tx) appendEvents(entries []consent.Entry) {
	n := len(entries)
	if n == 0 {
		return
	}
	if t.mark == nil {
		t.mark = &mark{entries[0].Index, entries[0].Leaf.Entry[:]}
	}
	indexes, kinds, ids, sites, ats := make([]int64, n), make([]string, n), make([][16]byte, n), make([]string, n), make([]int64, n)
	bodies, salts := make([][]byte, n), make([][]byte, n)
	for i := range entries {
		e := &entries[i]
		indexes[i], kinds[i], ids[i], sites[i], ats[i] = e.Index, string(e.Kind), e.Consent, e.Site, e.At.UnixMilli()
		bodies[i], salts[i] = notNull(e.Body), notNull(e.Salt)
	}
	t.queue("append events", `INSERT INTO event (idx, kind, consent, site, at)
		SELECT * FROM unnest($1::bigint[], $2::text[], $3::uuid[], $4::text[], $5::bigint[])`, indexes, kinds, ids, sites, ats)
	t.queue("append bodies", `INSERT INTO body (idx, bytes, salt) SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[])`,
		indexes, bodies, salts)
}

// appendLookups keeps the claims, places and replies, and lets go of old replies.
func (t *tx) appendLookups(b consent.Batch) {
	if n := len(b.Claims); n > 0 {
		keys, indexes, proofs := make([][]byte, n), make([]int64, n), make([][]byte, n)
		var at, replied []int64
		var replies []string
		for i := range b.Claims {
			c := &b.Claims[i]
			keys[i], indexes[i], proofs[i] = c.Key[:], c.Index, c.Proof[:]
			if c.Reply != "" {
				replied, at, replies = append(replied, c.Index), append(at, c.At.UnixMilli()), append(replies, c.Reply)
			}
		}
		t.queue("append claims", `INSERT INTO claim (key, idx, proof) SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bytea[])`,
			keys, indexes, proofs)
		if len(replies) > 0 {
			t.queue("append replies", `INSERT INTO reply (idx, at, value) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[])`,
				replied, at, replies)
		}
	}
	if n := len(b.Places); n > 0 {
		keys, indexes := make([][]byte, n), make([]int64, n)
		for i := range b.Places {
			keys[i], indexes[i] = b.Places[i].Key[:], b.Places[i].Index
		}
		t.queue("append places", `INSERT INTO place (key, idx) SELECT * FROM unnest($1::bytea[], $2::bigint[])`, keys, indexes)
	}
	if !b.Forget.IsZero() {
		// Bounded, so that the first commit after a busy hour is no slower than others.
		t.queue("forget replies", `DELETE FROM reply WHERE idx IN (SELECT idx FROM reply WHERE at < $1 ORDER BY at LIMIT 512)`,
			b.Forget.UnixMilli())
	}
}

func (t *tx) appendLog(b consent.Batch) {
	t.appendLeaves(b.GrownFrom, b.Grown)
	if len(b.Entries) > 0 {
		leaves := make([]consent.Leaf, len(b.Entries))
		for i := range b.Entries {
			leaves[i] = b.Entries[i].Leaf
		}
		t.appendLeaves(b.Entries[0].Index, leaves)
	}
	for _, key := range b.LogKeys { // one by one: their order tells which is newer
		t.queue("append log keys", `INSERT INTO log_key (vkey) VALUES ($1) ON CONFLICT (vkey) DO NOTHING`, key)
	}
	if f := b.Fork; f != nil {
		t.queue("append a fork", `INSERT INTO fork (at, reason, size, lost) VALUES ($1, $2, $3, $4)`,
			f.At.UnixMilli(), f.Reason, f.Size, notNull(f.Lost))
	}
	if b.Head == nil {
		return
	}
	t.queue("replace the head", `UPDATE head SET origin = $1, size = $2, note = $3`, b.Head.Origin, b.Head.Size, b.Head.Note)
	if b.Publish {
		t.queue("publish the head", `INSERT INTO checkpoint (size, note) VALUES ($1, $2)`, b.Head.Size, b.Head.Note)
	}
}

func (t *tx) appendLeaves(from int64, leaves []consent.Leaf) {
	n := len(leaves)
	if n == 0 {
		return
	}
	indexes, entries, above := make([]int64, n), make([][]byte, n), make([][]byte, n)
	for i := range leaves {
		indexes[i], entries[i], above[i] = from+int64(i), leaves[i].Entry[:], joined(leaves[i].Above)
	}
	t.queue("append hashes", `INSERT INTO hash (idx, entry, above) SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[])`,
		indexes, entries, above)
}

// appendUpkeep is the part of Append that is not the ledger itself.
func (t *tx) appendUpkeep(u consent.Upkeep) {
	for i := range u.Messages {
		m := &u.Messages[i]
		t.queue("append messages", `INSERT INTO message (idx, site, body, made, due) VALUES ($1, $2, $3, $4, $5)`,
			m.Index, m.Site, m.Body, m.Made.UnixMilli(), m.Due.UnixMilli())
	}
	if len(u.Blank) > 0 {
		const those = ` WHERE idx IN (SELECT idx FROM event WHERE consent = ANY ($1::uuid[]))`
		ids := idsOf(u.Blank)
		t.queue("erase", `UPDATE body SET bytes = '', salt = '' WHERE idx IN
			(SELECT idx FROM event WHERE consent = ANY ($1::uuid[]) AND kind <> 'erased')`, ids)
		t.queue("erase", `DELETE FROM reply`+those, ids)
		t.queue("erase", `DELETE FROM claim`+those, ids)
		t.queue("erase", `DELETE FROM place`+those, ids)
	}
	for _, h := range u.Hold {
		t.queue("hold", `INSERT INTO hold (consent, reason, since) VALUES ($1, $2, $3)
			ON CONFLICT (consent) DO UPDATE SET reason = excluded.reason, since = excluded.since`, [16]byte(h.Consent), h.Reason, h.Since.UnixMilli())
	}
	if len(u.Free) > 0 {
		t.queue("release", `DELETE FROM hold WHERE consent = ANY ($1::uuid[])`, idsOf(u.Free))
	}
	for _, s := range u.Settled {
		switch {
		case s.Delivered:
			t.queue("settle messages", `DELETE FROM message WHERE idx = $1`, s.Index)
		case s.Due.IsZero():
			t.queue("settle messages", `UPDATE message SET due = NULL, tries = tries + 1 WHERE idx = $1`, s.Index)
		default:
			t.queue("settle messages", `UPDATE message SET due = $2, tries = tries + 1 WHERE idx = $1`, s.Index, s.Due.UnixMilli())
		}
	}
}

// ForgetMessages implements [consent.Tx].
func (t *tx) ForgetMessages(_ context.Context, before time.Time) (int, error) {
	if err := t.flush(); err != nil {
		return 0, err
	}
	done, err := t.w.conn.Exec(t.ctx, `DELETE FROM message WHERE due IS NULL AND made < $1`, before.UnixMilli())
	if err != nil {
		return 0, failed("forget messages", fmt.Errorf("%w", broken(err)))
	}
	t.dirty = true
	return int(done.RowsAffected()), nil
}

func joined(hashes []tlog.Hash) []byte {
	bytes := make([]byte, 0, len(hashes)*tlog.HashSize)
	for i := range hashes {
		bytes = append(bytes, hashes[i][:]...)
	}
	return bytes
}

// notNull is b as a value that is there, also if it is empty.
func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
