package sqlite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/audit"
	"ekycconnect/server/internal/consent/storetest"
)

// written makes a ledger with something in every table, and leaves it.
func written(t *testing.T) (dir string) {
	dir = t.TempDir()
	store, err := Open(dir)
	require.NoError(t, err)
	clock := storetest.NewClock()
	l := storetest.NewLedger(t, store, clock)
	for i := range 12 {
		clock.Move(1500 * time.Millisecond)
		notice := []byte(fmt.Sprintf(`["section","सूचना %d"]`, i%3))
		sum := sha256.Sum256(notice)
		d := storetest.Decision(fmt.Sprintf("idempotency-key-%04d", i))
		d.NoticeSHA256 = hex.EncodeToString(sum[:])
		d.Site = fmt.Sprintf("pk_site_%d", i%3)
		d.Subject, d.SubjectSource, d.TicketID = fmt.Sprintf("customer-%d", i), "ticket", fmt.Sprintf("ticket-%d", i)
		require.NoError(t, l.PutNotice(t.Context(), d.NoticeSHA256, notice))
		if i%4 == 3 {
			_, err := l.Refuse(t.Context(), d)
			require.NoError(t, err)
			continue
		}
		given, err := l.Give(t.Context(), d)
		require.NoError(t, err)
		clock.Move(1500 * time.Millisecond)
		_, err = l.Used(t.Context(), given.Committed, []consent.Call{{Endpoint: "connect", Result: "ok", At: clock.Now()}})
		require.NoError(t, err)
		_, err = l.Redeem(t.Context(), consent.Redemption{ConsentID: given.ID(), JTI: consent.TokenID(given.ID(), i), Token: "t", Reply: "r", IdempotencyKey: "key-of-a-redemption"})
		require.NoError(t, err)
	}
	require.NoError(t, l.Close())
	return dir
}

func verify(t *testing.T, dir string, o audit.Options) (audit.Report, error) {
	from, err := Inspect(t.Context(), dir)
	require.NoError(t, err)
	defer func() { require.NoError(t, from.Close()) }()
	return audit.Verify(t.Context(), from, o)
}

// tampered is a copy of a ledger in which nothing guards a row any more.
func tampered(t *testing.T, dir string) (at string, db *sql.DB) {
	at = t.TempDir()
	text, err := os.ReadFile(filepath.Join(dir, "ledger.db"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(at, "ledger.db"), text, 0o600))
	db, err = sql.Open("sqlite", "file:"+filepath.Join(at, "ledger.db")+"?_pragma=ignore_check_constraints(1)&_pragma=foreign_keys(0)")
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	rows, err := db.QueryContext(t.Context(), `SELECT name FROM sqlite_schema WHERE type = 'trigger'`)
	require.NoError(t, err)
	var triggers []string
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		triggers = append(triggers, name)
	}
	require.NoError(t, rows.Err())
	for _, name := range triggers {
		run(t, db, "DROP TRIGGER "+name)
	}
	return at, db
}

func run(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), statement, args...)
	require.NoError(t, err, statement)
}

// guarded are the tables that nobody may change unnoticed, with what names a row.
var guarded = []struct {
	table, key string
	columns    []string
	names      string // how a fault names the row with this key; %d or a part of it
}{
	{"event", "idx", []string{"idx", "kind", "consent", "site", "at"}, "event %d"},
	{"body", "idx", []string{"idx", "bytes", "salt"}, "event %d"},
	{"hash", "idx", []string{"idx", "entry", "above"}, " %d"},
	{"head", "id", []string{"origin", "size", "note", "checkpoints", "published"}, ""},
	{"checkpoint", "size", []string{"size", "note"}, "checkpoint"},
	{"claim", "idx", []string{"key", "idx", "proof"}, "event %d"},
	{"place", "idx", []string{"key", "idx"}, "event %d"},
	{"notice", "sha256", []string{"sha256", "bytes"}, "notice"},
}

func changed(value any) any {
	switch v := value.(type) {
	case int64:
		return v + 1<<20
	case string:
		return string([]byte{v[0] ^ 1}) + v[1:]
	case []byte:
		other := bytes.Clone(v)
		if len(other) == 0 {
			return []byte{1}
		}
		other[len(other)/2] ^= 4
		return other
	}
	panic(fmt.Sprintf("%T", value))
}

// found checks that the ledger is refused and that the fault names the row.
func found(t *testing.T, dir, names string, keys ...any) {
	t.Helper()
	_, err := verify(t, dir, audit.Options{})
	var fault *audit.Fault
	require.True(t, errors.As(err, &fault), "not noticed: %v", err)
	require.NotEmpty(t, fault.Text)
	if !strings.Contains(names, "%d") {
		require.Contains(t, fault.Row, strings.TrimSpace(names), fault.Text)
		return
	}
	for _, key := range keys {
		if strings.HasSuffix(fault.Row, fmt.Sprintf(names, key)) {
			return
		}
	}
	require.Fail(t, "the wrong row is named", "%v of %v", fault, keys)
}

func TestAChangeOfAnyColumnOfAnyRowIsFoundAndNamed(t *testing.T) {
	dir := written(t)
	report, err := verify(t, dir, audit.Options{})
	require.NoError(t, err)
	require.EqualValues(t, 30, report.Size)
	require.EqualValues(t, 12, report.Records)
	require.Equal(t, 31, report.Checkpoints)
	for _, g := range guarded {
		for _, column := range g.columns {
			at, db := tampered(t, dir)
			var rows int64
			require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+g.table).Scan(&rows))
			for _, offset := range slices.Compact([]int64{0, rows / 2, rows - 1}) {
				t.Run(fmt.Sprintf("%s.%s of row %d", g.table, column, offset), func(t *testing.T) {
					where := fmt.Sprintf("WHERE rowid = (SELECT rowid FROM %s ORDER BY %s LIMIT 1 OFFSET %d)", g.table, g.key, offset)
					if g.table == "claim" || g.table == "place" { // without rowid
						where = fmt.Sprintf("WHERE (key, idx) = (SELECT key, idx FROM %s ORDER BY idx, key LIMIT 1 OFFSET %d)", g.table, offset)
					}
					var value, key any
					require.NoError(t, db.QueryRowContext(t.Context(), fmt.Sprintf("SELECT %s, %s FROM %s %s", column, g.key, g.table, where)).Scan(&value, &key))
					other := changed(value)
					run(t, db, fmt.Sprintf("UPDATE %s SET %s = ? %s", g.table, column, where), other)
					found(t, at, g.names, key)
					back := fmt.Sprintf("WHERE %s = ?", column)
					run(t, db, fmt.Sprintf("UPDATE %s SET %s = coalesce(?, x'') %s", g.table, column, back), value, other)
					_, err := verify(t, at, audit.Options{})
					require.NoError(t, err, "it was that alone")
				})
			}
		}
	}
}

func TestTwoRowsThatAreExchangedAreFoundAndNamed(t *testing.T) {
	dir := written(t)
	for _, g := range guarded {
		if g.table == "head" { // has one row
			continue
		}
		for _, column := range g.columns {
			t.Run(g.table+"."+column, func(t *testing.T) {
				at, db := tampered(t, dir)
				var one, two, key1, key2 any
				order := fmt.Sprintf("SELECT %s, %s FROM %s ORDER BY %s LIMIT 1 OFFSET ", column, g.key, g.table, g.key)
				require.NoError(t, db.QueryRowContext(t.Context(), order+"1").Scan(&one, &key1))
				// The next one that differs.
				require.NoError(t, db.QueryRowContext(t.Context(),
					fmt.Sprintf("SELECT %s, %s FROM %s WHERE %s IS NOT ? AND %s > ? ORDER BY %s LIMIT 1", column, g.key, g.table, column, g.key, g.key),
					one, key1).Scan(&two, &key2), "a pair to exchange")
				if column == g.key && g.table != "claim" && g.table != "place" {
					spare := changed(changed(one))
					if _, ok := one.(int64); !ok {
						spare = []byte("spare")
					}
					set := fmt.Sprintf("UPDATE %s SET %s = ? WHERE %s = ?", g.table, column, column)
					run(t, db, set, spare, one)
					run(t, db, set, one, two)
					run(t, db, set, two, spare)
				} else {
					exchange := fmt.Sprintf("UPDATE %s SET %s = coalesce(CASE WHEN %s = coalesce(?1, x'') THEN ?2 ELSE ?1 END, x'') WHERE %s IN (coalesce(?1, x''), ?2) AND %s IN (?3, ?4)",
						g.table, column, column, column, g.key)
					if column == "key" { // unique: in three steps
						set := fmt.Sprintf("UPDATE %s SET key = ? WHERE key = ?", g.table)
						run(t, db, set, []byte("spare"), one)
						run(t, db, set, one, two)
						run(t, db, set, two, []byte("spare"))
					} else {
						run(t, db, exchange, one, two, key1, key2)
					}
				}
				found(t, at, g.names, key1, key2)
			})
		}
	}
}

func TestALastRowThatIsDeletedIsFoundAndNamed(t *testing.T) {
	dir := written(t)
	for _, g := range guarded {
		t.Run(g.table, func(t *testing.T) {
			at, db := tampered(t, dir)
			var last any
			require.NoError(t, db.QueryRowContext(t.Context(), fmt.Sprintf("SELECT max(%s) FROM %s", g.key, g.table)).Scan(&last))
			run(t, db, fmt.Sprintf("DELETE FROM %s WHERE %s = ?", g.table, g.key), last)
			found(t, at, g.names, last)
		})
	}
	t.Run("all that belongs to the last event", func(t *testing.T) {
		at, db := tampered(t, dir)
		for _, table := range []string{"event", "body", "hash", "claim", "place"} {
			run(t, db, "DELETE FROM "+table+" WHERE idx = 29")
		}
		found(t, at, "event %d", 29)
	})
}

// A ledger that was written anew without its key is unlike its checkpoints; one
// that was made with the key is still unlike those that were seen elsewhere.
func TestALedgerThatIsWholeButAnotherIsUnlikeWhatWasSeen(t *testing.T) {
	one, other := written(t), written(t) // the same decisions, other salts
	from, err := Inspect(t.Context(), one)
	require.NoError(t, err)
	head, err := from.Head(t.Context())
	require.NoError(t, err)
	require.NoError(t, from.Close())
	seen := audit.Options{Seen: []audit.Seen{{Where: "log.anchor", Note: head.Note}}}
	_, err = verify(t, one, seen)
	require.NoError(t, err)
	_, err = verify(t, other, seen)
	require.ErrorContains(t, err, "log.anchor: the log's first 30 entries are not those that it was signed for")
	seen.Seen[0].Note = bytes.Clone(head.Note)
	digit := &seen.Seen[0].Note[len(head.Note)-10] // of the signature
	if *digit == 'A' {
		*digit = 'B'
	} else {
		*digit = 'A'
	}
	_, err = verify(t, one, seen)
	require.ErrorContains(t, err, "log.anchor: it is not a checkpoint that this log signed")
	_, err = verify(t, one, audit.Options{Origin: "other.example"})
	require.ErrorContains(t, err, `head: its origin is "ekyc-connect-sandbox" and must be "other.example"`)
}

func TestARowThatIsBlankNeedsItsErasure(t *testing.T) {
	dir := written(t)
	at, db := tampered(t, dir)
	run(t, db, "UPDATE body SET bytes = x'', salt = x'' WHERE idx = 3")
	_, err := verify(t, at, audit.Options{})
	require.ErrorContains(t, err, "event 3: its text is blank, and it can still be looked up")
	run(t, db, "DELETE FROM claim WHERE idx = 3")
	run(t, db, "DELETE FROM place WHERE idx = 3")
	_, err = verify(t, at, audit.Options{})
	require.ErrorContains(t, err, "event 3: its text is blank, and no event says that the record was erased")
}

func TestABlankEventIsErasedByALaterOne(t *testing.T) {
	dir := written(t)
	store, err := Open(dir)
	require.NoError(t, err)
	l := storetest.NewLedger(t, store, storetest.NewClock())
	records, _, err := l.BySubject(t.Context(), "pk_site_1", "customer-1", 0, "")
	require.NoError(t, err)
	state, err := l.State(t.Context(), records[0].ID)
	require.NoError(t, err)
	_, err = l.Erase(t.Context(), consent.Erasure{IDs: []string{state.ID()}, Via: consent.ViaOperator, Reason: "case 7"})
	require.NoError(t, err)
	_, err = l.Used(t.Context(), state.Committed, []consent.Call{{Endpoint: "connect", Result: "ok", At: storetest.Start}})
	require.ErrorIs(t, err, consent.ErrErased)
	require.NoError(t, l.Close())
	_, err = verify(t, dir, audit.Options{})
	require.NoError(t, err)
	at, db := tampered(t, dir)
	run(t, db, "UPDATE body SET bytes = x'', salt = x'' WHERE idx = 31")
	_, err = verify(t, at, audit.Options{})
	require.ErrorContains(t, err, "event 31: its text is blank, and no event says that the record was erased")
}

func TestALedgerThatIsBehindWhatWasSeenHasLostEntries(t *testing.T) {
	older, dir := t.TempDir(), written(t)
	_, err := Backup(t.Context(), dir, filepath.Join(older, "ledger.db"))
	require.NoError(t, err)
	store, err := Open(dir)
	require.NoError(t, err)
	l := storetest.NewLedger(t, store, storetest.NewClock())
	_, err = l.Give(t.Context(), storetest.Decision("key-of-one-more"))
	require.NoError(t, err)
	newer, err := l.Checkpoint(t.Context())
	require.NoError(t, err)
	_, err = verify(t, older, audit.Options{Seen: []audit.Seen{{Where: "log.anchor", Note: newer}}})
	require.ErrorContains(t, err, "log.anchor: it covers 31 entries and the log has only 30")
}

func TestALookUpRowThatIsCutOffIsFoundAndNamed(t *testing.T) {
	dir := written(t)
	for _, statement := range []string{"UPDATE claim SET proof = x'00' WHERE idx = 6", "UPDATE place SET key = x'00' WHERE idx = 6"} {
		at, db := tampered(t, dir)
		run(t, db, statement)
		_, err := verify(t, at, audit.Options{})
		require.ErrorContains(t, err, "event 6: one of its look-ups is damaged", statement)
	}
}

func TestALedgerIsInspectedWhileItIsWritten(t *testing.T) {
	store := opened(t, t.TempDir())
	dir := filepath.Dir(store.path)
	l := storetest.NewLedger(t, store, storetest.NewClock())
	notice := []byte("n")
	sum := sha256.Sum256(notice)
	require.NoError(t, l.PutNotice(t.Context(), hex.EncodeToString(sum[:]), notice))
	give := func(ctx context.Context, i int) error {
		d := storetest.Decision(fmt.Sprintf("idempotency-key-%05d", i))
		d.NoticeSHA256 = hex.EncodeToString(sum[:])
		_, err := l.Give(ctx, d)
		return err
	}
	require.NoError(t, give(t.Context(), 0))
	from, err := Inspect(t.Context(), dir)
	require.NoError(t, err)
	_, err = from.Head(t.Context()) // from here on it sees one moment
	require.NoError(t, err)
	for i := range 50 {
		require.NoError(t, give(t.Context(), i+1))
	}
	report, err := audit.Verify(t.Context(), from, audit.Options{})
	require.NoError(t, err)
	require.EqualValues(t, 1, report.Size)
	require.NoError(t, from.Close())
	report, err = verify(t, dir, audit.Options{})
	require.NoError(t, err)
	require.EqualValues(t, 51, report.Size)
}

func TestWhatHoldsNoLogIsNotInspected(t *testing.T) {
	dir := t.TempDir()
	_, err := Inspect(t.Context(), dir)
	require.ErrorContains(t, err, "there is no ledger at")
	require.NoFileExists(t, filepath.Join(dir, "ledger.db"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ledger.db"), nil, 0o600))
	_, err = Inspect(t.Context(), dir)
	require.ErrorContains(t, err, "there is no ledger at")
}

func TestRowsOfAnErasedRecordAreStillVouchedFor(t *testing.T) {
	dir := written(t)
	store, err := Open(dir)
	require.NoError(t, err)
	l := storetest.NewLedger(t, store, storetest.NewClock())
	records, _, err := l.BySubject(t.Context(), "pk_site_1", "customer-1", 0, "")
	require.NoError(t, err)
	_, err = l.Erase(t.Context(), consent.Erasure{IDs: []string{records[0].ID}, Via: consent.ViaOperator, Reason: "case 7"})
	require.NoError(t, err)
	require.NoError(t, l.Close())
	report, err := verify(t, dir, audit.Options{})
	require.NoError(t, err)
	require.EqualValues(t, 1, report.Erased)
	require.EqualValues(t, 12, report.Records)
	for _, column := range []string{"kind", "consent", "site", "at"} {
		at, db := tampered(t, dir)
		var value any
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT "+column+" FROM event WHERE idx = 4").Scan(&value))
		run(t, db, "UPDATE event SET "+column+" = ? WHERE idx = 4", changed(value))
		_, err = verify(t, at, audit.Options{})
		require.True(t, audit.IsFault(err), column)
	}
	at, db := tampered(t, dir)
	run(t, db, "UPDATE body SET bytes = x'', salt = x'' WHERE idx = 30")
	_, err = verify(t, at, audit.Options{})
	require.ErrorContains(t, err, "event 30: it says that a record was erased, and its own text is blank")
}
