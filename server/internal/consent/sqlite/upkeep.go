package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"ekycconnect/server/internal/consent"
)

// upkeepQueries read messages, holds, and decisions by time.
type upkeepQueries struct {
	messages, due   *sql.Stmt
	givenUp         *sql.Stmt
	count, holds    *sql.Stmt
	decisions, old  *sql.Stmt
	holdsOn         *sql.Stmt
	otpByKey, otpOf *sql.Stmt
}

const messages = `SELECT m.idx, m.site, m.body, m.made, coalesce(m.due, 0), m.tries, e.kind, e.consent
	FROM message m JOIN event e ON e.idx = m.idx WHERE `

func newUpkeepQueries(ctx context.Context, s *statements) upkeepQueries {
	return upkeepQueries{
		messages: s.add(ctx, messages+`m.due IS NOT NULL ORDER BY m.due LIMIT ?`),
		givenUp:  s.add(ctx, messages+`m.due IS NULL AND m.idx > ? ORDER BY m.idx LIMIT ?`),
		count:    s.add(ctx, `SELECT count(due), count(*) - count(due) FROM message`),
		holds:    s.add(ctx, `SELECT consent, reason, since FROM hold ORDER BY since`),
		holdsOn:  s.add(ctx, `SELECT consent, reason, since FROM hold WHERE consent = ?`),
		otpByKey: s.add(ctx, otpClaims+`key = ?`),
		otpOf:    s.add(ctx, otpClaims+`consent = ?`),
		decisions: s.add(ctx, `SELECT idx, consent FROM event WHERE idx > ? AND kind IN ('given', 'refused')
			AND at >= ? AND at < ? ORDER BY idx LIMIT ?`),
		// Ids begin with a time, so their index ends the search, in whatever order they
		// came.
		old: s.add(ctx, `SELECT d.idx, d.consent FROM event d
			WHERE d.consent > ?1 AND d.consent < ?2 AND d.kind IN ('given', 'refused')
			AND NOT EXISTS (SELECT 1 FROM event x WHERE x.consent = d.consent AND (x.kind = 'erased' OR x.at >= ?3))
			AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.consent = d.consent)
			ORDER BY d.consent LIMIT ?4`),
		due: s.add(ctx, messages+`m.due <= ?1 OR m.due > ?2 OR m.tries = 0 AND m.due > ?3 ORDER BY m.due LIMIT 1`),
	}
}

// upkeepStatements write it.
type upkeepStatements struct {
	message, hold, free, blank                     *sql.Stmt
	blankReplies, blankClaims, blankSubjects       *sql.Stmt
	otpBegun, otpEnded, blankOTP                   *sql.Stmt
	delivered, postponed, anew, givenUp, forgotten *sql.Stmt
}

func newUpkeepStatements(ctx context.Context, s *statements) upkeepStatements {
	const ofConsents = ` WHERE idx IN (SELECT idx FROM event WHERE consent = ?)`
	return upkeepStatements{
		message: s.add(ctx, `INSERT INTO message (idx, site, body, made, due, sum) VALUES (?,?,?,?,?,?)`),
		hold: s.add(ctx, `INSERT INTO hold (consent, reason, since, sum) VALUES (?,?,?,?)
			ON CONFLICT (consent) DO UPDATE SET reason = excluded.reason, since = excluded.since, sum = excluded.sum`),
		free: s.add(ctx, `DELETE FROM hold WHERE consent = ?`),
		blank: s.add(ctx, `UPDATE body SET bytes = x'', salt = x'' WHERE idx IN
			(SELECT idx FROM event WHERE consent = ? AND kind <> 'erased')`),
		blankReplies:  s.add(ctx, `DELETE FROM reply`+ofConsents),
		blankClaims:   s.add(ctx, `DELETE FROM claim`+ofConsents),
		blankSubjects: s.add(ctx, `DELETE FROM place`+ofConsents),
		otpBegun:      s.add(ctx, `INSERT INTO otp_claim (key, owner, consent, endpoint, at, until, sum) VALUES (?,?,?,?,?,?,?)`),
		otpEnded:      s.add(ctx, `DELETE FROM otp_claim WHERE key = ?`),
		blankOTP:      s.add(ctx, `DELETE FROM otp_claim WHERE consent = ?`),
		delivered:     s.add(ctx, `DELETE FROM message WHERE idx = ?`),
		postponed:     s.add(ctx, `UPDATE message SET due = ?2, tries = tries + 1 WHERE idx = ?1`),
		anew:          s.add(ctx, `UPDATE message SET due = ?2, tries = 0 WHERE idx = ?1`),
		forgotten:     s.add(ctx, `DELETE FROM message WHERE due IS NULL AND made < ?`),
		givenUp:       s.add(ctx, `UPDATE message SET due = NULL, tries = tries + 1 WHERE idx = ?`),
	}
}

// appendUpkeep is the part of Append that is not the ledger itself.
func (w *writer) appendUpkeep(ctx context.Context, u consent.Upkeep) error {
	err := execEach(ctx, w.message, len(u.Messages), func(args []any, i int) []any {
		m := &u.Messages[i]
		return append(args, m.Index, m.Site, m.Body, m.Made.UnixMilli(), m.Due.UnixMilli(), m.Sum())
	})
	if err != nil {
		return failed("append messages", err)
	}
	if err := w.appendOTP(ctx, u); err != nil {
		return err
	}
	for _, blank := range []*sql.Stmt{w.blank, w.blankReplies, w.blankClaims, w.blankSubjects, w.blankOTP} {
		err := execEach(ctx, blank, len(u.Blank), func(args []any, i int) []any { return append(args, u.Blank[i][:]) })
		if err != nil {
			return failed("erase", err)
		}
	}
	err = execEach(ctx, w.hold, len(u.Hold), func(args []any, i int) []any {
		h := &u.Hold[i]
		return append(args, h.Consent[:], h.Reason, h.Since.UnixMilli(), h.Sum())
	})
	if err != nil {
		return failed("hold", err)
	}
	err = execEach(ctx, w.free, len(u.Free), func(args []any, i int) []any { return append(args, u.Free[i][:]) })
	if err != nil {
		return failed("release", err)
	}
	for _, s := range u.Settled {
		switch {
		case s.Delivered:
			_, err = w.delivered.ExecContext(ctx, s.Index)
		case s.Due.IsZero():
			_, err = w.givenUp.ExecContext(ctx, s.Index)
		case s.Anew:
			_, err = w.anew.ExecContext(ctx, s.Index, s.Due.UnixMilli())
		default:
			_, err = w.postponed.ExecContext(ctx, s.Index, s.Due.UnixMilli())
		}
		if err != nil {
			return failed("settle messages", err)
		}
	}
	return nil
}

// ForgetMessages implements [consent.Tx].
func (w *writer) ForgetMessages(ctx context.Context, before time.Time) (int, error) {
	done, err := w.forgotten.ExecContext(context.WithoutCancel(ctx), before.UnixMilli())
	if err != nil {
		return 0, failed("forget messages", err)
	}
	n, err := done.RowsAffected()
	return int(n), err
}

// Messages implements [consent.UpkeepReader].
func (q *queries) Messages(ctx context.Context, limit int) ([]consent.Message, error) {
	return q.readMessages(ctx, q.upkeep.messages, limit)
}

// GivenUp implements [consent.UpkeepReader].
func (q *queries) GivenUp(ctx context.Context, after int64, limit int) ([]consent.Message, error) {
	return q.readMessages(ctx, q.upkeep.givenUp, after, limit)
}

func (q *queries) readMessages(ctx context.Context, which *sql.Stmt, args ...any) (messages []consent.Message, err error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("sqlite: read messages: %w", err)
	}
	err = rows(context.WithoutCancel(ctx), which, func(row *sql.Rows) error {
		var m consent.Message
		var made, due int64
		var id sql.RawBytes
		err := row.Scan(&m.Index, &m.Site, &m.Body, &made, &due, &m.Tries, &m.Kind, &id)
		m.Made = moment(made)
		if due != 0 {
			m.Due = moment(due)
		}
		copy(m.Consent[:], id)
		messages = append(messages, m)
		return err
	}, args...)
	return messages, reading("messages", err)
}

// MessageCount implements [consent.UpkeepReader].
func (q *queries) MessageCount(ctx context.Context) (waiting, givenUp int, err error) {
	err = q.upkeep.count.QueryRowContext(context.WithoutCancel(ctx)).Scan(&waiting, &givenUp)
	return waiting, givenUp, reading("messages", err)
}

// Holds implements [consent.UpkeepReader].
func (q *queries) Holds(ctx context.Context, consents []uuid.UUID) (holds []consent.Hold, err error) {
	ctx = context.WithoutCancel(ctx)
	scan := func(row *sql.Rows) error {
		var hold consent.Hold
		var since int64
		var id sql.RawBytes
		err := row.Scan(&id, &hold.Reason, &since)
		hold.Since = moment(since)
		copy(hold.Consent[:], id)
		holds = append(holds, hold)
		return err
	}
	if consents == nil {
		err = rows(ctx, q.upkeep.holds, scan)
	} else {
		err = queryEach(ctx, q.upkeep.holdsOn, len(consents), func(i int) any { return consents[i][:] }, scan)
	}
	return holds, reading("holds", err)
}

// Decisions implements [consent.UpkeepReader].
func (q *queries) Decisions(ctx context.Context, since, until time.Time, after int64, limit int) ([]consent.RecordRef, error) {
	return q.refs(ctx, q.upkeep.decisions, after, since.UnixMilli(), until.UnixMilli(), limit)
}

// Old implements [consent.UpkeepReader].
func (q *queries) Old(ctx context.Context, before time.Time, after uuid.UUID, limit int) ([]consent.RecordRef, error) {
	end := consent.IDsFrom(before)
	return q.refs(ctx, q.upkeep.old, after[:], end[:], before.UnixMilli(), limit)
}

// Messages implements [consent.UpkeepReader].
func (s *Store) Messages(ctx context.Context, limit int) ([]consent.Message, error) {
	return s.reads.Messages(ctx, limit)
}

// GivenUp implements [consent.UpkeepReader].
func (s *Store) GivenUp(ctx context.Context, after int64, limit int) ([]consent.Message, error) {
	return s.reads.GivenUp(ctx, after, limit)
}

// TakeMessage implements [consent.Store]. There is one relay: nobody else takes it.
func (s *Store) TakeMessage(ctx context.Context, now, until time.Time) (m consent.Message, ok bool, next time.Time, err error) {
	due, err := s.reads.readMessages(ctx, s.reads.upkeep.due, now.UnixMilli(), now.Add(consent.MostPutOff).UnixMilli(), until.Add(consent.MaxAhead).UnixMilli())
	if err != nil {
		return m, false, next, err
	}
	if len(due) > 0 {
		return due[0], true, next, nil
	}
	first, err := s.reads.Messages(ctx, 1)
	if err == nil && len(first) > 0 {
		next = first[0].Due
	}
	return m, false, next, err
}

// MessageCount implements [consent.UpkeepReader].
func (s *Store) MessageCount(ctx context.Context) (waiting, givenUp int, err error) {
	return s.reads.MessageCount(ctx)
}

// Holds implements [consent.UpkeepReader].
func (s *Store) Holds(ctx context.Context, consents []uuid.UUID) ([]consent.Hold, error) {
	return s.reads.Holds(ctx, consents)
}

// Decisions implements [consent.UpkeepReader].
func (s *Store) Decisions(ctx context.Context, since, until time.Time, after int64, limit int) ([]consent.RecordRef, error) {
	return s.reads.Decisions(ctx, since, until, after, limit)
}

// Old implements [consent.UpkeepReader].
func (s *Store) Old(ctx context.Context, before time.Time, after uuid.UUID, limit int) ([]consent.RecordRef, error) {
	return s.reads.Old(ctx, before, after, limit)
}

var errStillRead = errors.New("another program reads the ledger")

// Scrub implements [consent.Scrubber]. What is deleted is overwritten in its page
// (PRAGMA secure_delete); the pages as they were before stand in the write-ahead log,
// which a checkpoint writes back and truncates.
func (s *Store) Scrub(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	if err := s.openWriter(ctx); err != nil {
		return err
	}
	var busy, pages, written int
	err := s.writer.conn.QueryRowContext(context.WithoutCancel(ctx), `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &written)
	if err != nil {
		return failed("scrub", err)
	}
	if busy != 0 {
		return unavailable("scrub", errStillRead)
	}
	return nil
}
