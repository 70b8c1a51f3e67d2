package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// balancer is a TCP proxy as stands before a relay in production: a connection
// that the relay refuses is tried again for a while, one that was accepted is
// never.
type balancer struct {
	net.Listener
	backend atomic.Pointer[string]
	tried   atomic.Int64
}

func newBalancer(t *testing.T) *balancer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b := &balancer{Listener: listener}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go b.pass(c)
		}
	}()
	return b
}

func (b *balancer) pass(front net.Conn) {
	defer front.Close()
	var back net.Conn
	for begin := time.Now(); ; time.Sleep(pollEvery) {
		var err error
		if back, err = net.Dial("tcp", *b.backend.Load()); err == nil {
			break
		}
		b.tried.Add(1)
		if time.Since(begin) > time.Minute {
			return
		}
	}
	defer back.Close()
	go func() {
		_, _ = io.Copy(back, front)
		_ = back.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(front, back)
}

// The relay is replaced twice under 50 requests a second, of which a third are
// consents with vendor calls: nobody sees a failure, and nothing is recorded
// twice.
func TestARollingRestartUnderLoadLosesNothing(t *testing.T) {
	data := t.TempDir()
	vendor := startVendor(t)
	b := newBalancer(t)
	run := func() *process {
		p := start(t, "--data", data, "--vendor-url", vendor)
		at := strings.TrimPrefix(p.at.URL, "http://")
		b.backend.Store(&at)
		return p
	}
	p := run()
	load := newLoad(p, "http://"+b.Addr().String(), &http.Transport{DisableKeepAlives: true})
	load.during(t, func() {
		for n := range 2 {
			load.wait(t, 50*(n+1)) // of load on this relay
			require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
			require.NoError(t, p.cmd.Wait(), "exit 0")
			p = run()
		}
		load.wait(t, 150)
	})
	t.Logf("%d connections tried again", b.tried.Load())
	load.requireNothingLost(t)
}

// Whom the kernel has connected before the relay was told to stop is served, even
// if the request itself comes when nobody is let in any more.
func TestWhoHasConnectedBeforeARelayStopsIsServed(t *testing.T) {
	p := start(t)
	at := strings.TrimPrefix(p.at.URL, "http://")
	early, err := net.Dial("tcp", at)
	require.NoError(t, err)
	defer early.Close()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", at)
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	}, time.Minute, pollEvery, "the listener closes")
	_, err = fmt.Fprintf(early, "GET /v1/integrity.json HTTP/1.1\r\nHost: %s\r\n\r\n", at)
	require.NoError(t, err)
	answer, err := http.ReadResponse(bufio.NewReader(early), nil)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.True(t, answer.Close, "and told that it is the last one")
	require.NoError(t, p.cmd.Wait(), "exit 0")
}
