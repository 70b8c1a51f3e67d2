package app_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/app"
	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/config/configtest"
	"ekycconnect/server/internal/deepvue/sandbox"
	"ekycconnect/server/internal/redact"
)

// BenchmarkSession is POST /v1/sessions with the relay's whole duty, over TCP on both
// sides. Pages and vendor are connections and bytes that are made before, so that what is
// allocated is the relay's.
func BenchmarkSession(b *testing.B) {
	vendor := canned(b)
	path := configtest.Example(b, "https://production.deepvue.tech", vendor, "  view: 60\n  sessions: 10\n", "  view: 0\n  sessions: 0\n",
		"    plan: growth\n", "    allowance: {per_second: 100000, per_minute: 2000000, per_day: 2000000}\n")
	env := maps.Clone(configtest.Env)
	account, _ := sandbox.Credentials("pk_test_pass")
	env["DEEPVUE_CLIENT_ID"], env["DEEPVUE_CLIENT_SECRET"] = account.ClientID, account.ClientSecret.Reveal()
	c, err := config.Load(path, configtest.Lookup(env))
	require.NoError(b, err)
	keys, err := config.LoadKeys(c.Keys)
	require.NoError(b, err)
	relay, err := app.New(b.Context(), c, keys, slog.New(slog.NewJSONHandler(redact.Writer(io.Discard), nil)))
	require.NoError(b, err)
	defer relay.Close()
	server := httptest.NewServer(relay.API.Handler())
	defer server.Close()

	const origin = "https://www.bank.example"
	ask, err := http.NewRequest(http.MethodGet, server.URL+"/v1/view?sitekey="+configtest.Sitekey+"&purpose=account-opening", nil)
	require.NoError(b, err)
	ask.Header.Set("Origin", origin)
	answer, err := http.DefaultClient.Do(ask)
	require.NoError(b, err)
	defer answer.Body.Close()
	var view struct {
		Notice struct {
			SHA256 string `json:"sha256"`
		} `json:"notice"`
		Presentation string `json:"presentation"`
	}
	require.NoError(b, json.UnmarshalRead(answer.Body, &view))
	request := func(n int64) []byte {
		body := fmt.Sprintf(`{"sitekey":%q,"purpose":"account-opening","presentation":%q,"notice_sha256":%q,"idempotency_key":"key-%016d"}`,
			configtest.Sitekey, view.Presentation, view.Notice.SHA256, n)
		return fmt.Appendf(nil, "POST /v1/sessions HTTP/1.1\r\nHost: relay\r\nOrigin: %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", origin, len(body), body)
	}
	const parallel = 128 // 256 connections on two processors
	pages := make(chan page, parallel*runtime.GOMAXPROCS(0))
	for range cap(pages) {
		conn, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
		require.NoError(b, err)
		defer conn.Close()
		pages <- page{conn, bufio.NewReaderSize(conn, 16<<10), request(0)}
	}
	var n atomic.Int64
	b.SetParallelism(parallel)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		page := <-pages
		conn, reader, text := page.conn, page.reader, page.request
		number := text[len(text)-2-16 : len(text)-2]
		for p.Next() {
			for i, at := len(number)-1, n.Add(1); i >= 0; i, at = i-1, at/10 {
				number[i] = byte('0' + at%10)
			}
			if _, err := conn.Write(text); err != nil {
				b.Error(err)
				return
			}
			if first := message(reader); !bytes.HasPrefix(first[:], []byte("HTTP/1.1 201")) {
				b.Errorf("%s", first)
				return
			}
		}
	})
}

// page asks the relay on a connection of its own.
type page struct {
	conn    net.Conn
	reader  *bufio.Reader
	request []byte // but for the number of its idempotency key
}

// message reads one message of HTTP to its end, and returns how it begins.
func message(r *bufio.Reader) (begins [32]byte) {
	length := 0
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return begins
		}
		if first {
			copy(begins[:], line)
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			break
		}
		if name, value, _ := bytes.Cut(line, []byte(":")); bytes.EqualFold(name, []byte("Content-Length")) {
			length, _ = strconv.Atoi(string(bytes.TrimSpace(value)))
		}
	}
	_, _ = r.Discard(length)
	return begins
}

// canned is a vendor that answers each call with the same picture, made before.
func canned(b *testing.B) (url string) {
	b.Helper()
	emulator := sandbox.New(sandbox.Options{})
	account, _ := sandbox.Credentials("pk_test_pass")
	ask := httptest.NewRequest(http.MethodGet, "/v1/ekyc/aadhaar/connect?consent=Y&purpose=For+KYC", nil)
	ask.Header.Set("client-id", account.ClientID)
	ask.Header.Set("x-api-key", account.ClientSecret.Reveal())
	made := httptest.NewRecorder()
	emulator.ServeHTTP(made, ask)
	require.Equal(b, http.StatusOK, made.Code, made.Body)
	answer := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", made.Body.Len(), made.Body)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	b.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				reader := bufio.NewReaderSize(conn, 16<<10)
				for begins := message(reader); begins[0] != 0; begins = message(reader) {
					if _, err := conn.Write(answer); err != nil {
						return
					}
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}
