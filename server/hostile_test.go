package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config/configtest"
)

// raw sends bytes and reads what comes back until the relay closes, or for a
// while.
func raw(t *testing.T, p *process, request string) (status int, answer string) {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(p.at.URL, "http://"))
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	go func() { _, _ = io.WriteString(c, request) }()
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(body)
}

func post(path, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nOrigin: http://localhost:3000\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", path, len(body), body)
}

// Requests that no browser sends: each is refused at once, cheaply, and echoed
// nowhere, and the next visitor is served.
func TestBombsAreRefusedAndNotEchoed(t *testing.T) {
	p := start(t)
	const canary = "canary-of-the-bomb"
	long := strings.Repeat(canary, 100_000/len(canary))
	for name, row := range map[string]struct {
		request string
		want    []int
	}{
		"header of 100 KB":         {"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + long + "\r\n\r\n", []int{431}},
		"10,000 headers":           {"GET /healthz HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-Many: "+canary+"\r\n", 10_000) + "\r\n", []int{431}},
		"a header without an end":  {"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat(long, 10), []int{431}},
		"URL of 100 KB":            {"GET /v1/view?sitekey=" + long + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", []int{431, 414}},
		"URL of 8 KB":              {"GET /v1/view?sitekey=" + long[:8000] + "&purpose=x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", []int{400}},
		"1,000 members of a query": {"GET /v1/view?" + strings.Repeat("a=b&", 1000) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", []int{400}},
		"JSON 16,000 deep":         {post("/v1/sessions", strings.Repeat("[", 16_000)), []int{400}},
		"JSON 8,000 deep, closed":  {post("/v1/sessions", `{"a":`+strings.Repeat("[", 8000)+strings.Repeat("]", 8000)+"}"), []int{400}},
		"objects 2,000 deep":       {post("/v1/siteverify", strings.Repeat(`{"a":`, 2000)+"1"+strings.Repeat("}", 2000)), []int{200, 400}},
		"body of 100 KB":           {post("/v1/sessions", `{"sitekey":"`+long+`"}`), []int{413}},
		"a body that lies":         {"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 999999999999\r\nConnection: close\r\n\r\n{}", []int{413}},
		"two lengths":              {"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}}", []int{400}},
		"length and chunks":        {"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n", []int{400, 415}},
		"chunks without an end":    {"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + strings.Repeat("1000\r\n"+strings.Repeat("x", 4096)+"\r\n", 64), []int{413}},
		"a chunk extension bomb":   {"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1;" + long + "\r\nx\r\n0\r\n\r\n", []int{400, 413}},
		"a NUL in the path":        {"GET /v1/\x00 HTTP/1.1\r\nHost: x\r\n\r\n", []int{400}},
		"HTTP/0.9":                 {"GET /\r\n\r\n", []int{400}},
		"another protocol":         {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", []int{400}},
		"a proxy's request":        {"GET http://elsewhere.example/ HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n", []int{200, 404}},
		"CONNECT":                  {"CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: elsewhere.example:443\r\n\r\n", []int{404, 405}},
	} {
		begin := time.Now()
		status, answer := raw(t, p, row.request)
		require.Contains(t, row.want, status, "%s: %.200s", name, answer)
		require.Less(t, time.Since(begin), 10*time.Second, name)
		require.NotContains(t, answer, canary, name)
	}
	require.Equal(t, http.StatusOK, status(t, p, "/readyz"))
	p.stop() // a request's line is written after its answer
	require.NotContains(t, p.log.String(), canary)
}

// How long a client may take over its headers, and over the whole request.
const (
	headersTime = 5 * time.Second
	requestTime = 10 * time.Second
)

// net/http and the mux would answer these themselves, without a request id.
func TestARequestForNoPathIsAProblemLikeAnyOther(t *testing.T) {
	p := start(t)
	for _, line := range []string{"OPTIONS * HTTP/1.1", "GET * HTTP/1.1", "PRI * HTTP/2.0"} {
		status, answer := raw(t, p, line+"\r\nHost: x\r\nConnection: close\r\n\r\n")
		require.Equal(t, http.StatusNotFound, status, line)
		require.Contains(t, answer, `"request_id":"`, line)
	}
}

// Clients that take their time are cut off when their time is over; meanwhile
// nobody else notices.
func TestSlowClientsAreCutOff(t *testing.T) {
	p := start(t)
	ends := map[string]chan time.Duration{}
	for name, begin := range map[string]string{
		"slow headers": "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"slow body":    "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{",
		"nothing":      "",
	} {
		ended := make(chan time.Duration, 1)
		ends[name] = ended
		go func() {
			at := time.Now()
			c, err := net.Dial("tcp", strings.TrimPrefix(p.at.URL, "http://"))
			if err != nil {
				return
			}
			defer c.Close()
			_, _ = io.WriteString(c, begin)
			trickle := time.NewTicker(200 * time.Millisecond)
			defer trickle.Stop()
			go func() {
				for range trickle.C {
					if begin == "" {
						continue
					}
					if _, err := io.WriteString(c, " "); err != nil {
						return
					}
				}
			}()
			_, _ = io.Copy(io.Discard, c) // until the relay closes
			ended <- time.Since(at)
		}()
	}
	deadline := time.After(requestTime + time.Minute)
	for name, ended := range ends {
		select {
		case took := <-ended:
			require.GreaterOrEqual(t, took, headersTime-time.Second, name)
		case <-deadline:
			require.Fail(t, "is still connected", name)
		}
		require.Equal(t, http.StatusOK, status(t, p, "/healthz"))
	}
}

// Whoever opens connections without end is held to what there is room for.
func TestAFloodOfConnectionsLeavesRoomForVisitors(t *testing.T) {
	p := startConfigured(t, configtest.Example(t, "total: 8192", "total: 50"))
	address := listening(t, p)
	for range 300 {
		c, err := net.Dial("tcp", address)
		if err == nil {
			defer c.Close()
		}
	}
	begin := time.Now()
	answer, err := http.Get("http://" + address + "/healthz")
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Less(t, time.Since(begin), headersTime, "nobody waited for the others to be cut off")
	metrics, err := http.Get(p.at.AdminURL + "/metrics")
	require.NoError(t, err)
	defer metrics.Body.Close()
	text, err := io.ReadAll(metrics.Body)
	require.NoError(t, err)
	require.Regexp(t, `(?m)^ekyc_connections 50$`, string(text))
	require.Regexp(t, `(?m)^ekyc_connections_closed_total 2\d\d$`, string(text))
}

func status(t *testing.T, p *process, path string) int {
	t.Helper()
	answer, err := http.Get(p.at.URL + path)
	require.NoError(t, err)
	defer answer.Body.Close()
	return answer.StatusCode
}
