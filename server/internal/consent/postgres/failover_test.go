package postgres

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/audit"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/pgtest"
	"ekycconnect/server/internal/secret"
)

func TestAFailoverLosesNothingThatWasAcknowledgedAndNeedsNoRestart(t *testing.T) {
	first, err := pgtest.Start(pgtest.Options{})
	require.NoError(t, err)
	t.Cleanup(first.Remove)
	second, err := first.Standby()
	require.NoError(t, err)
	t.Cleanup(second.Remove)
	both := strings.Replace(first.DSN("postgres"), first.Address(), first.Address()+","+second.Address(), 1)
	all := relays(t, both, 2)
	d := noticed(t, all[0], "")

	var mu sync.Mutex
	acknowledged := map[string]string{} // record by key
	var given, tried atomic.Int64
	stop := make(chan struct{})
	var visitors sync.WaitGroup
	for v := range 16 {
		visitors.Go(func() {
			d := d
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				d.IdempotencyKey = fmt.Sprintf("key-of-visitor-%02d-%06d", v, i)
				for try := 0; ; try++ { // as the widget does, and the balancer to another relay
					state, err := all[(v+try)%len(all)].Give(t.Context(), d)
					tried.Add(1)
					if err == nil {
						mu.Lock()
						acknowledged[d.IdempotencyKey] = state.ID()
						mu.Unlock()
						given.Add(1)
						break
					}
					if !errors.Is(err, consent.ErrUnavailable) {
						t.Errorf("not told to try again: %v", err)
						return
					}
					time.Sleep(tick)
				}
			}
		})
	}
	come := func(n int64) {
		until := given.Load() + n
		require.Eventually(t, func() bool { return given.Load() >= until }, patience, tick)
	}
	come(100)
	// A standby has on its disk what is acknowledged before its readers see it.
	require.Eventually(t, func() bool {
		replica, err := Inspect(t.Context(), secret.New(second.DSN("postgres")))
		if err != nil {
			return false
		}
		defer replica.Close()
		report, err := audit.Verify(t.Context(), replica, audit.Options{})
		return err == nil && report.Size > 0
	}, patience, tick, "the replica can be checked")
	require.NoError(t, first.Kill())
	require.NoError(t, second.Promote())
	come(100)
	close(stop)
	visitors.Wait()

	report := verified(t, second.DSN("postgres"))
	require.EqualValues(t, len(acknowledged), report.Size, "each visitor's decision once")
	after := relay(t, second.DSN("postgres"), storetest.NewClock())
	for key, id := range acknowledged {
		d.IdempotencyKey = key
		state, known, err := after.Repeat(t.Context(), consent.Given, d)
		require.NoError(t, err)
		require.True(t, known)
		require.Equal(t, id, state.ID())
	}
	t.Logf("%d acknowledged, %d tries", given.Load(), tried.Load())
}
