package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// startRelay gives the URL of the sandbox that the tests share. A test to which it matters
// what others have done to it takes ownRelay.
func startRelay(t *testing.T) string {
	t.Helper()
	return common.of(t)
}

// ownRelay runs a sandbox until the end of the test and gives its URL.
func ownRelay(t *testing.T) string {
	t.Helper()
	r, err := launch()
	require.NoError(t, err)
	t.Cleanup(r.stop)
	return r.of(t)
}

// sandbox is a relay under way.
type sandbox struct {
	url string
	cmd *exec.Cmd
	dir string // its data, and its log
}

func launch() (*sandbox, error) {
	dir, err := os.MkdirTemp(scratch, "relay-")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(command, "serve", "--sandbox", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--data", filepath.Join(dir, "data"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	r := &sandbox{cmd: cmd, dir: dir}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		r.stop()
		return nil, fmt.Errorf("the relay does not say where it is: %w", err)
	}
	var ready struct{ URL string }
	if err := json.Unmarshal(line, &ready); err != nil {
		r.stop()
		return nil, err
	}
	r.url = ready.URL
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return r, nil
}

func (r *sandbox) stop() {
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	_ = r.cmd.Wait()
}

// of is the relay's URL for a test, which shows what the relay has logged since if it fails.
func (r *sandbox) of(t *testing.T) string {
	t.Helper()
	file := filepath.Join(r.dir, "log")
	before, err := os.Stat(file)
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			if text, err := os.ReadFile(file); err == nil {
				t.Logf("the relay's log:\n%s", text[before.Size():])
			}
		}
	})
	return r.url
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
