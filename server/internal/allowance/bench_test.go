package allowance_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/allowance"
	"ekycconnect/server/internal/consent/postgres"
	"ekycconnect/server/internal/pace"
	"ekycconnect/server/internal/pgtest"
	"ekycconnect/server/internal/secret"
)

// benched is a store with a day of 50,000 calls behind it, the vendor's largest.
func benched(b *testing.B) (*allowance.Store, *postgres.Store) {
	b.Helper()
	database, err := postgres.Open(b.Context(), secret.New(pgtest.Database(b)))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, database.Close()) })
	shared, err := allowance.Open(b.Context(), database, account, func() ([]pace.Entry, error) {
		calls := make([]pace.Entry, 50_000)
		for i := range calls {
			calls[i] = pace.Entry{At: time.Now().Add(-time.Duration(len(calls)-i) * time.Second).UnixMicro(), Site: "a"}
		}
		return calls, nil
	})
	require.NoError(b, err)
	return shared, database
}

// A turn in which one slot is granted.
func BenchmarkTurn(b *testing.B) {
	shared, _ := benched(b)
	at := time.Now().UnixMicro()
	require.NoError(b, shared.Turn(b.Context(), func(pace.News) pace.Decision { return pace.Decision{} }))
	for b.Loop() {
		at++
		require.NoError(b, shared.Turn(b.Context(), func(pace.News) pace.Decision {
			return pace.Decision{Entries: []pace.Entry{{At: at, Site: "a"}}, Waiting: pace.Waiting{0, 0, 5}}
		}))
	}
}

// The first turn of a relay, which reads the whole day.
func BenchmarkFirstTurn(b *testing.B) {
	_, database := benched(b)
	for b.Loop() {
		shared, err := allowance.Open(b.Context(), database, account, nil)
		require.NoError(b, err)
		require.NoError(b, shared.Turn(b.Context(), func(news pace.News) pace.Decision {
			require.Len(b, news.Entries, 50_000)
			return pace.Decision{}
		}))
	}
}

// Visitors at a plan that lets all of them pass: what sharing it costs each.
func BenchmarkVisit(b *testing.B) {
	shared, _ := benched(b)
	line, err := pace.New(pace.Plan{PerSecond: 100_000, PerMinute: 2_000_000, PerDay: 2_000_000}, shared, pace.Options{})
	require.NoError(b, err)
	defer line.Close()
	b.SetParallelism(128)
	b.ResetTimer()
	b.RunParallel(func(visits *testing.PB) {
		for visits.Next() {
			slot, err := line.Enter(b.Context(), pace.Request{Site: "a"})
			if err == nil {
				err = slot.Send(b.Context(), "")
			}
			if err != nil {
				b.Error(err)
				return
			}
			slot.Sent()
			slot.Answered()
			slot.Done()
		}
	})
}
