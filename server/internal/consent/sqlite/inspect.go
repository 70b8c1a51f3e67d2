package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/audit"
	"ekycconnect/server/internal/consent/translog"
)

// Inspection reads a whole ledger as it is, for whoever checks it: one
// consistent state of it, also while a relay writes. It changes nothing and
// trusts nothing.
type Inspection struct {
	db *sql.DB
	tx *sql.Tx
}

var _ audit.Source = (*Inspection)(nil)

// Inspect opens the ledger in dir for reading. It needs no lock.
func Inspect(ctx context.Context, dir string) (_ *Inspection, err error) {
	path, err := existing(ctx, dir)
	if err != nil {
		return nil, err
	}
	db, err := openWhole(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			db.Close()
		}
	}()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w", path, err)
	}
	var there int
	err = tx.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('event', 'hash', 'head')`).Scan(&there)
	if err != nil {
		return nil, fmt.Errorf("sqlite: read %s: %w", path, err)
	}
	if there != 3 {
		return nil, fmt.Errorf("sqlite: %s holds no log yet: an older relay wrote it; this version makes one when it serves", path)
	}
	return &Inspection{db, tx}, nil
}

// openWhole opens a database file for reading all of it.
func openWhole(path string) (*sql.DB, error) {
	name := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{
		"mode": {"rw"}, // the file is never created; its -wal and -shm files may have to be
		"_pragma": {
			"busy_timeout(" + strconv.FormatInt(lockWait.Milliseconds(), 10) + ")",
			"query_only(1)", "cell_size_check(1)", "trusted_schema(0)",
			"cache_size(-65536)", "mmap_size(1073741824)", // it reads everything: a sixth less work
		},
	}.Encode()}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w", path, err)
	}
	return db, nil
}

// Close ends the reading.
func (i *Inspection) Close() error { return errors.Join(i.tx.Rollback(), i.db.Close()) }

// Head implements [audit.Source].
func (i *Inspection) Head(ctx context.Context) (h audit.Head, err error) {
	err = i.tx.QueryRowContext(ctx, `SELECT origin, size, note, checkpoints, published FROM head`).
		Scan(&h.Origin, &h.Size, &h.Note, &h.Checkpoints, &h.Published)
	if errors.Is(err, sql.ErrNoRows) {
		return audit.Head{}, nil
	}
	return h, inspecting(err)
}

// LogKeys implements [audit.Source].
func (i *Inspection) LogKeys(ctx context.Context) (keys []string, err error) {
	err = i.each(ctx, `SELECT vkey FROM log_key ORDER BY seq DESC`, func(row *sql.Rows) error {
		var key string
		err := row.Scan(&key)
		keys = append(keys, key)
		return err
	})
	return keys, err
}

// Forks implements [audit.Source].
func (i *Inspection) Forks(ctx context.Context) (forks []translog.Fork, err error) {
	err = i.each(ctx, `SELECT at, reason, size, lost FROM fork ORDER BY rowid`, func(row *sql.Rows) error {
		var f translog.Fork
		var at int64
		err := row.Scan(&at, &f.Reason, &f.Size, &f.Lost)
		f.At = moment(at)
		forks = append(forks, f)
		return err
	})
	return forks, err
}

// Checkpoints implements [audit.Source].
func (i *Inspection) Checkpoints(ctx context.Context, each func(translog.Head) error) error {
	return i.each(ctx, `SELECT size, note FROM checkpoint ORDER BY size`, func(row *sql.Rows) error {
		var h translog.Head
		if err := row.Scan(&h.Size, &h.Note); err != nil {
			return err
		}
		return each(h)
	})
}

// Notices implements [audit.Source].
func (i *Inspection) Notices(ctx context.Context, each func(name, bytes []byte) error) error {
	return i.each(ctx, `SELECT sha256, bytes FROM notice`, func(row *sql.Rows) error {
		var name, text sql.RawBytes
		if err := row.Scan(&name, &text); err != nil {
			return err
		}
		return each(name, text)
	})
}

// Rows implements [audit.Source]. Rows that belong to no event come too, after
// or between those that do.
func (i *Inspection) Rows(ctx context.Context, each func(audit.Row) error) error {
	claims, err := i.open(ctx, `SELECT idx, key, proof FROM claim ORDER BY idx, key`)
	if err != nil {
		return err
	}
	defer claims.Close()
	subjects, err := i.open(ctx, `SELECT idx, key FROM place ORDER BY idx, key`)
	if err != nil {
		return err
	}
	defer subjects.Close()
	var row audit.Row
	flush := func(before int64) error { // look-ups of events that are not there
		for claims.at < before || subjects.at < before {
			row = audit.Row{Index: min(claims.at, subjects.at)}
			if err := errors.Join(claims.of(row.Index, &row), subjects.of(row.Index, &row)); err != nil {
				return err
			}
			if err := each(row); err != nil {
				return err
			}
		}
		return nil
	}
	err = i.each(ctx, `SELECT e.idx, e.kind, e.consent, e.site, e.at, b.bytes, b.salt, h.entry, h.above, b.idx IS NOT NULL, h.idx IS NOT NULL
		FROM event e LEFT JOIN body b ON b.idx = e.idx LEFT JOIN hash h ON h.idx = e.idx ORDER BY e.idx`, func(r *sql.Rows) error {
		var kind, id, site, body, salt, entry, above sql.RawBytes
		var at, index int64
		var text, hash bool // the driver tells an empty value from none no other way
		if err := r.Scan(&index, &kind, &id, &site, &at, &body, &salt, &entry, &above, &text, &hash); err != nil {
			return err
		}
		if err := flush(index); err != nil {
			return err
		}
		row = audit.Row{Index: index, There: true, Text: text, Hash: hash, Kind: consent.Kind(kind), Consent: id, Site: site, At: moment(at),
			Body: body, Salt: salt, Entry: entry, Above: above, Claims: row.Claims[:0], Subjects: row.Subjects[:0]}
		if err := errors.Join(claims.of(index, &row), subjects.of(index, &row)); err != nil {
			return err
		}
		return each(row)
	})
	if err != nil {
		return err
	}
	if err := flush(ended); err != nil {
		return err
	}
	return i.strays(ctx, each)
}

// strays finds rows of the other tables that belong to no event.
func (i *Inspection) strays(ctx context.Context, each func(audit.Row) error) error {
	for _, table := range []string{"body", "hash"} {
		err := i.each(ctx, `SELECT idx FROM `+table+` WHERE idx NOT IN (SELECT idx FROM event) ORDER BY idx LIMIT 1`, func(r *sql.Rows) error {
			row := audit.Row{}
			if err := r.Scan(&row.Index); err != nil {
				return err
			}
			return each(row)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (i *Inspection) each(ctx context.Context, query string, scan func(*sql.Rows) error, args ...any) error {
	found, err := i.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return inspecting(err)
	}
	defer found.Close()
	for found.Next() {
		if err := scan(found); err != nil {
			return err
		}
	}
	return inspecting(found.Err())
}

func inspecting(err error) error {
	if err == nil {
		return nil
	}
	if fault := damaged(err); fault != nil {
		return fault
	}
	return fmt.Errorf("sqlite: read the ledger: %w", err)
}
