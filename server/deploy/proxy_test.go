package deploy_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/freeport"
)

const host = "consent.example.com"

// proxy is a proxy that runs from the file that operators copy, before a relay that the
// test plays.
type proxy struct {
	client *http.Client
	logs   func() string
}

func (p *proxy) get(t *testing.T, path string) (*http.Response, error) {
	t.Helper()
	return p.do(t, http.MethodGet, path, nil)
}

func (p *proxy) do(t *testing.T, method, path string, body io.Reader) (*http.Response, error) {
	t.Helper()
	ask, err := http.NewRequestWithContext(t.Context(), method, "https://"+host+path, body)
	require.NoError(t, err)
	ask.Header.Set("X-Forwarded-For", "198.51.100.7") // what a visitor claims
	return p.client.Do(ask)
}

var proxies = map[string]func(t *testing.T, upstream string) *proxy{"nginx": startNginx, "Caddy": startCaddy}

func eachProxy(t *testing.T, relay http.Handler, test func(t *testing.T, p *proxy, upstream *httptest.Server)) {
	t.Helper()
	for name, start := range proxies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			upstream := httptest.NewUnstartedServer(relay)
			require.NoError(t, upstream.Listener.Close())
			var err error
			upstream.Listener, err = net.Listen("tcp", freeAddress(t)) // which nobody else takes once it is closed
			require.NoError(t, err)
			upstream.Start()
			t.Cleanup(upstream.Close)
			test(t, start(t, upstream.Listener.Addr().String()), upstream)
		})
	}
}

func TestAProxyPassesOnWhatTheRelayNeeds(t *testing.T) {
	t.Parallel()
	relay := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16<<10))
		if err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		forwarded := strings.Split(r.Header.Get("X-Forwarded-For"), ", ")
		w.Header().Set("Content-Encoding", "br")
		fmt.Fprintf(w, "%s %s %s %d", r.Method, r.Host, forwarded[len(forwarded)-1], len(body))
	})
	eachProxy(t, relay, func(t *testing.T, p *proxy, _ *httptest.Server) {
		answer, err := p.do(t, http.MethodPost, "/v1/generate-otp", bytes.NewReader(make([]byte, 16<<10)))
		require.NoError(t, err)
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.Equal(t, "POST consent.example.com 127.0.0.1 16384", string(text))
		require.Equal(t, 2, answer.ProtoMajor, "HTTP/2")
		require.Equal(t, "br", answer.Header.Get("Content-Encoding"))

		longer, err := p.do(t, http.MethodPost, "/v1/generate-otp", bytes.NewReader(make([]byte, 17<<10)))
		require.NoError(t, err)
		defer longer.Body.Close()
		require.Equal(t, http.StatusRequestEntityTooLarge, longer.StatusCode)
	})
}

// A receipt's address is a capability, in a redirect and when the relay does not answer
// too. The relay's id of the request is there.
func TestAProxysLogsHoldNoPathButTheRequestsID(t *testing.T) {
	t.Parallel()
	relay := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/v1/receipts/a-capability")
		w.Header().Set("X-Request-Id", "the-id-of-the-request")
		w.WriteHeader(http.StatusSeeOther)
	})
	eachProxy(t, relay, func(t *testing.T, p *proxy, upstream *httptest.Server) {
		ask := func(want int) {
			answer, err := p.get(t, "/v1/receipts/a-capability?of=a-person")
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
			require.Equal(t, want, answer.StatusCode)
			require.Eventually(t, func() bool { return regexp.MustCompile(fmt.Sprintf(`(GET |"status":)%d`, want)).MatchString(p.logs()) }, time.Minute, 10*time.Millisecond, "it is logged")
		}
		ask(http.StatusSeeOther)
		require.Contains(t, p.logs(), "the-id-of-the-request")
		upstream.Close()
		ask(http.StatusBadGateway)
		require.NotContains(t, p.logs(), "a-capability")
		require.NotContains(t, p.logs(), "a-person")
	})
}

// An answer that the client takes slowly holds a person's data; it is not put on the disk
// meanwhile. nginx has no directory to put it into here, nor bodies of requests.
func TestAProxyHoldsASlowAnswerInMemory(t *testing.T) {
	t.Parallel()
	const size = 32 << 20 // more than all sockets take on the way
	var written atomic.Int64
	relay := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		piece := make([]byte, 64<<10)
		for range size / len(piece) {
			n, err := w.Write(piece)
			written.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	upstream := httptest.NewServer(relay)
	t.Cleanup(upstream.Close)
	p := startNginx(t, upstream.Listener.Addr().String())
	answer, err := p.get(t, "/v1/verify-otp")
	require.NoError(t, err)
	defer answer.Body.Close()
	last := int64(-1)
	require.Eventually(t, func() bool { // nothing is taken any more
		now := written.Load()
		stalled := now > 0 && now == last
		last = now
		return stalled
	}, time.Minute, 300*time.Millisecond)
	n, err := io.Copy(io.Discard, answer.Body)
	require.NoError(t, err)
	require.EqualValues(t, size, n)
}

// replaced is the text of a file with what only the operator's machine has replaced.
func replaced(t *testing.T, file string, pairs ...string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for i := 0; i < len(pairs); i += 2 {
		require.Contains(t, string(text), pairs[i])
	}
	return strings.NewReplacer(pairs...).Replace(string(text))
}

func startNginx(t *testing.T, upstream string) *proxy {
	dir := t.TempDir()
	cert, key := certificate(t, dir, time.Hour)
	address := freeAddress(t)
	site := replaced(t, "nginx.conf",
		"listen 443 ", "listen "+address+" ",
		"    listen [::]:443 ssl http2;\n", "",
		"127.0.0.1:8080", upstream,
		"/etc/letsencrypt/live/"+host+"/fullchain.pem", cert, "/etc/letsencrypt/live/"+host+"/privkey.pem", key,
		"/var/log/nginx/", dir+"/")
	conf := filepath.Join(dir, "nginx.conf")
	require.NoError(t, os.WriteFile(conf, []byte(fmt.Sprintf(`
daemon off; master_process off; pid %[1]s/pid;
events {}
http {
client_body_temp_path %[1]s/temp/body; proxy_temp_path %[1]s/temp/answers;
fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
%[2]s
}`, dir, site)), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "temp"), 0o700))
	cmd := exec.Command(find(t, "nginx"), "-p", dir, "-c", conf, "-e", filepath.Join(dir, "start.log"))
	p := run(t, cmd, address, func() string { return texts(t, dir, "*.log") })
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "temp")))
	return p
}

func startCaddy(t *testing.T, upstream string) *proxy {
	dir := t.TempDir()
	cert, key := certificate(t, dir, time.Hour)
	address := freeAddress(t)
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	site := replaced(t, "Caddyfile",
		"\n{\n", "\n{\n\tadmin off\n\tauto_https disable_redirects\n",
		"\n"+host+" {\n", "\nhttps://"+host+":"+port+" {\n\tbind 127.0.0.1\n\ttls "+cert+" "+key+"\n",
		"127.0.0.1:8080", upstream)
	file := filepath.Join(dir, "Caddyfile")
	require.NoError(t, os.WriteFile(file, []byte(site), 0o600))
	log, err := os.Create(filepath.Join(dir, "caddy.log"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = log.Close() })
	cmd := exec.Command(find(t, "caddy"), "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	cmd.Stdout, cmd.Stderr = log, log
	return run(t, cmd, address, func() string { return texts(t, dir, "*.log") })
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := freeport.Address()
	require.NoError(t, err)
	return address
}

// run starts a proxy and waits until it takes connections.
func run(t *testing.T, cmd *exec.Cmd, address string, logs func() string) *proxy {
	t.Helper()
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
	config := &tls.Config{InsecureSkipVerify: true, ServerName: host}
	dialer := tls.Dialer{NetDialer: &net.Dialer{Timeout: time.Second}, Config: config}
	require.Eventually(t, func() bool {
		select {
		case <-ended:
			require.Fail(t, "the proxy has ended", "%s", logs())
		default:
		}
		c, err := dialer.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}, time.Minute, 20*time.Millisecond)
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		},
		TLSClientConfig: config, ForceAttemptHTTP2: true, DisableCompression: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &proxy{client: &http.Client{Transport: transport, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, logs: logs}
}

// texts are all files of a pattern, one after the other.
func texts(t *testing.T, dir, pattern string) string {
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	require.NoError(t, err)
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		all.Write(text)
	}
	return all.String()
}
