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

// benched is a book with a day of 50,000 calls behind it, the vendor's largest.
func benched(b *testing.B) (*allowance.Book, *postgres.Store) {
	b.Helper()
	store, err := postgres.Open(b.Context(), secret.New(pgtest.Database(b)))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, store.Close()) })
	book, err := allowance.Open(b.Context(), store, account, func() (map[string][]time.Time, error) {
		calls := make([]time.Time, 50_000)
		for i := range calls {
			calls[i] = time.Now().Add(-time.Duration(len(calls)-i) * time.Second)
		}
		return map[string][]time.Time{"a": calls}, nil
	})
	require.NoError(b, err)
	return book, store
}

// A turn in which one moment is taken.
func BenchmarkTurn(b *testing.B) {
	book, _ := benched(b)
	at := time.Now().UnixMicro()
	require.NoError(b, book.Turn(b.Context(), func(pace.Page) pace.Note { return pace.Note{} }))
	for b.Loop() {
		at++
		require.NoError(b, book.Turn(b.Context(), func(pace.Page) pace.Note {
			return pace.Note{Entries: []pace.Entry{{At: at, Site: "a"}}, Waiting: 5}
		}))
	}
}

// The first turn of a relay, which reads the whole day.
func BenchmarkFirstTurn(b *testing.B) {
	_, store := benched(b)
	for b.Loop() {
		book, err := allowance.Open(b.Context(), store, account, nil)
		require.NoError(b, err)
		require.NoError(b, book.Turn(b.Context(), func(page pace.Page) pace.Note {
			require.Len(b, page.Entries, 50_000)
			return pace.Note{}
		}))
	}
}

// Visitors at a plan that lets all of them pass: what sharing it costs each.
func BenchmarkVisit(b *testing.B) {
	book, _ := benched(b)
	line, err := pace.New(pace.Plan{PerSecond: 100_000, PerMinute: 2_000_000, PerDay: 2_000_000}, nil, pace.Options{Book: book})
	require.NoError(b, err)
	defer line.Close()
	b.SetParallelism(128)
	b.ResetTimer()
	b.RunParallel(func(visits *testing.PB) {
		for visits.Next() {
			place, err := line.Enter(b.Context(), pace.Visitor{Site: "a"})
			if err == nil {
				err = place.Send(b.Context())
			}
			if err != nil {
				b.Error(err)
				return
			}
			place.Gone()
			place.Answered()
			place.Done()
		}
	})
}
