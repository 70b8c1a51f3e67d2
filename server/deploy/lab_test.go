package deploy_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/app"
	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/config/configtest"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/deepvue/sandbox"
)

// lab is a relay as operators configure it, with a vendor, a store and a clock that can be
// made to fail.
type lab struct {
	*app.Relay
	at     app.Listeners
	data   string
	certs  string // the directory of its certificate
	vendor *sandbox.Server
	store  *storetest.Faulty
	client *http.Client
	ahead  atomic.Int64 // by how many ns the relay's clock is
	stop   func()
}

// startLab starts the relay of the example, which has a certificate for a quarter and a
// partner with webhooks; pairs of its texts are replaced.
func startLab(t *testing.T, replace ...string) *lab {
	t.Helper()
	l := &lab{vendor: sandbox.New(sandbox.Options{}), client: insecure(t), certs: t.TempDir()}
	vendor := httptest.NewServer(l.vendor)
	t.Cleanup(vendor.Close)
	cert, key := certificate(t, l.certs, 90*24*time.Hour)
	path := configtest.Example(t, append([]string{
		"https://production.deepvue.tech", vendor.URL,
		"# tls:\n#   cert_file: /etc/ekyc-connect/tls/fullchain.pem\n#   key_file: /etc/ekyc-connect/tls/privkey.pem\n",
		"tls:\n  cert_file: " + cert + "\n  key_file: " + key + "\n",
	}, replace...)...)
	account, _ := sandbox.Credentials("pk_test_pass")
	env := maps.Clone(configtest.Env)
	env["DEEPVUE_CLIENT_ID"], env["DEEPVUE_CLIENT_SECRET"] = account.ClientID, account.ClientSecret.Reveal()
	c, err := config.Load(path, configtest.Lookup(env))
	require.NoError(t, err)
	keys, err := config.LoadKeys(c.Keys)
	require.NoError(t, err)
	l.data = c.Data
	l.at, err = app.Listen(app.Address{Config: "127.0.0.1:0"}, app.Address{Config: "127.0.0.1:0"})
	require.NoError(t, err)
	l.Relay, err = app.New(t.Context(), c, keys, slog.New(slog.DiscardHandler), app.Store(func(s consent.Store) consent.Store {
		l.store = &storetest.Faulty{Store: s}
		return l.store
	}), app.Clock(func() time.Time { return time.Now().Add(time.Duration(l.ahead.Load())) }))
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx, l.at, io.Discard) }()
	l.stop = sync.OnceFunc(func() {
		stop()
		require.NoError(t, <-ended)
		require.NoError(t, l.Close())
	})
	t.Cleanup(l.stop)
	return l
}

// ask sends JSON and returns status and answer.
func (l *lab) ask(t *testing.T, method, path string, body any, header map[string]string) (int, map[string]any) {
	t.Helper()
	answer, err := l.client.Do(l.request(t, method, path, body, header))
	require.NoError(t, err)
	defer answer.Body.Close()
	var members map[string]any
	require.NoError(t, json.UnmarshalRead(answer.Body, &members))
	return answer.StatusCode, members
}

func (l *lab) request(t *testing.T, method, path string, body any, header map[string]string) *http.Request {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	ask, err := http.NewRequestWithContext(t.Context(), method, "https://"+l.at.Public.Addr().String()+path, bytes.NewReader(text))
	require.NoError(t, err)
	ask.Header.Set("Content-Type", "application/json")
	for name, value := range header {
		ask.Header.Set(name, value)
	}
	return ask
}

var fromPage = map[string]string{"Origin": "https://www.bank.example"}

// agree shows a notice and agrees to it.
func (l *lab) agree(t *testing.T, key string) (int, map[string]any) {
	t.Helper()
	return l.ask(t, http.MethodPost, "/v1/sessions", l.decision(t, key), fromPage)
}

// decision shows a notice and makes the body that agrees to it.
func (l *lab) decision(t *testing.T, key string) map[string]any {
	t.Helper()
	_, view := l.ask(t, http.MethodGet, "/v1/view?sitekey="+configtest.Sitekey+"&purpose=account-opening", nil, fromPage)
	notice, _ := view["notice"].(map[string]any)
	return map[string]any{
		"sitekey": configtest.Sitekey, "purpose": "account-opening", "presentation": view["presentation"],
		"notice_sha256": notice["sha256"], "idempotency_key": key,
	}
}

// prometheus runs the real one by prometheus.yml and rules.yml, with other addresses and
// intervals, and returns its address.
func prometheus(t *testing.T, admin, interval string) string {
	t.Helper()
	dir, address := t.TempDir(), freeAddress(t)
	rules := filepath.Join(dir, "rules.yml")
	require.NoError(t, os.WriteFile(rules, []byte(replaced(t, "rules.yml")), 0o600))
	file := filepath.Join(dir, "prometheus.yml")
	require.NoError(t, os.WriteFile(file, []byte(replaced(t, "prometheus.yml",
		"/etc/prometheus/ekyc-connect.rules.yml", rules, "127.0.0.1:8081", admin,
		"scrape_interval: 15s", "scrape_interval: "+interval, "evaluation_interval: 15s", "evaluation_interval: "+interval)), 0o600))
	log, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	defer log.Close()
	cmd := exec.Command(find(t, "prometheus"), "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--log.level=warn")
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
	require.Eventually(t, func() bool {
		select {
		case <-ended:
			require.Fail(t, "Prometheus has ended", "%s", texts(t, dir, "log"))
		default:
		}
		answer, err := http.Get("http://" + address + "/-/ready")
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	}, time.Minute, 50*time.Millisecond)
	return address
}

// query asks Prometheus for what an expression gives now.
func query(t *testing.T, address, expr string) (series []map[string]string) {
	t.Helper()
	ask, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/api/v1/query", nil)
	require.NoError(t, err)
	values := ask.URL.Query()
	values.Set("query", expr)
	ask.URL.RawQuery = values.Encode()
	answer, err := http.DefaultClient.Do(ask)
	require.NoError(t, err)
	defer answer.Body.Close()
	var reply struct {
		Status string `json:"status"`
		Error  string `json:"error"`
		Data   struct {
			Result []struct {
				Metric map[string]string `json:"metric"`
			} `json:"result"`
		} `json:"data"`
	}
	require.NoError(t, json.UnmarshalRead(answer.Body, &reply))
	require.Equal(t, "success", reply.Status, "%s: %s", expr, reply.Error)
	for _, one := range reply.Data.Result {
		series = append(series, one.Metric)
	}
	return series
}
