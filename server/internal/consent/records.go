package consent

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
)

// Limits of a page of records.
const (
	defaultPage = 20
	maxPage     = 100
)

// Consent returns a record of this site and all that followed.
//
// Errors: [ErrNotFound] (also for a record of another site), [ErrUnavailable].
func (l *Ledger) Consent(ctx context.Context, site, id string) (Record, error) {
	record, err := l.Record(ctx, id)
	if err == nil && record.Site != site {
		return Record{}, ErrNotFound
	}
	return record, err
}

// Record returns a record of any site and all that followed; it is for who
// holds the receipt, and for the operator.
//
// Errors: [ErrNotFound], [ErrUnavailable].
func (l *Ledger) Record(ctx context.Context, id string) (Record, error) {
	events, err := l.events(ctx, id)
	if err != nil {
		return Record{}, err
	}
	return newRecord(events)
}

// BySubject returns the records that a site made about one of its people,
// newest first, and the cursor of the next page, empty after the last. limit is
// 1 to 100, 20 if it is 0. Pages do not shift when records are added.
//
// Errors: [ErrCursor] (not one of ours), [ErrUnavailable].
func (l *Ledger) BySubject(ctx context.Context, site, subject string, limit int, cursor string) ([]Record, string, error) {
	before, err := parseCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	if limit == 0 {
		limit = defaultPage
	}
	limit = min(max(limit, 1), maxPage)
	refs, err := l.store.BySubject(ctx, l.hash.subject(site, subject), before, limit+1)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(refs) > limit {
		refs = refs[:limit]
		next = newCursor(refs[limit-1].Index)
	}
	records, err := l.recordsAt(ctx, refs)
	return records, next, err
}

// recordsAt reads the records that refs point to.
func (l *Ledger) recordsAt(ctx context.Context, refs []RecordRef) ([]Record, error) {
	ids := make([]uuid.UUID, len(refs))
	for i, ref := range refs {
		ids[i] = ref.Consent
	}
	u, err := load(ctx, l.store, nil, ids)
	if err != nil {
		return nil, err
	}
	records := make([]Record, len(ids))
	for i, id := range ids {
		events, err := u.record(id)
		if err != nil {
			return nil, fmt.Errorf("consent: events of record %s: %w", id, err)
		}
		if records[i], err = newRecord(events); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// Each hands every record to do that was made from since to before until, oldest
// first, until do returns an error. What is written meanwhile may or may not be
// among them.
func (l *Ledger) Each(ctx context.Context, since, until time.Time, do func(Record) error) error {
	for after := int64(-1); ; {
		refs, err := l.store.Decisions(ctx, since, until, after, maxGroup)
		if err != nil || len(refs) == 0 {
			return err
		}
		records, err := l.recordsAt(ctx, refs)
		if err != nil {
			return err
		}
		for _, record := range records {
			if err := do(record); err != nil {
				return err
			}
		}
		after = refs[len(refs)-1].Index
	}
}

func newRecord(entries []Entry) (Record, error) {
	first := entries[0]
	record := Record{ID: first.Consent.String(), Site: first.Site, Kind: first.Kind, At: first.At, Body: first.Body}
	for _, entry := range entries {
		event, err := newEvent(entry)
		if err != nil {
			return Record{}, fmt.Errorf("consent: read event %d: %w", entry.Index, err)
		}
		record.Events = append(record.Events, event)
	}
	return record, nil
}

// newEvent reads from an event's text what its kind has of its own; of one that
// was erased nothing is left to read.
func newEvent(entry Entry) (Event, error) {
	event := Event{Index: entry.Index, Kind: entry.Kind, At: entry.At, Body: entry.Body}
	if len(entry.Body) == 0 {
		return event, nil
	}
	switch entry.Kind {
	case WithdrawnEvent, ErasedEvent:
		var text withdrawnText // an erased event begins alike
		if err := json.Unmarshal(entry.Body, &text); err != nil {
			return Event{}, err
		}
		event.Via = text.Via
	case Used:
		var text usedText
		if err := json.Unmarshal(entry.Body, &text); err != nil {
			return Event{}, err
		}
		at, err := time.Parse(timeLayout, text.CalledAt)
		if err != nil {
			return Event{}, err
		}
		event.Call = Call{Endpoint: text.Endpoint, Result: text.Result, TransactionID: text.TransactionID, At: at}
	}
	return event, nil
}

// A cursor is the index of the last record of a page. It gives nothing away and
// opens nothing: the next page is read under the asker's own site and subject.
func newCursor(index int64) string {
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(index)))
}

func parseCursor(cursor string) (before int64, err error) {
	if cursor == "" {
		return math.MaxInt64, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) != 8 || raw[0] > 127 || newCursor(int64(binary.BigEndian.Uint64(raw))) != cursor {
		return 0, ErrCursor
	}
	return int64(binary.BigEndian.Uint64(raw)), nil
}
