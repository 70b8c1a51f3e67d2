package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/deepvue/sandbox"
	"ekycconnect/server/internal/startline"
	"ekycconnect/wasm/wire"
)

// These tests run the program as an operator does: another process, its
// standard output, real signals.

var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "relay-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "relay")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := program(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// process is a running relay.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	at  startline.Line
	log *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	path, err := program()
	require.NoError(t, err)
	return startProgram(t, path, append([]string{"--sandbox"}, args...)...)
}

// startProgram runs a relay of any release.
func startProgram(t *testing.T, path string, args ...string) *process {
	t.Helper()
	p := &process{t: t, log: &lockedBuffer{}}
	p.cmd = exec.Command(path, append([]string{"serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, args...)...)
	p.cmd.Stderr = p.log
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); _ = p.cmd.Wait() })
	p.at, err = startline.Read(stdout)
	require.NoError(t, err, "log: %s", p.log)
	return p
}

// kill ends the process as a power cut does.
func (p *process) kill() {
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGKILL))
	_ = p.cmd.Wait()
}

func (p *process) do(ctx context.Context, method, path string, body any, headers map[string]string, reply any) (int, error) {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		require.NoError(p.t, err)
		reader = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, p.at.URL+path, reader)
	require.NoError(p.t, err)
	r.Header.Set("Content-Type", "application/json")
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(p.t, err)
	require.NoError(p.t, json.Unmarshal(text, reply), "%s", text)
	return answer.StatusCode, nil
}

// pollEvery is how often a test looks at what it waits for.
const pollEvery = 10 * time.Millisecond

var fromPage = map[string]string{"Origin": "http://localhost:3000"}

// decision shows the notice and makes the body that agrees to it.
func (p *process) decision(subject, key string) map[string]string {
	var view struct {
		Notice struct {
			SHA256 string `json:"sha256"`
		} `json:"notice"`
		Presentation string `json:"presentation"`
	}
	status, err := p.do(p.t.Context(), "GET", "/v1/view?sitekey=pk_test_pass&purpose=account-opening", nil, fromPage, &view)
	require.NoError(p.t, err)
	require.Equal(p.t, http.StatusOK, status)
	return map[string]string{
		"sitekey": "pk_test_pass", "purpose": "account-opening", "presentation": view.Presentation,
		"notice_sha256": view.Notice.SHA256, "idempotency_key": key, "subject": subject,
	}
}

type answer struct {
	status int
	body   any
	err    error
}

// begin agrees in the background.
func (p *process) begin(body map[string]string) <-chan answer {
	answered := make(chan answer, 1)
	ctx := context.WithoutCancel(p.t.Context())
	go func() {
		var a answer
		a.status, a.err = p.do(ctx, "POST", "/v1/sessions", body, fromPage, &a.body)
		answered <- a
	}()
	return answered
}

type consentList struct {
	Consents []struct {
		Record struct {
			ID string `json:"record_id"`
		} `json:"record"`
		Events []struct {
			Kind string `json:"kind"`
		} `json:"events"`
	} `json:"consents"`
}

func (p *process) consentsOf(subject string) consentList {
	var list consentList
	status, err := p.do(p.t.Context(), "GET", "/v1/consents?subject="+subject, nil,
		map[string]string{"Authorization": "Bearer sk_test_pass"}, &list)
	require.NoError(p.t, err)
	require.Equal(p.t, http.StatusOK, status)
	return list
}

// haltingVendor is the emulator, but each call to connect stops until released.
func haltingVendor(t *testing.T) (url string, arrived <-chan string, release func()) {
	emulator := sandbox.New(sandbox.Options{})
	came, gate := make(chan string, 16), make(chan struct{})
	var once sync.Once
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/connect") {
			came <- r.Header.Get(sandbox.TraceHeader)
			select {
			case <-gate:
			case <-r.Context().Done():
				panic(http.ErrAbortHandler)
			}
		}
		emulator.ServeHTTP(w, r)
	}))
	free := func() { once.Do(func() { close(gate) }) }
	t.Cleanup(func() { free(); server.Close() })
	return server.URL, came, free
}

func TestAConsentOutlivesAKillBetweenCommitAndVendor(t *testing.T) {
	vendor, arrived, release := haltingVendor(t)
	data := t.TempDir()
	p := start(t, "--data", data, "--vendor-url", vendor)
	body := p.decision("customer-1", "key-of-the-person-1")

	lost := p.begin(body)
	var called string // the consent for which the vendor is being called: it must be on disk by now
	select {
	case called = <-arrived:
	case answer := <-lost:
		require.Fail(t, "answered before the vendor was called", "%+v", answer)
	}
	p.kill()
	require.Error(t, (<-lost).err)

	again := start(t, "--data", data, "--vendor-url", vendor)
	list := again.consentsOf("customer-1")
	require.Len(t, list.Consents, 1)
	require.Equal(t, called, list.Consents[0].Record.ID, "the vendor saw a consent that the ledger holds")
	require.Equal(t, "given", list.Consents[0].Events[0].Kind)

	// The page tries again under the same key: the same consent, not a second.
	release()
	var session wire.SessionReply
	status, err := again.do(t.Context(), "POST", "/v1/sessions", body, fromPage, &session)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, status)
	require.Equal(t, called, session.Consent.ID)
	require.Len(t, again.consentsOf("customer-1").Consents, 1)
}

func TestStoppingLetsRunningRequestsFinish(t *testing.T) {
	vendor, arrived, release := haltingVendor(t)
	p := start(t, "--vendor-url", vendor)
	body := p.decision("customer-2", "key-of-the-person-2")
	answered := p.begin(body)
	select {
	case <-arrived:
	case answer := <-answered:
		require.Fail(t, "answered before the vendor was called", "%+v", answer)
	}
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool { return strings.Contains(p.log.String(), "draining") }, time.Minute, pollEvery)
	release()
	answer := <-answered
	require.NoError(t, answer.err)
	require.Equal(t, http.StatusCreated, answer.status)
	require.NoError(t, p.cmd.Wait(), "exit 0 after a graceful stop")
}

func TestATakenPortIsSaidPlainly(t *testing.T) {
	p := start(t)
	path, err := program()
	require.NoError(t, err)
	out, err := exec.Command(path, "serve", "--sandbox", "--listen", strings.TrimPrefix(p.at.URL, "http://")).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "--listen")
}
