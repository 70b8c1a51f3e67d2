package httpapi_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/httpapi/apitest"
)

// asked is a store that takes its time to say whether it is ready.
type asked struct {
	consent.Store
	inside, most, times atomic.Int64
}

func (a *asked) Ready(ctx context.Context) error {
	now := a.inside.Add(1)
	defer a.inside.Add(-1)
	for most := a.most.Load(); now > most && !a.most.CompareAndSwap(most, now); most = a.most.Load() {
	}
	a.times.Add(1)
	time.Sleep(20 * time.Millisecond) // what a store takes
	return a.Store.Ready(ctx)
}

// Anybody may ask for readyz, as often as they like; the question takes the store's
// writers' turn.
func TestAFloodOfReadinessIsOneQuestionAtATime(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	store := &asked{Store: r.Store.Store}
	r.Store.Store = store
	const flood = 60
	var all sync.WaitGroup
	for range flood {
		all.Go(func() {
			answer, err := http.Get(r.URL + "/readyz")
			if err == nil {
				_ = answer.Body.Close()
			}
		})
	}
	require.Equal(t, http.StatusCreated, r.Agree(t, r.Decision(t, apitest.Shop)).Status)
	all.Wait()
	require.EqualValues(t, 1, store.most.Load())
	require.Less(t, store.times.Load(), int64(flood))
	require.Equal(t, http.StatusOK, r.Do(t, apitest.Call{Path: "/readyz"}).Status)
}
