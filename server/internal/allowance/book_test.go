package allowance_test

import (
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/allowance"
	"ekycconnect/server/internal/consent/postgres"
	"ekycconnect/server/internal/pace"
	"ekycconnect/server/internal/pgtest"
	"ekycconnect/server/internal/secret"
)

const account = "main"

func opened(t *testing.T, dsn string) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), secret.New(dsn))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func book(t *testing.T, dsn string, calls map[string][]time.Time) *allowance.Book {
	t.Helper()
	b, err := allowance.Open(t.Context(), opened(t, dsn), account, func() (map[string][]time.Time, error) { return calls, nil })
	require.NoError(t, err)
	return b
}

// turn has a turn and returns the page.
func turn(t *testing.T, b *allowance.Book, note pace.Note) (read pace.Page) {
	t.Helper()
	require.NoError(t, b.Turn(t.Context(), func(page pace.Page) pace.Note { read = page; return note }))
	return read
}

func TestABookTellsEachLineWhatTheOthersHaveWritten(t *testing.T) {
	dsn := pgtest.Database(t)
	one, other := book(t, dsn, nil), book(t, dsn, nil)
	now := one.Now()
	call := pace.Entry{At: now.UnixMicro(), Site: "a", Ticketed: true}
	later := pace.Entry{Was: call.At, At: call.At + 5, Site: "a"}
	pause := now.Add(time.Minute).Truncate(time.Microsecond)

	require.True(t, turn(t, one, pace.Note{Entries: []pace.Entry{call}, Waiting: 3}).All)
	page := turn(t, other, pace.Note{Entries: []pace.Entry{later}, Paused: pause})
	require.Equal(t, []pace.Entry{call}, page.Entries)
	require.Equal(t, []pace.Other{{Waiting: 3, Served: 1}}, page.Others)
	page = turn(t, one, pace.Note{})
	require.False(t, page.All)
	require.Equal(t, []pace.Entry{later}, page.Entries, "and not what it has written itself")
	require.EqualValues(t, 1, page.Served)
	require.WithinDuration(t, pause, page.Paused, 0)
	require.Empty(t, turn(t, one, pace.Note{}).Entries, "once")
	page = turn(t, book(t, dsn, nil), pace.Note{})
	require.True(t, page.All)
	require.Equal(t, []pace.Entry{call, later}, page.Entries, "a relay that comes later reads the day")
}

func TestANewBookBeginsWithTheLedgersDayAndOnlyANewOne(t *testing.T) {
	dsn := pgtest.Database(t)
	at := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	calls := map[string][]time.Time{"a": {at, at.Add(time.Second)}}
	want := []pace.Entry{{At: at.UnixMicro(), Site: "a"}, {At: at.Add(time.Second).UnixMicro(), Site: "a"}}
	require.Equal(t, want, turn(t, book(t, dsn, calls), pace.Note{}).Entries)
	require.Equal(t, want, turn(t, book(t, dsn, calls), pace.Note{}).Entries)
}

func TestTurnsDoNotOverlapAndNoneMissesAnEntry(t *testing.T) {
	dsn := pgtest.Database(t)
	const relays, turns = 4, 25
	seen := make([]int, relays)
	var all sync.WaitGroup
	for i := range relays {
		b := book(t, dsn, nil)
		all.Go(func() {
			for n := range turns {
				own := n + 1
				require.NoError(t, b.Turn(t.Context(), func(page pace.Page) pace.Note {
					seen[i] += len(page.Entries)
					return pace.Note{Entries: []pace.Entry{{At: int64(1 + i*turns + own), Site: "a"}}}
				}))
			}
			last := 0
			require.NoError(t, b.Turn(t.Context(), func(page pace.Page) pace.Note { last = len(page.Entries); return pace.Note{} }))
			seen[i] += last
		})
	}
	all.Wait()
	page := turn(t, book(t, dsn, nil), pace.Note{})
	require.Len(t, page.Entries, relays*turns)
	for i, n := range seen {
		require.LessOrEqual(t, n, (relays-1)*turns, "relay %d", i)
	}
	require.Contains(t, seen, (relays-1)*turns, "the one that ended last has seen all others")
}

func TestAfterAFailureNothingIsMissedAndNothingReadTwice(t *testing.T) {
	s, err := pgtest.Start(pgtest.Options{})
	require.NoError(t, err)
	t.Cleanup(s.Remove)
	b, other := book(t, s.DSN("postgres"), nil), book(t, s.DSN("postgres"), nil)
	now := b.Now().UnixMicro()
	entry := func(n int64) []pace.Entry { return []pace.Entry{{At: now + n, Site: "a"}} }
	turn(t, b, pace.Note{Entries: entry(1)})
	turn(t, other, pace.Note{Entries: entry(2)})
	require.NoError(t, s.Kill())
	require.Error(t, b.Turn(t.Context(), func(pace.Page) pace.Note { t.Error("asked without a database"); return pace.Note{} }))
	require.NoError(t, s.Start())
	require.Error(t, b.Turn(t.Context(), func(page pace.Page) pace.Note {
		require.Equal(t, entry(2), page.Entries)
		require.NoError(t, s.Kill()) // before anything is written
		return pace.Note{Entries: entry(3)}
	}))
	require.NoError(t, s.Start())
	turn(t, other, pace.Note{Entries: entry(4)})
	page := turn(t, b, pace.Note{})
	require.False(t, page.All)
	require.Equal(t, entry(4), page.Entries)
}

// A server that takes over without the newest entries has the day read again.
func TestABookThatHasLostEntriesIsReadAnew(t *testing.T) {
	dsn := pgtest.Database(t)
	b := book(t, dsn, nil)
	entries := []pace.Entry{{At: 1, Site: "a"}, {At: 2, Site: "a"}}
	turn(t, b, pace.Note{Entries: entries[:1]})
	turn(t, b, pace.Note{Entries: entries[1:]})
	require.NoError(t, opened(t, dsn).Transact(t.Context(), nil, func(tx *pgx.Conn) (*pgx.Batch, error) {
		_, err := tx.Exec(t.Context(), `UPDATE allowance SET seq = 1`)
		if err == nil {
			_, err = tx.Exec(t.Context(), `DELETE FROM allowance_note WHERE seq = 2`)
		}
		return nil, err
	}))
	page := turn(t, b, pace.Note{})
	require.True(t, page.All)
	require.Equal(t, entries[:1], page.Entries)
}

func TestARelayThatStopsInItsTurnHoldsNobodyUpForLong(t *testing.T) {
	dsn := pgtest.Database(t)
	stopped, other := book(t, dsn, nil), book(t, dsn, nil)
	in, out := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- stopped.Turn(t.Context(), func(pace.Page) pace.Note {
			close(in)
			<-out
			return pace.Note{Entries: []pace.Entry{{At: 1, Site: "a"}}}
		})
	}()
	<-in
	turn(t, other, pace.Note{Entries: []pace.Entry{{At: 2, Site: "a"}}})
	close(out)
	require.Error(t, <-ended, "the database has broken its turn off")
	require.Len(t, turn(t, other, pace.Note{}).Entries, 0)
}

func TestTheClockIsTheDatabases(t *testing.T) {
	b := book(t, pgtest.Database(t), nil)
	for range 5 {
		turn(t, b, pace.Note{})
	}
	require.WithinDuration(t, time.Now(), b.Now(), 20*time.Millisecond, "here both are one machine's")
}

func TestAConsentHasNoMoreCallsThanItIsWorthInAllRelaysTogether(t *testing.T) {
	dsn := pgtest.Database(t)
	const consent = "01890a5d-ac96-774b-bcce-b302099a8057"
	var mu sync.Mutex
	taken := 0
	var all sync.WaitGroup
	for range 4 {
		calls := allowance.NewCalls(opened(t, dsn))
		all.Go(func() {
			for range 5 {
				ok, err := calls.Take(t.Context(), consent, 10)
				require.NoError(t, err)
				if ok {
					mu.Lock()
					taken++
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	require.Equal(t, 9, taken, "and the first, which is not asked for")
}
