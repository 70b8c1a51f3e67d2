package deepvue_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/deepvue"
	"ekycconnect/wasm/wire"
)

// answerRow is one answer of the vendor, the same at every try, and what the
// client makes of it.
type answerRow struct {
	name     string
	answer   func(http.ResponseWriter, *http.Request, int)
	code     wire.Code // empty: a session
	status   int
	class    deepvue.Class
	tries    int           // 1 if zero
	deadline time.Duration // 10 s if zero
}

func detail(text string) string { return `{"detail":"` + text + `"}` }

// The messages of https://docs.deepvue.ai/errors, each with its status.
var documented = []answerRow{
	{name: "inactive client", answer: say(400, detail("Inactive client_id")), code: wire.VendorRejected, status: 400, class: "inactive_client"},
	{name: "bad request", answer: say(400, detail("Bad Request")), code: wire.VendorRejected, status: 400, class: "bad_request"},
	{name: "not authenticated", answer: say(401, detail("Not authenticated")), code: wire.VendorRejected, status: 401, class: "credentials"},
	{name: "not validated", answer: say(401, detail("Could not validate credentials")), code: wire.VendorRejected, status: 401, class: "credentials"},
	{name: "invalid client", answer: say(401, detail("Invalid client_id")), code: wire.VendorRejected, status: 401, class: "credentials"},
	{name: "access denied", answer: say(401, detail("Invalid client_id or client_secret, access Denied")), code: wire.VendorRejected, status: 401, class: "credentials"},
	{name: "authorization failure", answer: say(401, detail("Authorization failure")), code: wire.VendorRejected, status: 401, class: "credentials"},
	{name: "incorrect client", answer: say(401, detail("Incorrect client_id or client_secret")), code: wire.VendorRejected, status: 401, class: "credentials"},
	{name: "not a valid token", answer: say(403, detail("Not a valid token")), code: wire.VendorRejected, status: 403, class: "forbidden"},
	{name: "not found", answer: say(404, detail("Not Found")), code: wire.VendorRejected, status: 404, class: "not_found"},
	{name: "422 in words", answer: say(422, detail("Invalid Pan pattern")), code: wire.VendorRejected, status: 422, class: "validation"},
	{name: "422 as a list", answer: say(422, `{"detail":[{"loc":["query","purpose"],"msg":"field required","type":"value_error.missing"}]}`), code: wire.VendorRejected, status: 422, class: "validation"},
	{name: "rate limit", answer: say(429, detail("Rate limit exceeded. Please retry after some time.")), code: wire.VendorBusy, status: 429, class: "rate_limit"},
	{name: "internal error", answer: say(500, detail("Internal Server Error")), code: wire.VendorUnavailable, status: 500, class: "server_error", tries: 3},
	{name: "source unavailable", answer: say(503, detail("Source Unavailable")), code: wire.VendorUnavailable, status: 503, class: "source_unavailable", tries: 3},
}

var broken = []answerRow{
	{name: "gateway's page", answer: say(502, "<html>Bad Gateway</html>"), code: wire.VendorUnavailable, status: 502, class: "gateway"},
	{name: "gateway's timeout", answer: say(504, ""), code: wire.VendorTimeout, status: 504, class: "gateway"},
	{name: "400 without JSON", answer: say(400, "nope"), code: wire.VendorRejected, status: 400, class: "bad_request"},
	{name: "no content", answer: say(204, ""), code: wire.VendorBadAnswer, status: 204, class: "other_status"},
	{name: "accepted", answer: say(202, good()), code: wire.VendorBadAnswer, status: 202, class: "other_status"},
	{name: "conflict", answer: say(409, "{}"), code: wire.VendorBadAnswer, status: 409, class: "other_status"},
	{name: "teapot", answer: say(418, "{}"), code: wire.VendorBadAnswer, status: 418, class: "other_status"},
	{name: "520 of a proxy", answer: say(520, "{}"), code: wire.VendorBadAnswer, status: 520, class: "other_status"},
	{name: "error with a 10 MB body", answer: say(401, strings.Repeat("x", 10<<20)), code: wire.VendorRejected, status: 401, class: "credentials"},

	{name: "code null and a message", answer: say(200, `{"code":null,"message":"UIDAI is down","transaction_id":"txn-1"}`), code: wire.VendorUnavailable, status: 200, class: "code_null"},
	{name: "code null and data a list", answer: say(200, `{"code":null,"message":"UIDAI is down","data":[]}`), code: wire.VendorUnavailable, status: 200, class: "code_null"},
	{name: "code null without a message", answer: say(200, `{"code":null}`), code: wire.VendorBadAnswer, status: 200, class: "code_not_200"},
	{name: "another code", answer: say(200, `{"code":429,"message":"x"}`), code: wire.VendorBadAnswer, status: 200, class: "code_not_200"},
	{name: "no code", answer: say(200, `{"message":"x"}`), code: wire.VendorBadAnswer, status: 200, class: "code_not_200"},
	{name: "empty", answer: say(200, ""), code: wire.VendorBadAnswer, status: 200, class: "empty"},
	{name: "white space", answer: say(200, " \n"), code: wire.VendorBadAnswer, status: 200, class: "empty"},
	{name: "HTML", answer: say(200, "<!doctype html><p>maintenance"), code: wire.VendorBadAnswer, status: 200, class: "html"},
	{name: "truncated JSON", answer: say(200, good()[:600]), code: wire.VendorBadAnswer, status: 200, class: "not_json"},
	{name: "two values", answer: say(200, good()+good()), code: wire.VendorBadAnswer, status: 200, class: "not_json"},
	{name: "a member twice", answer: say(200, `{"code":200,`+good()[1:]), code: wire.VendorBadAnswer, status: 200, class: "not_json"},
	{name: "a list", answer: say(200, "[]"), code: wire.VendorBadAnswer, status: 200, class: "shape"},
	{name: "no data", answer: say(200, `{"code":200}`), code: wire.VendorBadAnswer, status: 200, class: "shape"},
	{name: "data null", answer: say(200, `{"code":200,"data":null}`), code: wire.VendorBadAnswer, status: 200, class: "shape"},
	{name: "captcha a number", answer: say(200, `{"code":200,"data":{"session_id":"s","captcha":1}}`), code: wire.VendorBadAnswer, status: 200, class: "shape"},
	{name: "no session id", answer: say(200, `{"code":200,"data":{"captcha":"x"}}`), code: wire.VendorBadAnswer, status: 200, class: "session_id"},
	{name: "session id a number", answer: say(200, `{"code":200,"data":{"session_id":7}}`), code: wire.VendorBadAnswer, status: 200, class: "session_id"},
	{name: "session id of 97", answer: say(200, `{"code":200,"data":{"session_id":"`+strings.Repeat("s", 97)+`"}}`), code: wire.VendorBadAnswer, status: 200, class: "session_id"},
	{name: "session id with a line break", answer: say(200, `{"code":200,"data":{"session_id":"a\nb"}}`), code: wire.VendorBadAnswer, status: 200, class: "session_id"},
	{name: "session id not ASCII", answer: say(200, `{"code":200,"data":{"session_id":"é"}}`), code: wire.VendorBadAnswer, status: 200, class: "session_id"},
	{name: "transaction id of 97", answer: say(200, `{"code":200,"transaction_id":"`+strings.Repeat("t", 97)+`"}`), code: wire.VendorBadAnswer, status: 200, class: "transaction_id"},

	{name: "no captcha", answer: say(200, started("")), code: wire.VendorBadAnswer, status: 200, class: "picture"},
	{name: "not base64", answer: say(200, started("%%%%")), code: wire.VendorBadAnswer, status: 200, class: "picture"},
	{name: "a PNG", answer: say(200, started(b64([]byte("\x89PNG\r\n\x1a\n")))), code: wire.VendorBadAnswer, status: 200, class: "picture"},
	{name: "truncated JPEG", answer: say(200, started(b64(picture(200, 70)[:300]))), code: wire.VendorBadAnswer, status: 200, class: "picture"},
	{name: "JPEG of markers only", answer: say(200, started(b64([]byte{0xFF, 0xD8, 0xFF, 0xD9}))), code: wire.VendorBadAnswer, status: 200, class: "picture"},
	{name: "something after the JPEG", answer: say(200, started(b64(append(picture(8, 8), 'x')))), code: wire.VendorBadAnswer, status: 200, class: "picture"},
	{name: "5000×5000 in a header", answer: say(200, started(b64(resized(5000, 5000)))), code: wire.VendorBadAnswer, status: 200, class: "picture_size"},
	{name: "a pixel too wide", answer: say(200, started(b64(resized(1025, 512)))), code: wire.VendorBadAnswer, status: 200, class: "picture_size"},
	{name: "a pixel too high", answer: say(200, started(b64(resized(1024, 513)))), code: wire.VendorBadAnswer, status: 200, class: "picture_size"},
	{name: "a picture over 256 KiB", answer: say(200, started(b64(padded(256<<10+1)))), code: wire.VendorBadAnswer, status: 200, class: "too_large"},
	{name: "10 MB", answer: say(200, started(strings.Repeat("/9j/", 10<<18))), code: wire.VendorBadAnswer, status: 200, class: "too_large"},
	{name: "endless body", answer: endless, code: wire.VendorBadAnswer, status: 200, class: "too_large"},
	{name: "gzip bomb", answer: zipped(strings.Repeat(" ", 10<<20) + good()), code: wire.VendorBadAnswer, status: 200, class: "too_large"},
	{name: "says gzip and is not", answer: encoded("gzip"), code: wire.VendorBadAnswer, status: 200, class: "content_encoding"},
	{name: "an encoding never asked for", answer: encoded("br"), code: wire.VendorBadAnswer, status: 200, class: "not_json"},

	{name: "slow headers", answer: func(_ http.ResponseWriter, r *http.Request, _ int) { whenGone(r.Context()) },
		code: wire.VendorTimeout, class: "deadline", deadline: time.Second},
	{name: "slow body", answer: slowBody, code: wire.VendorTimeout, status: 200, class: "deadline", deadline: time.Second},
	{name: "reset mid-body", answer: reset, code: wire.VendorUnavailable, status: 200, class: "transport", tries: 3},
	{name: "closed without an answer", answer: func(w http.ResponseWriter, _ *http.Request, _ int) { hijack(w).Close() },
		code: wire.VendorUnavailable, class: "transport", tries: 3},
	{name: "not HTTP", answer: func(w http.ResponseWriter, _ *http.Request, _ int) {
		c := hijack(w)
		defer c.Close()
		io.WriteString(c, "SSH-2.0-OpenSSH_9.9\r\n")
	}, code: wire.VendorUnavailable, class: "transport", tries: 3},
}

var accepted = []answerRow{
	{name: "plain", answer: say(200, good())},
	{name: "code in a string", answer: say(200, strings.Replace(good(), `"code":200`, `"code":"200"`, 1))},
	{name: "code as 200.0", answer: say(200, strings.Replace(good(), `"code":200`, `"code":200.0`, 1))},
	{name: "no transaction id", answer: say(200, strings.Replace(good(), `"txn-1"`, `null`, 1))},
	{name: "data URL", answer: say(200, started("data:image/jpeg;base64,"+b64(picture(200, 70))))},
	{name: "lines of 76", answer: say(200, started(lines(b64(picture(200, 70)))))},
	{name: "gzip", answer: zipped(good())},
	{name: "HTML by its media type", answer: func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, good())
	}},
	{name: "one failure, then well", tries: 2, answer: func(w http.ResponseWriter, r *http.Request, call int) {
		if call == 1 {
			hijack(w).Close()
			return
		}
		say(200, good())(w, r, call)
	}},
	{name: "two failures, then well", tries: 3, answer: func(w http.ResponseWriter, r *http.Request, call int) {
		say([]int{500, 503, 200}[call-1], good())(w, r, call)
	}},
}

func TestAnswers(t *testing.T) {
	committed := newDecisions(t).give("main")
	for _, row := range append(append(documented, broken...), accepted...) {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel() // some wait for their deadline
			v := newVendor(t, row.answer)
			c := newClient(t, v.URL, deepvue.Deadline(row.deadline))
			session, calls, err := c.Connect(t.Context(), committed, deepvue.AtMost(3))
			require.Len(t, calls, max(row.tries, 1))
			require.EqualValues(t, len(calls), v.calls.Load(), "each request is one call")
			last := calls[len(calls)-1]
			for _, call := range calls {
				require.Equal(t, "connect", call.Endpoint)
				require.WithinDuration(t, time.Now(), call.At, time.Minute)
			}
			if row.code == "" {
				require.NoError(t, err)
				require.Equal(t, "session-1", session.ID)
				require.Equal(t, b64(picture(200, 70)), session.Captcha)
				require.Equal(t, session.TransactionID, last.TransactionID)
				require.Equal(t, "ok", last.Result)
				return
			}
			e := asError(t, err)
			require.Equal(t, row.code, e.Code)
			require.Equal(t, row.status, e.Status)
			require.Equal(t, row.class, e.Class)
			require.Equal(t, string(row.code), last.Result)
			require.Zero(t, session)
			require.Equal(t, row.code == wire.VendorBusy, e.RetryAfter > 0)
		})
	}
}

func TestTheVendorsReferenceIsKeptWithAProblem(t *testing.T) {
	v := newVendor(t, say(200, `{"code":null,"message":"x","transaction_id":"txn-7"}`))
	_, calls, err := newClient(t, v.URL).Connect(t.Context(), newDecisions(t).give("main"), deepvue.AtMost(3))
	require.Error(t, err)
	require.Equal(t, "txn-7", calls[0].TransactionID)
}

func padded(size int) []byte {
	b := picture(8, 8)
	end := len(b) - 2
	return append(append(b[:end:end], make([]byte, size-len(b))...), 0xFF, 0xD9)
}

func lines(s string) string {
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + `\r\n`)
		s = s[76:]
	}
	return b.String() + s + `\n`
}

func zipped(body string) func(http.ResponseWriter, *http.Request, int) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, body)
	z.Close()
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(b.Bytes())
	}
}

func encoded(name string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Encoding", name)
		io.WriteString(w, "\x0b this is no encoding at all")
	}
}

func endless(w http.ResponseWriter, r *http.Request, _ int) {
	block := bytes.Repeat([]byte{' '}, 32<<10)
	for r.Context().Err() == nil {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

func slowBody(w http.ResponseWriter, r *http.Request, _ int) {
	io.WriteString(w, good()[:100])
	w.(http.Flusher).Flush()
	whenGone(r.Context())
}

func reset(w http.ResponseWriter, _ *http.Request, _ int) {
	c := hijack(w)
	fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(good()), good()[:100])
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.CloseWrite() // so that the headers are not lost with the rest
	}
	c.Close()
}

func hijack(w http.ResponseWriter) net.Conn {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	return c
}
