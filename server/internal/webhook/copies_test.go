package webhook

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// keeper takes copies, unless it is told to fail.
func keeper(t *testing.T) (url string, taken chan string, fail *bool) {
	taken, fail = make(chan string, 10), new(bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if *fail {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		body, _ := io.ReadAll(r.Body)
		taken <- r.Header.Get("Content-Type") + "|" + string(body)
	}))
	t.Cleanup(server.Close)
	return server.URL, taken, fail
}

func TestEachNewCheckpointIsSentOnceAndAFailedOneAgain(t *testing.T) {
	to, taken, fail := keeper(t)
	newest := []byte(nil)
	c := NewCopies(to+"/?key=canary", true, func(context.Context) ([]byte, error) { return newest, nil }, slog.New(slog.DiscardHandler))
	require.NoError(t, c.Step(t.Context()), "an empty log has no checkpoint")
	newest = []byte("log\n1\nroot\n")
	for range 3 {
		require.NoError(t, c.Step(t.Context()))
	}
	require.Equal(t, "text/plain; charset=utf-8|log\n1\nroot\n", <-taken)
	newest, *fail = []byte("log\n2\nroot\n"), true
	require.ErrorContains(t, c.Step(t.Context()), "502")
	*fail = false
	require.NoError(t, c.Step(t.Context()))
	require.Contains(t, <-taken, "log\n2\n")
	require.Empty(t, taken)
}

func TestCopiesDoNotLeaveForPrivateAddressesAndErrorsHoldNoURL(t *testing.T) {
	to, taken, _ := keeper(t)
	c := NewCopies(to+"/?key=canary", false, func(context.Context) ([]byte, error) { return []byte("x"), nil }, slog.New(slog.DiscardHandler))
	err := c.Step(t.Context())
	require.Error(t, err)
	require.NotContains(t, err.Error(), "canary")
	require.Empty(t, taken)
	lost := errors.New("store is down")
	c = NewCopies(to, true, func(context.Context) ([]byte, error) { return nil, lost }, slog.New(slog.DiscardHandler))
	require.ErrorIs(t, c.Step(t.Context()), lost)
}

func TestCopiesRunUntilTheyAreStopped(t *testing.T) {
	to, taken, _ := keeper(t)
	c := NewCopies(to, true, func(context.Context) ([]byte, error) { return []byte("note"), nil }, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { c.Run(ctx, time.Hour); close(ended) }()
	require.Contains(t, <-taken, "note")
	stop()
	<-ended
}
