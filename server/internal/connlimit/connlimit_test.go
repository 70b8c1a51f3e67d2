package connlimit

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// serve runs a server whose /hold answers when the gate opens.
func serve(t *testing.T, o Options) (l *Listener, address string, gate chan struct{}) {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l, gate = New(inner, o), make(chan struct{})
	server := &http.Server{ConnContext: ConnContext, ReadHeaderTimeout: time.Minute, Handler: Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hold" {
			<-gate
		}
		_, _ = io.WriteString(w, "ok")
	}), nil)}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return l, inner.Addr().String(), gate
}

func dial(t *testing.T, address, from string) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// ask sends a request and returns the status, 0 if the connection was closed.
func ask(c net.Conn, path string) int {
	_, _ = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path)
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

func TestWhoDawdlesMakesRoomForWhoAsks(t *testing.T) {
	l, address, gate := serve(t, Options{Total: 10})
	held := dial(t, address, "127.0.0.1")
	answered := make(chan int)
	go func() { answered <- ask(held, "/hold") }()
	require.Eventually(t, func() bool { return l.Open() == 1 && l.waiting() == 0 }, time.Minute, time.Millisecond)
	for i := range 50 {
		c := dial(t, address, "127.0.0.1")
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nX-Slow: ") // and nothing more
		require.Eventually(t, func() bool { return l.Open() == min(i+2, 10) && l.Closed() == uint64(max(0, i-8)) }, time.Minute, time.Millisecond)
	}
	begin := time.Now()
	require.Equal(t, 200, ask(dial(t, address, "127.0.0.1"), "/"))
	require.Less(t, time.Since(begin), 30*time.Second, "nobody waited for their headers")
	close(gate)
	require.Equal(t, 200, <-answered, "a request under way is not cut off")
}

func (l *Listener) waiting() int { l.mu.Lock(); defer l.mu.Unlock(); return l.idle.Len() }

func TestWhoHasWaitedLongestWithoutARequestMakesRoom(t *testing.T) {
	l, address, _ := serve(t, Options{Total: 3})
	open := map[string]net.Conn{}
	for _, name := range []string{"first", "second", "third"} {
		open[name] = dial(t, address, "127.0.0.1")
		require.Equal(t, 200, ask(open[name], "/"), name)
	}
	require.Equal(t, 200, ask(open["first"], "/"), "who has asked again has not waited longest")
	open["fourth"] = dial(t, address, "127.0.0.1")
	require.Eventually(t, func() bool { return l.Closed() == 1 }, time.Minute, time.Millisecond)
	for name, status := range map[string]int{"first": 200, "second": 0, "third": 200, "fourth": 200} {
		require.Equal(t, status, ask(open[name], "/"), name)
	}
}

func TestWhenAllAreServedTheNewestIsRefused(t *testing.T) {
	l, address, gate := serve(t, Options{Total: 3})
	answers := make(chan int, 3)
	for range 3 {
		go func() { answers <- ask(dial(t, address, "127.0.0.1"), "/hold") }()
	}
	require.Eventually(t, func() bool { return l.Open() == 3 && l.waiting() == 0 }, time.Minute, time.Millisecond)
	require.Zero(t, ask(dial(t, address, "127.0.0.1"), "/"))
	close(gate)
	for range 3 {
		require.Equal(t, 200, <-answers)
	}
}

func TestOneAddressHasItsShare(t *testing.T) {
	l, address, _ := serve(t, Options{Total: 100, PerAddress: 3, Exempt: func(a netip.Addr) bool { return a == netip.MustParseAddr("127.0.0.9") }})
	var flood []net.Conn
	for range 3 {
		c := dial(t, address, "127.0.0.2")
		require.Equal(t, 200, ask(c, "/"))
		flood = append(flood, c)
	}
	require.Zero(t, ask(dial(t, address, "127.0.0.2"), "/"))
	require.Equal(t, 200, ask(dial(t, address, "127.0.0.3"), "/"), "others do not notice")
	for range 10 {
		require.Equal(t, 200, ask(dial(t, address, "127.0.0.9"), "/"), "a proxy of the operator's is everybody")
	}
	require.NoError(t, flood[0].Close())
	require.Eventually(t, func() bool { return ask(dial(t, address, "127.0.0.2"), "/") == 200 }, time.Minute, 10*time.Millisecond)
	require.Eventually(t, func() bool { return l.Closed() >= 1 }, time.Minute, time.Millisecond)
}

func TestWithoutABoundAllAreTaken(t *testing.T) {
	l, address, _ := serve(t, Options{})
	for range 50 {
		require.Equal(t, 200, ask(dial(t, address, "127.0.0.1"), "/"))
	}
	require.Equal(t, 50, l.Open())
	require.Zero(t, l.Closed())
}
