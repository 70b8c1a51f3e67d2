package connlimit

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// serveTLS runs a server that speaks HTTP/2 over TLS; /hold answers when the gate opens.
func serveTLS(t *testing.T, o Options) (l *Listener, url string, client func() *http.Client, gate chan struct{}) {
	t.Helper()
	o.TLS, gate = true, make(chan struct{})
	server := httptest.NewUnstartedServer(Guard(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hold" {
			<-gate
		}
	}), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) })))
	l = New(server.Listener, o)
	server.Listener, server.EnableHTTP2, server.Config.ConnContext = l, true, ConnContext
	server.StartTLS()
	t.Cleanup(server.Close)
	// Each client has a connection of its own, and one alone.
	client = func() *http.Client {
		transport := server.Client().Transport.(*http.Transport).Clone()
		transport.HTTP2 = &http.HTTP2Config{StrictMaxConcurrentRequests: true}
		t.Cleanup(transport.CloseIdleConnections)
		return &http.Client{Transport: transport}
	}
	return l, server.URL, client, gate
}

func get(t *testing.T, c *http.Client, url string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	answer, err := c.Do(request)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	require.Equal(t, 2, answer.ProtoMajor)
	return answer.StatusCode
}

func (l *Listener) taken() int { l.mu.Lock(); defer l.mu.Unlock(); return l.held }

// hold begins n requests on one connection and waits until all are counted.
func hold(t *testing.T, l *Listener, c *http.Client, url string, n int, answers *sync.WaitGroup) {
	t.Helper()
	before := l.taken()
	require.Equal(t, http.StatusOK, get(t, c, url+"/"))
	for range n {
		answers.Go(func() { get(t, c, url+"/hold") })
	}
	require.Eventually(t, func() bool { return l.taken() == before+tlsUnits+(n-1)*moreUnits }, time.Minute, time.Millisecond)
}

func TestRequestsOfHTTP2TakeTheRoomOfConnections(t *testing.T) {
	l, url, client, gate := serveTLS(t, Options{Total: 30})
	var answers sync.WaitGroup
	first, second := client(), client()
	hold(t, l, first, url, 5, &answers)  // 3 + 4·2 = 11
	hold(t, l, second, url, 9, &answers) // and 3 + 8·2 = 30
	require.Equal(t, http.StatusTooManyRequests, get(t, first, url+"/"))
	require.Equal(t, http.StatusTooManyRequests, get(t, second, url+"/"))
	require.Zero(t, get(t, client(), url+"/"), "no connection either")
	require.Equal(t, 2, l.Open())
	require.GreaterOrEqual(t, l.Closed(), uint64(3))
	close(gate)
	answers.Wait()
	require.Eventually(t, func() bool { return l.taken() == 2*tlsUnits }, time.Minute, time.Millisecond)
	require.Equal(t, http.StatusOK, get(t, first, url+"/"))
}

func TestARequestOfHTTP2MakesRoomAtTheCostOfTheIdle(t *testing.T) {
	l, url, client, gate := serveTLS(t, Options{Total: 10})
	require.Equal(t, http.StatusOK, get(t, client(), url+"/"))
	require.Equal(t, http.StatusOK, get(t, client(), url+"/"))
	var answers sync.WaitGroup
	busy := client()
	require.Equal(t, http.StatusOK, get(t, busy, url+"/"))
	require.Equal(t, 3, l.Open())
	for range 4 {
		answers.Go(func() { require.Equal(t, http.StatusOK, get(t, busy, url+"/hold")) })
	}
	require.Eventually(t, func() bool { return l.Open() == 1 && l.taken() == tlsUnits+3*moreUnits }, time.Minute, time.Millisecond)
	close(gate)
	answers.Wait()
}

func TestOneAddressHasItsShareOfRequestsToo(t *testing.T) {
	l, url, client, gate := serveTLS(t, Options{Total: 1000, PerAddress: 4})
	var answers sync.WaitGroup
	c := client()
	hold(t, l, c, url, 4, &answers)
	require.Equal(t, http.StatusTooManyRequests, get(t, c, url+"/"))
	close(gate)
	answers.Wait()
	require.Eventually(t, func() bool { return l.taken() == tlsUnits }, time.Minute, time.Millisecond)
	require.Equal(t, http.StatusOK, get(t, c, url+"/"))
}
