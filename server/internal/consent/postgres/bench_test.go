package postgres

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/pgtest"
	"ekycconnect/server/internal/secret"
)

// BenchmarkGive records consents through one relay and through three on one
// database that syncs every commit to its disk, with 256 visitors at a time.
func BenchmarkGive(b *testing.B) {
	server, err := pgtest.Start(pgtest.Options{Durable: true})
	require.NoError(b, err)
	defer server.Remove()
	for _, relays := range []int{1, 3} {
		b.Run(fmt.Sprintf("relays=%d", relays), func(b *testing.B) {
			name := fmt.Sprintf("bench_%d_%d", relays, time.Now().UnixNano())
			require.NoError(b, server.Exec(b.Context(), "postgres", "CREATE DATABASE "+name))
			var commits, callers atomic.Int64
			count := consent.WithCommits(func(n int, _ time.Duration) { commits.Add(1); callers.Add(int64(n)) })
			ledgers := make([]*consent.Ledger, relays)
			for i := range ledgers {
				store, err := Open(b.Context(), secret.New(server.DSN(name)))
				require.NoError(b, err)
				ledgers[i] = storetest.NewLedger(b, store, storetest.NewClock(), count)
			}
			var n atomic.Int64
			b.SetParallelism(128) // times GOMAXPROCS
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := n.Add(1)
					d := storetest.Decision(fmt.Sprintf("key-of-a-benchmark-%d", i))
					d.Subject, d.SubjectSource = fmt.Sprintf("customer-%d", i), "page"
					if _, err := ledgers[i%int64(relays)].Give(b.Context(), d); err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(callers.Load())/float64(max(1, commits.Load())), "consents/commit")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "consents/s")
		})
	}
}
