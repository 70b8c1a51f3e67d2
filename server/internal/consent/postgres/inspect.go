package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"

	"ekycconnect/server/internal/consent/audit"
	"ekycconnect/server/internal/consent/translog"
	"ekycconnect/server/internal/secret"
)

// Inspection reads a whole ledger as it is, for whoever checks it: one consistent
// state of it, also while relays write, and from a replica too. It changes nothing
// and trusts nothing.
type Inspection struct {
	conn *pgx.Conn
	name string
}

var _ audit.Source = (*Inspection)(nil)

// ErrNoLedger says that a database has no tables of a ledger.
var ErrNoLedger = errors.New("holds no ledger: name its database; a relay makes one when it serves")

// Inspect connects for reading.
func Inspect(ctx context.Context, at secret.String) (_ *Inspection, err error) {
	c, err := parse(at)
	if err != nil {
		return nil, err
	}
	c.ConnConfig.ValidateConnect = nil // a replica will do
	i := &Inspection{name: Name(at)}
	if i.conn, err = pgx.ConnectConfig(ctx, c.ConnConfig); err != nil {
		return nil, fmt.Errorf("postgres: open %s: %w", i.name, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, i.Close())
		}
	}()
	if _, err := i.conn.Exec(ctx, `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`); err != nil {
		return nil, i.inspecting(err)
	}
	// As a relay reads: by the indexes, in small tables too.
	if _, err := i.conn.Exec(ctx, without, []string{"enable_seqscan"}); err != nil {
		return nil, i.inspecting(err)
	}
	var there bool
	if err := i.conn.QueryRow(ctx, `SELECT to_regclass('event') IS NOT NULL AND to_regclass('head') IS NOT NULL`).Scan(&there); err != nil {
		return nil, i.inspecting(err)
	}
	if !there {
		return nil, fmt.Errorf("postgres: %s %w", i.name, ErrNoLedger)
	}
	return i, nil
}

// Close ends the reading.
func (i *Inspection) Close() error { return i.conn.Close(context.Background()) }

// Head implements [audit.Source].
func (i *Inspection) Head(ctx context.Context) (h audit.Head, err error) {
	err = i.conn.QueryRow(ctx, `SELECT origin, size, note, checkpoints, published FROM head`).
		Scan(&h.Origin, &h.Size, &h.Note, &h.Checkpoints, &h.Published)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && len(h.Note) == 0 {
		return audit.Head{}, nil
	}
	return h, i.inspecting(err)
}

// LogKeys implements [audit.Source].
func (i *Inspection) LogKeys(ctx context.Context) (keys []string, err error) {
	err = i.each(ctx, func(row pgx.Rows) error {
		var key string
		err := row.Scan(&key)
		keys = append(keys, key)
		return err
	}, `SELECT vkey FROM log_key ORDER BY seq DESC`)
	return keys, err
}

// Forks implements [audit.Source].
func (i *Inspection) Forks(ctx context.Context) (forks []translog.Fork, err error) {
	err = i.each(ctx, func(row pgx.Rows) error {
		var f translog.Fork
		var at int64
		err := row.Scan(&at, &f.Reason, &f.Size, &f.Lost)
		f.At = moment(at)
		forks = append(forks, f)
		return err
	}, `SELECT at, reason, size, lost FROM fork ORDER BY seq`)
	return forks, err
}

// Checkpoints implements [audit.Source].
func (i *Inspection) Checkpoints(ctx context.Context, each func(translog.Head) error) error {
	return i.each(ctx, func(row pgx.Rows) error {
		var h translog.Head
		if err := row.Scan(&h.Size, &h.Note); err != nil {
			return err
		}
		return each(h)
	}, `SELECT size, note FROM checkpoint ORDER BY size`)
}

// Notices implements [audit.Source].
func (i *Inspection) Notices(ctx context.Context, each func(name, bytes []byte) error) error {
	return i.each(ctx, func(row pgx.Rows) error {
		var name, text []byte
		if err := row.Scan(&name, &text); err != nil {
			return err
		}
		return each(name, text)
	}, `SELECT sha256, bytes FROM notice`)
}

func (i *Inspection) each(ctx context.Context, scan func(pgx.Rows) error, statement string, args ...any) error {
	rows, err := i.conn.Query(ctx, statement, args...)
	if err != nil {
		return i.inspecting(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return i.inspecting(rows.Err())
}

func (i *Inspection) inspecting(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("postgres: read %s: %w", i.name, err)
}

// window is how many indexes are read at a time.
const window = 2000

// Rows implements [audit.Source]. Rows that belong to no event come too.
func (i *Inspection) Rows(ctx context.Context, each func(audit.Row) error) error {
	for from := int64(math.MinInt64); ; {
		next, err := i.next(ctx, from)
		if next == nil || err != nil {
			return err
		}
		// Events have no gaps, so there are rows in one window after the other.
		for from = *next; ; {
			last := from + window - 1
			if last < from {
				last = math.MaxInt64
			}
			rows, err := i.window(ctx, from, last)
			if err != nil {
				return err
			}
			for _, row := range rows {
				if err := each(*row); err != nil {
					return err
				}
			}
			if last == math.MaxInt64 {
				return nil
			}
			if from = last + 1; len(rows) == 0 {
				break
			}
		}
	}
}

// next is the lowest index from one on that is in any of the tables; nil if there is
// none. It reads all of claim and place for that.
func (i *Inspection) next(ctx context.Context, from int64) (next *int64, err error) {
	err = i.conn.QueryRow(ctx, `SELECT least((SELECT min(idx) FROM event WHERE idx >= $1),
		(SELECT min(idx) FROM claim WHERE idx >= $1), (SELECT min(idx) FROM place WHERE idx >= $1))`, from).Scan(&next)
	return next, i.inspecting(err)
}
