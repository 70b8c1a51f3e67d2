package consent_test

import (
	"log/slog"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/sqlite"
	"ekycconnect/server/internal/consent/storetest"
)

func newBench(b *testing.B) (*consent.Ledger, *storetest.Faulty) {
	store, err := sqlite.Open(b.TempDir())
	require.NoError(b, err)
	counted := &storetest.Faulty{Store: store}
	l, err := consent.New(counted, storetest.Keys, time.Now, slog.New(slog.DiscardHandler))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, l.Close()) })
	b.SetParallelism(128) // callers for each CPU: as many connections as a busy relay has
	return l, counted
}

// BenchmarkGive is durable decisions by many callers at once.
func BenchmarkGive(b *testing.B) {
	l, counted := newBench(b)
	var n atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			d := storetest.Decision("idempotency-key-" + strconv.FormatInt(n.Add(1), 10))
			if _, err := l.Give(b.Context(), d); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "consents/s")
	b.ReportMetric(float64(b.N)/float64(counted.Transactions()), "consents/commit")
}

// BenchmarkSession is what a started session asks of the ledger: is it a
// repeat, the consent, the vendor call.
func BenchmarkSession(b *testing.B) {
	l, counted := newBench(b)
	var n atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			d := storetest.Decision("idempotency-key-" + strconv.FormatInt(n.Add(1), 10))
			d.Subject, d.SubjectSource = "customer-"+d.IdempotencyKey, "page"
			if _, _, err := l.Repeat(b.Context(), consent.Given, d); err != nil {
				b.Error(err)
			}
			given, err := l.Give(b.Context(), d)
			if err != nil {
				b.Error(err)
			}
			call := consent.Call{Endpoint: "connect", Result: "ok", TransactionID: "txn", At: time.Now()}
			if _, err := l.Used(b.Context(), given.Committed, []consent.Call{call}); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sessions/s")
	b.ReportMetric(float64(2*b.N)/float64(counted.Transactions()), "events/commit")
}
