package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
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
		if time.Since(begin) > 20*time.Second {
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
	decision := p.decision("", "")
	delete(decision, "subject")
	base := "http://" + b.Addr().String()
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

	var mu sync.Mutex
	var lost []string
	consents := map[string]int{}
	send := func(n int) error {
		var request *http.Request
		var err error
		want := http.StatusOK
		switch n % 3 {
		case 0:
			body := map[string]string{}
			for name, value := range decision {
				body[name] = value
			}
			body["idempotency_key"] = fmt.Sprintf("rolling-restart-%06d", n)
			text, marshalErr := json.Marshal(body)
			if marshalErr != nil {
				return marshalErr
			}
			want = http.StatusCreated
			request, err = http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/v1/sessions", strings.NewReader(string(text)))
		case 1:
			request, err = http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/v1/view?sitekey=pk_test_pass&purpose=account-opening", nil)
		default:
			request, err = http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/v1/integrity.json", nil)
		}
		if err != nil {
			return err
		}
		request.Header.Set("Origin", fromPage["Origin"])
		request.Header.Set("Content-Type", "application/json")
		answer, err := client.Do(request)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		var reply struct {
			Consent struct {
				ID string `json:"id"`
			} `json:"consent"`
		}
		text, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != want {
			return fmt.Errorf("%d %w %.200s", answer.StatusCode, err, text)
		}
		if want == http.StatusCreated {
			if err := json.Unmarshal(text, &reply); err != nil {
				return err
			}
			mu.Lock()
			consents[reply.Consent.ID]++
			mu.Unlock()
		}
		return nil
	}
	stop, sent := make(chan struct{}), 0
	var all sync.WaitGroup
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Second / 50)
		defer tick.Stop()
		for ; ; sent++ {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			n := sent
			all.Go(func() {
				if err := send(n); err != nil {
					mu.Lock()
					lost = append(lost, err.Error())
					mu.Unlock()
				}
			})
		}
	}()
	for range 2 {
		time.Sleep(time.Second) // of load on this relay
		require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
		require.NoError(t, p.cmd.Wait(), "exit 0")
		p = run()
	}
	time.Sleep(time.Second)
	close(stop)
	<-ended
	all.Wait()
	t.Logf("%d requests over two restarts, %d lost, %d consents, %d connections tried again", sent, len(lost), len(consents), b.tried.Load())
	require.Empty(t, lost)
	for id, n := range consents {
		require.Equal(t, 1, n, id)
	}
	require.Greater(t, sent, 100)
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
	}, 5*time.Second, pollEvery, "the listener closes")
	_, err = fmt.Fprintf(early, "GET /v1/integrity.json HTTP/1.1\r\nHost: %s\r\n\r\n", at)
	require.NoError(t, err)
	answer, err := http.ReadResponse(bufio.NewReader(early), nil)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.True(t, answer.Close, "and told that it is the last one")
	require.NoError(t, p.cmd.Wait(), "exit 0")
}
