package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// startRelay runs the relay's sandbox until the end of the test and gives its URL.
func startRelay(t *testing.T) string {
	t.Helper()
	cmd := exec.Command(command, "serve", "--sandbox", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--data", t.TempDir())
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	log, err := os.Create(t.TempDir() + "/log")
	require.NoError(t, err)
	cmd.Stderr = log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			if text, err := os.ReadFile(log.Name()); err == nil {
				t.Logf("the relay's log:\n%s", text)
			}
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err, "the relay says where it is")
	var ready struct{ URL string }
	require.NoError(t, json.Unmarshal([]byte(line), &ready))
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return ready.URL
}

// gate stands before a relay and holds chosen requests back until it opens.
type gate struct {
	URL  string
	seen chan string // path of each request that was held

	opened, dropped chan struct{}
}

func newGate(t *testing.T, relay string, hold func(*http.Request) bool) *gate {
	t.Helper()
	to, err := url.Parse(relay)
	require.NoError(t, err)
	g := &gate{seen: make(chan string, 100), opened: make(chan struct{}), dropped: make(chan struct{})}
	proxy := httputil.NewSingleHostReverseProxy(to)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-g.opened:
		default:
			if hold(r) {
				g.seen <- r.URL.Path
				select {
				case <-g.opened:
				case <-g.dropped:
					panic(http.ErrAbortHandler) // the connection breaks
				case <-r.Context().Done():
					panic(http.ErrAbortHandler)
				}
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	g.URL = s.URL
	return g
}

func (g *gate) open() { close(g.opened) }
func (g *gate) drop() { close(g.dropped) }

func isView(r *http.Request) bool    { return strings.HasSuffix(r.URL.Path, "/v1/view") }
func isSession(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/v1/sessions") }
func isWasm(r *http.Request) bool    { return strings.HasSuffix(r.URL.Path, ".wasm") }

// redeem is what a partner's back end does with the form's field.
func redeem(t *testing.T, relay, token string, more url.Values) map[string]any {
	t.Helper()
	form := url.Values{"secret": {"sk_test_pass"}, "response": {token}}
	for k, v := range more {
		form[k] = v
	}
	resp, err := http.PostForm(relay+"/v1/siteverify", form)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	var answer map[string]any
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&answer))
	return answer
}
