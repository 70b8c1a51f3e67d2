package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"
)

// line is a slow way to some servers for real connections. What is sent arrives later
// by half a round trip, a new connection costs a round trip before its first byte, as
// TCP's handshake does, and all answers share one rate. It buffers little, so that what
// is asked for first does not hold up what is asked for next.
type line struct {
	half time.Duration
	rate float64 // bytes a second

	mu   sync.Mutex
	free time.Time // when the rate has room again
}

// mobile is a slow 4G line as it is away from its tower.
func mobile() *line { return &line{half: 75 * time.Millisecond, rate: 1.6e6 / 8} }

const (
	packet = 4 << 10
	buffer = 16 << 10 // of a connection, in bytes
)

// to is the address at which a server is found behind the line.
func (l *line) to(server string) (address string, stop func(), err error) {
	near, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	go func() {
		for {
			client, err := near.Accept()
			if err != nil {
				return
			}
			go l.join(client.(*net.TCPConn), server)
		}
	}()
	return near.Addr().String(), func() { _ = near.Close() }, nil
}

func (l *line) join(client *net.TCPConn, server string) {
	defer client.Close()
	time.Sleep(2 * l.half)
	far, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	behind := far.(*net.TCPConn)
	defer behind.Close()
	_ = behind.SetReadBuffer(buffer)
	var both sync.WaitGroup
	both.Go(func() { l.carry(behind, client, 0) })
	both.Go(func() { l.carry(client, behind, l.rate) })
	both.Wait()
}

// carry brings what one side sends to the other; a rate of 0 is none.
func (l *line) carry(to, from *net.TCPConn, rate float64) {
	type sent struct {
		due   time.Time
		bytes []byte
	}
	flying := make(chan sent, 1024)
	go func() {
		defer close(flying)
		for {
			bytes := make([]byte, packet)
			n, err := from.Read(bytes)
			if n > 0 {
				if rate > 0 {
					time.Sleep(time.Until(l.turn(float64(n) / rate)))
				}
				flying <- sent{time.Now().Add(l.half), bytes[:n]}
			}
			if err != nil {
				return
			}
		}
	}()
	for one := range flying {
		time.Sleep(time.Until(one.due))
		if _, err := to.Write(one.bytes); err != nil {
			break
		}
	}
	_ = to.CloseWrite()
	for range flying { // whoever reads may end
	}
}

// turn takes so many seconds of the rate; they are over at the time that it returns.
func (l *line) turn(seconds float64) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); l.free.Before(now) {
		l.free = now
	}
	l.free = l.free.Add(time.Duration(seconds * float64(time.Second)))
	return l.free
}

// behind serves over TLS and HTTP/2 at the line's other end.
func (l *line) behind(handler http.Handler) (base string, stop func(), err error) {
	server := httptest.NewUnstartedServer(handler)
	server.Listener = small{server.Listener}
	server.EnableHTTP2 = true
	server.StartTLS()
	address, end, err := l.to(server.Listener.Addr().String())
	if err != nil {
		server.Close()
		return "", nil, err
	}
	return "https://" + address, func() { end(); server.CloseClientConnections(); server.Close() }, nil
}

// small makes connections that buffer little of what they send.
type small struct{ net.Listener }

func (s small) Accept() (net.Conn, error) {
	c, err := s.Listener.Accept()
	if err == nil {
		err = c.(*net.TCPConn).SetWriteBuffer(buffer)
	}
	return c, err
}

// passOn serves what another server does.
func passOn(server string) (http.Handler, error) {
	to, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	return &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(to) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}, nil
}
