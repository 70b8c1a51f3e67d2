package app

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connlimit"
)

func TestAKeptConnectionIsToldOfItsLastAnswer(t *testing.T) {
	var leaving atomic.Bool
	server := httptest.NewServer(lastWhen(&leaving, http.NotFoundHandler()))
	t.Cleanup(server.Close)
	for _, last := range []bool{false, true} {
		leaving.Store(last)
		answer, err := server.Client().Get(server.URL)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, last, answer.Close)
	}
}

// one is a listener with one connection.
type one struct {
	net.Listener
	conn net.Conn
}

func (o *one) Accept() (net.Conn, error) { return o.conn, nil }

func TestThoseWhoKeepConnectionsHaveASecondToGiveThemUp(t *testing.T) {
	for keeps, waits := range map[time.Duration]time.Duration{0: 0, 300 * time.Millisecond: 300 * time.Millisecond, time.Hour: leaveWithin} {
		synctest.Test(t, func(t *testing.T) {
			server, client := net.Pipe()
			defer client.Close()
			l := connlimit.New(&one{conn: server}, connlimit.Options{})
			kept, err := l.Accept()
			require.NoError(t, err)
			given := time.AfterFunc(keeps, func() { _ = kept.Close() })
			defer given.Stop()
			begin := time.Now()
			synctest.Wait()
			awaitLeft(l)
			require.InDelta(t, waits, time.Since(begin), float64(2*lingerQuiet))
		})
	}
}
