package httpapi_test

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/httpapi/apitest"
)

// asked is a store that does not say whether it is ready until it may, and then takes its
// time.
type asked struct {
	consent.Store
	may                 chan struct{}
	inside, most, times atomic.Int64
}

func (a *asked) Ready(ctx context.Context) error {
	now := a.inside.Add(1)
	defer a.inside.Add(-1)
	for most := a.most.Load(); now > most && !a.most.CompareAndSwap(most, now); most = a.most.Load() {
	}
	a.times.Add(1)
	<-a.may
	time.Sleep(20 * time.Millisecond) // what a store takes
	return a.Store.Ready(ctx)
}

// Anybody may ask for readyz, as often as they like; the question takes the store's
// writers' turn.
func TestAFloodOfReadinessIsOneQuestionAtATime(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	store := &asked{Store: r.Store.Store, may: make(chan struct{})}
	r.Store.Store = store
	const flood = 60
	var sent, all sync.WaitGroup
	sent.Add(flood)
	for range flood {
		all.Go(func() {
			trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { sent.Done() }}
			ask, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodGet, r.URL+"/readyz", nil)
			require.NoError(t, err)
			answer, err := http.DefaultTransport.RoundTrip(ask)
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
		})
	}
	require.Equal(t, http.StatusCreated, r.Agree(t, r.Decision(t, apitest.Shop)).Status)
	sent.Wait() // all ask while the first question is open
	close(store.may)
	all.Wait()
	require.EqualValues(t, 1, store.most.Load())
	require.Less(t, store.times.Load(), int64(flood))
	require.Equal(t, http.StatusOK, r.Do(t, apitest.Call{Path: "/readyz"}).Status)
}
