package postgres

import (
	"context"
	"fmt"
	"time"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/translog"
)

// Append implements [consent.Tx]: one statement for each table, sent with the
// commit. What is wrong with a row, that tells.
func (t *tx) Append(_ context.Context, b consent.Batch) error {
	if len(b.Log.Leaves) != len(b.Entries) {
		return fmt.Errorf("postgres: append events: there are %d leaves for %d events, and a row holds both", len(b.Log.Leaves), len(b.Entries))
	}
	t.appendEvents(b.Entries, b.Log.Leaves)
	t.appendLookups(b)
	if n := len(b.Notices); n > 0 {
		sums, texts := make([][]byte, n), make([][]byte, n)
		for i := range b.Notices {
			sums[i], texts[i] = b.Notices[i].SHA256[:], notNull(b.Notices[i].Bytes)
		}
		t.queue("append notices", `INSERT INTO notice (sha256, bytes) SELECT * FROM unnest($1::bytea[], $2::bytea[])
			ON CONFLICT (sha256) DO NOTHING`, sums, texts)
	}
	t.appendFingerprints(b.Fingerprints)
	t.appendUpkeep(b.Upkeep)
	t.appendLog(b.Log)
	return nil
}

func (t *tx) appendEvents(entries []consent.Entry, leaves []translog.Leaf) {
	n := len(entries)
	if n == 0 {
		return
	}
	if t.mark == nil {
		t.mark = &mark{entries[0].Index, leaves[0].Entry[:]}
	}
	indexes, ats, ids, kinds, sites := make([]int64, n), make([]int64, n), make([][16]byte, n), make([]string, n), make([]string, n)
	hashes, above, salts, bodies := make([][]byte, n), make([][]byte, n), make([][]byte, n), make([][]byte, n)
	for i := range entries {
		e := &entries[i]
		indexes[i], ats[i], ids[i], kinds[i], sites[i] = e.Index, e.At.UnixMilli(), e.Consent, string(e.Kind), e.Site
		hashes[i], above[i], salts[i], bodies[i] = leaves[i].Entry[:], leaves[i].AboveBytes(), notNull(e.Salt), notNull(e.Body)
	}
	t.queue("append events", `INSERT INTO event (idx, at, consent, kind, site, entry, above, salt, bytes)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::bytea[], $7::bytea[], $8::bytea[], $9::bytea[])`,
		indexes, ats, ids, kinds, sites, hashes, above, salts, bodies)
}

// forgetEvery is how often old replies are deleted.
const forgetEvery = 100 * time.Millisecond

// appendLookups writes the claims, subject rows and replies, and deletes old replies.
func (t *tx) appendLookups(b consent.Batch) {
	if n := len(b.Claims); n > 0 {
		keys, indexes, proofs := make([][16]byte, n), make([]int64, n), make([][16]byte, n)
		var at, replied []int64
		var replies []string
		var sums [][]byte
		for i := range b.Claims {
			c := &b.Claims[i]
			keys[i], indexes[i], proofs[i] = c.Key, c.Index, c.Proof
			if c.Reply != "" {
				replied, at = append(replied, c.Index), append(at, c.At.UnixMilli())
				replies, sums = append(replies, c.Reply), append(sums, c.ReplySum())
			}
		}
		t.queue("append claims", `INSERT INTO claim (key, idx, proof) SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[])`,
			keys, indexes, proofs)
		if len(replies) > 0 {
			t.queue("append replies", `INSERT INTO reply (idx, at, value, sum) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bytea[])`,
				replied, at, replies, sums)
		}
	}
	if n := len(b.Subjects); n > 0 {
		keys, indexes := make([][16]byte, n), make([]int64, n)
		for i := range b.Subjects {
			keys[i], indexes[i] = b.Subjects[i].Key, b.Subjects[i].Index
		}
		t.queue("append subject rows", `INSERT INTO place (key, idx) SELECT * FROM unnest($1::uuid[], $2::bigint[])`, keys, indexes)
	}
	if b.Forget.Sub(t.w.forgot) >= forgetEvery {
		t.w.forgot = b.Forget
		// Bounded, so that the first commit after a busy hour is no slower than others.
		t.queue("forget replies", `DELETE FROM reply WHERE idx IN (SELECT idx FROM reply WHERE at < $1 ORDER BY at LIMIT 512)`,
			b.Forget.UnixMilli())
	}
}

func (t *tx) appendLog(u translog.Update) {
	for _, key := range u.LogKeys { // one by one: their order tells which is newer
		t.queue("append log keys", `INSERT INTO log_key (vkey) VALUES ($1) ON CONFLICT (vkey) DO NOTHING`, key)
	}
	if f := u.Fork; f != nil {
		t.queue("append a fork", `INSERT INTO fork (at, reason, size, lost) VALUES ($1, $2, $3, $4)`,
			f.At.UnixMilli(), f.Reason, f.Size, notNull(f.Lost))
	}
	if u.Head == nil {
		return
	}
	t.queue("replace the head", `UPDATE head SET origin = $1, size = $2, note = $3`, u.Head.Origin, u.Head.Size, u.Head.Note)
	if u.Publish {
		t.queue("publish the head", `INSERT INTO checkpoint (size, note) VALUES ($1, $2)`, u.Head.Size, u.Head.Note)
	}
}

// appendUpkeep is the part of Append that is not the ledger itself.
func (t *tx) appendUpkeep(u consent.Upkeep) {
	for i := range u.Messages {
		m := &u.Messages[i]
		t.queue("append messages", `INSERT INTO message (idx, site, body, made, due, sum) VALUES ($1, $2, $3, $4, $5, $6)`,
			m.Index, m.Site, m.Body, m.Made.UnixMilli(), m.Due.UnixMilli(), m.Sum())
	}
	t.appendOTP(u)
	if len(u.Blank) > 0 {
		const those = ` WHERE idx IN (SELECT idx FROM event WHERE consent = ANY ($1::uuid[]))`
		ids := idsOf(u.Blank)
		t.queue("erase", `UPDATE event SET bytes = '', salt = '' WHERE consent = ANY ($1::uuid[]) AND kind <> 'erased'`, ids)
		t.queue("erase", `DELETE FROM reply`+those, ids)
		t.queue("erase", `DELETE FROM claim`+those, ids)
		t.queue("erase", `DELETE FROM place`+those, ids)
		t.queue("erase", `DELETE FROM otp_claim WHERE consent = ANY ($1::uuid[])`, ids)
	}
	for _, h := range u.Hold {
		t.queue("hold", `INSERT INTO hold (consent, reason, since, sum) VALUES ($1, $2, $3, $4)
			ON CONFLICT (consent) DO UPDATE SET reason = excluded.reason, since = excluded.since, sum = excluded.sum`,
			[16]byte(h.Consent), h.Reason, h.Since.UnixMilli(), h.Sum())
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
		case s.Anew:
			t.queue("settle messages", `UPDATE message SET due = $2, tries = 0 WHERE idx = $1`, s.Index, s.Due.UnixMilli())
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

// notNull is b as a value that is there, also if it is empty.
func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
