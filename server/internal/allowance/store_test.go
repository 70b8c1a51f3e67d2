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

func store(t *testing.T, dsn string, calls []pace.Entry) *allowance.Store {
	t.Helper()
	b, err := allowance.Open(t.Context(), opened(t, dsn), account, func() ([]pace.Entry, error) { return calls, nil })
	require.NoError(t, err)
	return b
}

// turn has a turn and returns the news.
func turn(t *testing.T, b *allowance.Store, d pace.Decision) (read pace.News) {
	t.Helper()
	require.NoError(t, b.Turn(t.Context(), func(news pace.News) pace.Decision { read = news; return d }))
	return read
}

func TestAStoreTellsEachLineWhatTheOthersHaveWritten(t *testing.T) {
	dsn := pgtest.Database(t)
	one, other := store(t, dsn, nil), store(t, dsn, nil)
	now, _ := one.Now()
	call := pace.Entry{At: now.UnixMicro(), Site: "a", Ticketed: true, Kind: pace.Connect}
	later := pace.Entry{Was: call.At, At: call.At + 5, Site: "a", Consent: "c"}
	pause := now.Add(time.Minute).Truncate(time.Microsecond)

	require.True(t, turn(t, one, pace.Decision{Entries: []pace.Entry{call}, Waiting: pace.Waiting{0, 1, 3}}).All)
	news := turn(t, other, pace.Decision{Entries: []pace.Entry{later}, Paused: pause})
	require.Equal(t, []pace.Entry{call}, news.Entries)
	require.Equal(t, []pace.Other{{Waiting: pace.Waiting{0, 1, 3}, Served: 1}}, news.Others)
	news = turn(t, one, pace.Decision{})
	require.False(t, news.All)
	require.Equal(t, []pace.Entry{later}, news.Entries, "and not what it has written itself")
	require.EqualValues(t, 1, news.Served)
	require.WithinDuration(t, pause, news.Paused, 0)
	require.Empty(t, turn(t, one, pace.Decision{}).Entries, "once")
	news = turn(t, store(t, dsn, nil), pace.Decision{})
	require.True(t, news.All)
	require.Equal(t, []pace.Entry{call, later}, news.Entries, "a relay that comes later reads the day")
}

func TestANewStoreBeginsWithTheLedgersDayAndOnlyANewOne(t *testing.T) {
	dsn := pgtest.Database(t)
	at := time.Now().Add(-time.Hour).UnixMicro()
	want := []pace.Entry{{At: at, Site: "a", Kind: pace.Connect, Consent: "c"}, {At: at + 1, Site: "b", Kind: pace.Reload, Consent: "d"}}
	require.Equal(t, want, turn(t, store(t, dsn, want), pace.Decision{}).Entries)
	require.Equal(t, want, turn(t, store(t, dsn, want[:1]), pace.Decision{}).Entries)
}

func TestTurnsDoNotOverlapAndNoneMissesAnEntry(t *testing.T) {
	dsn := pgtest.Database(t)
	const relays, turns = 4, 25
	seen := make([]int, relays)
	var all sync.WaitGroup
	for i := range relays {
		b := store(t, dsn, nil)
		all.Go(func() {
			for n := range turns {
				own := n + 1
				require.NoError(t, b.Turn(t.Context(), func(news pace.News) pace.Decision {
					seen[i] += len(news.Entries)
					return pace.Decision{Entries: []pace.Entry{{At: int64(1 + i*turns + own), Site: "a"}}}
				}))
			}
			last := 0
			require.NoError(t, b.Turn(t.Context(), func(news pace.News) pace.Decision { last = len(news.Entries); return pace.Decision{} }))
			seen[i] += last
		})
	}
	all.Wait()
	news := turn(t, store(t, dsn, nil), pace.Decision{})
	require.Len(t, news.Entries, relays*turns)
	for i, n := range seen {
		require.LessOrEqual(t, n, (relays-1)*turns, "relay %d", i)
	}
	require.Contains(t, seen, (relays-1)*turns, "the one that ended last has seen all others")
}

func TestTheClockIsReadWhileATurnSetsIt(t *testing.T) {
	b := store(t, pgtest.Database(t), nil)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range 20 {
			require.NoError(t, b.Turn(t.Context(), func(pace.News) pace.Decision { return pace.Decision{} }))
		}
	}()
	for begin, _ := b.Now(); ; {
		now, behind := b.Now()
		require.Less(t, now.Sub(begin), time.Minute, "a whole reading, or the race detector tells")
		require.GreaterOrEqual(t, behind, time.Duration(0))
		select {
		case <-ended:
			return
		default:
		}
	}
}

func TestAfterAFailureNothingIsMissedAndNothingReadTwice(t *testing.T) {
	s, err := pgtest.Start(pgtest.Options{})
	require.NoError(t, err)
	t.Cleanup(s.Remove)
	b, other := store(t, s.DSN("postgres"), nil), store(t, s.DSN("postgres"), nil)
	now, _ := b.Now()
	entry := func(n int64) []pace.Entry { return []pace.Entry{{At: now.UnixMicro() + n, Site: "a"}} }
	turn(t, b, pace.Decision{Entries: entry(1)})
	turn(t, other, pace.Decision{Entries: entry(2)})
	require.NoError(t, s.Kill())
	require.Error(t, b.Turn(t.Context(), func(pace.News) pace.Decision { t.Error("asked without a database"); return pace.Decision{} }))
	require.NoError(t, s.Start())
	require.Error(t, b.Turn(t.Context(), func(news pace.News) pace.Decision {
		require.Equal(t, entry(2), news.Entries)
		require.NoError(t, s.Kill()) // before anything is written
		return pace.Decision{Entries: entry(3)}
	}))
	require.NoError(t, s.Start())
	turn(t, other, pace.Decision{Entries: entry(4)})
	news := turn(t, b, pace.Decision{})
	require.False(t, news.All)
	require.Equal(t, entry(4), news.Entries)
}

// A server that takes over without the newest entries has the day read again.
func TestAStoreThatHasLostEntriesIsReadAnew(t *testing.T) {
	dsn := pgtest.Database(t)
	b := store(t, dsn, nil)
	entries := []pace.Entry{{At: 1, Site: "a"}, {At: 2, Site: "a"}}
	turn(t, b, pace.Decision{Entries: entries[:1]})
	turn(t, b, pace.Decision{Entries: entries[1:]})
	require.NoError(t, opened(t, dsn).Transact(t.Context(), nil, func(tx *pgx.Conn) (*pgx.Batch, error) {
		_, err := tx.Exec(t.Context(), `UPDATE allowance SET seq = 1`)
		if err == nil {
			_, err = tx.Exec(t.Context(), `DELETE FROM allowance_note WHERE seq = 2`)
		}
		return nil, err
	}))
	news := turn(t, b, pace.Decision{})
	require.True(t, news.All)
	require.Equal(t, entries[:1], news.Entries)
}

func TestARelayThatStopsInItsTurnHoldsNobodyUpForLong(t *testing.T) {
	dsn := pgtest.Database(t)
	stopped, other := store(t, dsn, nil), store(t, dsn, nil)
	in, out := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- stopped.Turn(t.Context(), func(pace.News) pace.Decision {
			close(in)
			<-out
			return pace.Decision{Entries: []pace.Entry{{At: 1, Site: "a"}}}
		})
	}()
	<-in
	turn(t, other, pace.Decision{Entries: []pace.Entry{{At: 2, Site: "a"}}})
	close(out)
	require.Error(t, <-ended, "the database has broken its turn off")
	require.Len(t, turn(t, other, pace.Decision{}).Entries, 0)
}

func TestTheClockIsTheDatabases(t *testing.T) {
	b := store(t, pgtest.Database(t), nil)
	for range 5 {
		turn(t, b, pace.Decision{})
	}
	now, _ := b.Now()
	require.WithinDuration(t, time.Now(), now, time.Second, "here both are one machine's")
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

// What a clock of the database's that was ahead has written is in nobody's way.
func TestWhatIsOfTheFutureKeepsNothingAndNobodyWaiting(t *testing.T) {
	dsn := pgtest.Database(t)
	run := func(statement string) {
		t.Helper()
		require.NoError(t, opened(t, dsn).Transact(t.Context(), nil, func(tx *pgx.Conn) (*pgx.Batch, error) {
			_, err := tx.Exec(t.Context(), statement)
			return nil, err
		}))
	}
	gone, b := store(t, dsn, nil), store(t, dsn, nil)
	turn(t, gone, pace.Decision{Entries: []pace.Entry{{At: 1, Site: "a"}}})
	require.Eventually(t, func() bool { // a relay counts for some seconds after its turn
		turn(t, gone, pace.Decision{Waiting: pace.Waiting{0, 0, 7}})
		return len(turn(t, b, pace.Decision{}).Others) == 1
	}, time.Minute, time.Millisecond)
	const hour, days = "3600000000", "2 * 86400000000"
	run(`UPDATE allowance_relay SET seen = seen + ` + hour)
	require.Empty(t, turn(t, b, pace.Decision{}).Others, "a relay that was heard of in an hour does not wait now")

	// The first row is of the future, the second one two days old, the third of today.
	run(`UPDATE allowance_note SET written = written + ` + hour)
	turn(t, b, pace.Decision{Entries: []pace.Entry{{At: 2, Site: "a"}}})
	run(`UPDATE allowance_note SET written = written - ` + days + ` WHERE seq = 2`)
	turn(t, store(t, dsn, nil), pace.Decision{Entries: []pace.Entry{{At: 3, Site: "a"}}})
	turn(t, store(t, dsn, nil), pace.Decision{Entries: []pace.Entry{{At: 4, Site: "a"}}})
	var left []int64
	require.NoError(t, opened(t, dsn).Transact(t.Context(), nil, func(tx *pgx.Conn) (*pgx.Batch, error) {
		rows, err := tx.Query(t.Context(), `SELECT seq FROM allowance_note ORDER BY seq`)
		if err == nil {
			left, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		}
		return nil, err
	}))
	require.Equal(t, []int64{3, 4}, left)
}
