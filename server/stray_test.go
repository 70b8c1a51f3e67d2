package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/deepvue/script"
)

// The HTTP client writes bytes that come outside an answer to the standard logger,
// which nobody redacts. The client closes the connection after that.
func TestWhatAVendorSendsAfterItsAnswerIsNotLogged(t *testing.T) {
	closed := make(chan error, 1)
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn := script.Hijack(w)
		body := script.Good()
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s%s", len(body), body, canarySession)
		_, err := conn.Read(make([]byte, 1))
		closed <- err
	}))
	t.Cleanup(vendor.Close)
	relay := start(t, "--vendor-url", vendor.URL)
	a := <-relay.begin(relay.decision("stray", "stray-key-000001"))
	require.NoError(t, a.err)
	require.Equal(t, http.StatusCreated, a.status)
	require.Error(t, <-closed, "no further request, however it is closed")
	require.NotContains(t, relay.log.String(), canarySession)
}
