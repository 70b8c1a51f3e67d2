package script

import (
	"io"
	"net/http"
	"strings"
	"time"

	"ekycconnect/wasm/wire"
)

// Documented are the messages of https://docs.deepvue.ai/errors, each with its
// status.
var Documented = []Row{
	{Name: "inactive client", OTP: Outcome{wire.VendorRejected, "inactive_client"}, Answer: Say(400, Detail("Inactive client_id")), Code: wire.VendorRejected, Status: 400, Class: "inactive_client"},
	{Name: "bad request", OTP: refused, Says: "Bad Request", Answer: Say(400, Detail("Bad Request")), Code: wire.VendorRejected, Status: 400, Class: "bad_request"},
	{Name: "not authenticated", OTP: rejected, Answer: Say(401, Detail("Not authenticated")), Code: wire.VendorRejected, Status: 401, Class: "credentials"},
	{Name: "not validated", OTP: rejected, Answer: Say(401, Detail("Could not validate credentials")), Code: wire.VendorRejected, Status: 401, Class: "credentials"},
	{Name: "invalid client", OTP: rejected, Answer: Say(401, Detail("Invalid client_id")), Code: wire.VendorRejected, Status: 401, Class: "credentials"},
	{Name: "access denied", OTP: rejected, Answer: Say(401, Detail("Invalid client_id or client_secret, access Denied")), Code: wire.VendorRejected, Status: 401, Class: "credentials"},
	{Name: "authorization failure", OTP: rejected, Answer: Say(401, Detail("Authorization failure")), Code: wire.VendorRejected, Status: 401, Class: "credentials"},
	{Name: "incorrect client", OTP: rejected, Answer: Say(401, Detail("Incorrect client_id or client_secret")), Code: wire.VendorRejected, Status: 401, Class: "credentials"},
	{Name: "not a valid token", OTP: Outcome{wire.VendorRejected, "forbidden"}, Answer: Say(403, Detail("Not a valid token")), Code: wire.VendorRejected, Status: 403, Class: "forbidden"},
	{Name: "not found", OTP: refused, Says: "Not Found", Answer: Say(404, Detail("Not Found")), Code: wire.VendorRejected, Status: 404, Class: "not_found"},
	{Name: "422 in words", OTP: refused, Says: "Invalid Pan pattern", Answer: Say(422, Detail("Invalid Pan pattern")), Code: wire.VendorRejected, Status: 422, Class: "validation"},
	{Name: "422 as a list", OTP: refused, Answer: Say(422, `{"detail":[{"loc":["query","purpose"],"msg":"field required","type":"value_error.missing"}]}`), Code: wire.VendorRejected, Status: 422, Class: "validation"},
	{Name: "rate limit", OTP: busy, Answer: Say(429, Detail("Rate limit exceeded. Please retry after some time.")), Code: wire.VendorBusy, Status: 429, Class: "rate_limit"},
	{Name: "rate limit with a time", OTP: busy, Answer: Send(429, Detail("Rate limit exceeded. Please retry after some time."), "Retry-After", "7"), Code: wire.VendorBusy, Status: 429, Class: "rate_limit", After: 7 * time.Second},
	{Name: "rate limit for a day", OTP: busy, Answer: Send(429, "", "Retry-After", "86400"), Code: wire.VendorBusy, Status: 429, Class: "rate_limit", After: 30 * time.Second},
	{Name: "internal error", OTP: Outcome{wire.VendorUnavailable, "server_error"}, Answer: Say(500, Detail("Internal Server Error")), Code: wire.VendorUnavailable, Status: 500, Class: "server_error", Tries: 3},
	{Name: "source unavailable", OTP: Outcome{wire.VendorUnavailable, "source_unavailable"}, Answer: Say(503, Detail("Source Unavailable")), Code: wire.VendorUnavailable, Status: 503, Class: "source_unavailable", Tries: 3},
	{Name: "source unavailable as a page", OTP: Outcome{wire.VendorUnavailable, "source_unavailable"}, Answer: Send(503, "<html>Service Unavailable</html>", "Content-Type", "text/html", "Retry-After", "120"), Code: wire.VendorUnavailable, Status: 503, Class: "source_unavailable", Tries: 3},
}

// Broken are answers that no documentation has.
var Broken = []Row{
	{Name: "gateway's page", OTP: unknown("gateway"), Answer: Say(502, "<html>Bad Gateway</html>"), Code: wire.VendorUnavailable, Status: 502, Class: "gateway"},
	{Name: "gateway's timeout", OTP: unknown("gateway"), Answer: Say(504, ""), Code: wire.VendorTimeout, Status: 504, Class: "gateway"},
	{Name: "400 without JSON", OTP: refused, Answer: Say(400, "nope"), Code: wire.VendorRejected, Status: 400, Class: "bad_request"},
	{Name: "redirect to another host", OTP: Outcome{wire.VendorBadAnswer, "redirect"}, Answer: Send(307, "", "Location", "https://elsewhere.example/v1"), Code: wire.VendorBadAnswer, Status: 307, Class: "redirect"},
	{Name: "redirect to plain http", OTP: Outcome{wire.VendorBadAnswer, "redirect"}, Answer: Send(301, "", "Location", "http://production.deepvue.tech/"), Code: wire.VendorBadAnswer, Status: 301, Class: "redirect"},
	{Name: "not modified", OTP: Outcome{wire.VendorBadAnswer, "redirect"}, Answer: Send(304, ""), Code: wire.VendorBadAnswer, Status: 304, Class: "redirect"},
	{Name: "no content", OTP: unknown("other_status"), Answer: Say(204, ""), Code: wire.VendorBadAnswer, Status: 204, Class: "other_status"},
	{Name: "accepted", OTP: unknown("other_status"), Answer: Say(202, Good()), Code: wire.VendorBadAnswer, Status: 202, Class: "other_status"},
	{Name: "conflict", OTP: refused, Answer: Say(409, "{}"), Code: wire.VendorBadAnswer, Status: 409, Class: "other_status"},
	{Name: "teapot", OTP: Outcome{wire.VendorBadAnswer, "other_status"}, Answer: Say(418, "{}"), Code: wire.VendorBadAnswer, Status: 418, Class: "other_status"},
	{Name: "520 of a proxy", OTP: unknown("other_status"), Answer: Say(520, "{}"), Code: wire.VendorBadAnswer, Status: 520, Class: "other_status"},
	{Name: "error with a 10 MB body", OTP: rejected, Answer: Say(401, strings.Repeat("x", 10<<20)), Code: wire.VendorRejected, Status: 401, Class: "credentials"},

	{Name: "code null and a message", OTP: refused, Says: "UIDAI is down", Answer: Say(200, `{"code":null,"message":"UIDAI is down","transaction_id":"txn-1"}`), Code: wire.VendorUnavailable, Status: 200, Class: "code_null"},
	{Name: "code null and data a list", OTP: refused, Says: "UIDAI is down", Answer: Say(200, `{"code":null,"message":"UIDAI is down","data":[]}`), Code: wire.VendorUnavailable, Status: 200, Class: "code_null"},
	{Name: "code null without a message", OTP: refused, Answer: Say(200, `{"code":null}`), Code: wire.VendorBadAnswer, Status: 200, Class: "code_not_200"},
	{Name: "another code", OTP: refused, Says: "x", Answer: Say(200, `{"code":429,"message":"x"}`), Code: wire.VendorBadAnswer, Status: 200, Class: "code_not_200"},
	{Name: "no code", OTP: refused, Says: "x", Answer: Say(200, `{"message":"x"}`), Code: wire.VendorBadAnswer, Status: 200, Class: "code_not_200"},
	{Name: "empty", OTP: unknown("empty"), Answer: Say(200, ""), Code: wire.VendorBadAnswer, Status: 200, Class: "empty"},
	{Name: "white space", OTP: unknown("empty"), Answer: Say(200, " \n"), Code: wire.VendorBadAnswer, Status: 200, Class: "empty"},
	{Name: "HTML", OTP: unknown("html"), Answer: Say(200, "<!doctype html><p>maintenance"), Code: wire.VendorBadAnswer, Status: 200, Class: "html"},
	{Name: "truncated JSON", OTP: unknown("not_json"), Answer: Say(200, Good()[:600]), Code: wire.VendorBadAnswer, Status: 200, Class: "not_json"},
	{Name: "two values", OTP: unknown("not_json"), Answer: Say(200, Good()+Good()), Code: wire.VendorBadAnswer, Status: 200, Class: "not_json"},
	{Name: "a member twice", OTP: unknown("not_json"), Answer: Say(200, `{"code":200,`+Good()[1:]), Code: wire.VendorBadAnswer, Status: 200, Class: "not_json"},
	{Name: "a list", OTP: unknown("shape"), Answer: Say(200, "[]"), Code: wire.VendorBadAnswer, Status: 200, Class: "shape"},
	{Name: "no data", Verify: unknown("no_data"), Answer: Say(200, `{"code":200}`), Code: wire.VendorBadAnswer, Status: 200, Class: "shape"},
	{Name: "data null", Verify: unknown("no_data"), Answer: Say(200, `{"code":200,"data":null}`), Code: wire.VendorBadAnswer, Status: 200, Class: "shape"},
	{Name: "captcha a number", Answer: Say(200, `{"code":200,"data":{"session_id":"s","captcha":1}}`), Code: wire.VendorBadAnswer, Status: 200, Class: "shape"},
	{Name: "no session id", Answer: Say(200, `{"code":200,"data":{"captcha":"x"}}`), Code: wire.VendorBadAnswer, Status: 200, Class: "session_id"},
	{Name: "session id a number", Answer: Say(200, `{"code":200,"data":{"session_id":7}}`), Code: wire.VendorBadAnswer, Status: 200, Class: "session_id"},
	{Name: "session id of 97", Answer: Say(200, `{"code":200,"data":{"session_id":"`+strings.Repeat("s", 97)+`"}}`), Code: wire.VendorBadAnswer, Status: 200, Class: "session_id"},
	{Name: "session id with a line break", Answer: Say(200, `{"code":200,"data":{"session_id":"a\nb"}}`), Code: wire.VendorBadAnswer, Status: 200, Class: "session_id"},
	{Name: "session id not ASCII", Answer: Say(200, `{"code":200,"data":{"session_id":"é"}}`), Code: wire.VendorBadAnswer, Status: 200, Class: "session_id"},
	{Name: "session id with a quote", Answer: Say(200, `{"code":200,"data":{"session_id":"a\"b"}}`), Code: wire.VendorBadAnswer, Status: 200, Class: "session_id"},
	{Name: "transaction id of 97", Verify: unknown("no_data"), Answer: Say(200, `{"code":200,"transaction_id":"`+strings.Repeat("t", 97)+`"}`), Code: wire.VendorBadAnswer, Status: 200, Class: "transaction_id"},

	{Name: "no captcha", Answer: Say(200, Started("")), Code: wire.VendorBadAnswer, Status: 200, Class: "picture"},
	{Name: "not base64", Answer: Say(200, Started("%%%%")), Code: wire.VendorBadAnswer, Status: 200, Class: "picture"},
	{Name: "a PNG", Answer: Say(200, Started(Base64([]byte("\x89PNG\r\n\x1a\n")))), Code: wire.VendorBadAnswer, Status: 200, Class: "picture"},
	{Name: "truncated JPEG", Answer: Say(200, Started(Base64(Picture(200, 70)[:300]))), Code: wire.VendorBadAnswer, Status: 200, Class: "picture"},
	{Name: "JPEG of markers only", Answer: Say(200, Started(Base64([]byte{0xFF, 0xD8, 0xFF, 0xD9}))), Code: wire.VendorBadAnswer, Status: 200, Class: "picture"},
	{Name: "something after the JPEG", Answer: Say(200, Started(Base64(append(Picture(8, 8), 'x')))), Code: wire.VendorBadAnswer, Status: 200, Class: "picture"},
	{Name: "5000×5000 in a header", Answer: Say(200, Started(Base64(Resized(5000, 5000)))), Code: wire.VendorBadAnswer, Status: 200, Class: "picture_size"},
	{Name: "a pixel too wide", Answer: Say(200, Started(Base64(Resized(1025, 512)))), Code: wire.VendorBadAnswer, Status: 200, Class: "picture_size"},
	{Name: "a pixel too high", Answer: Say(200, Started(Base64(Resized(1024, 513)))), Code: wire.VendorBadAnswer, Status: 200, Class: "picture_size"},
	{Name: "a picture over 256 KiB", Answer: Say(200, Started(Base64(Padded(256<<10+1)))), Code: wire.VendorBadAnswer, Status: 200, Class: "too_large"},
	{Name: "a picture of 300 KB", Answer: Say(200, Started(Base64(Padded(300<<10)))), Code: wire.VendorBadAnswer, Status: 200, Class: "too_large"},
	{Name: "10 MB", OTP: unknown("too_large"), Answer: Say(200, Started(strings.Repeat("/9j/", 10<<18))), Code: wire.VendorBadAnswer, Status: 200, Class: "too_large"},
	{Name: "endless body", OTP: unknown("too_large"), Answer: endless, Code: wire.VendorBadAnswer, Status: 200, Class: "too_large"},
	{Name: "gzip bomb", OTP: unknown("not_json"), Answer: zipped(strings.Repeat(" ", 10<<20) + Good()), Code: wire.VendorBadAnswer, Status: 200, Class: "too_large"},
	{Name: "says gzip and is not", OTP: unknown("not_json"), Answer: encoded("gzip"), Code: wire.VendorBadAnswer, Status: 200, Class: "content_encoding"},
	{Name: "an encoding never asked for", OTP: unknown("not_json"), Answer: encoded("br"), Code: wire.VendorBadAnswer, Status: 200, Class: "not_json"},

	{Name: "UTF-16", OTP: unknown("not_json"), Answer: Send(200, "\xff\xfe{\x00}\x00", "Content-Type", "application/json; charset=utf-16"), Code: wire.VendorBadAnswer, Status: 200, Class: "not_json"},
	{Name: "Latin-1", OTP: unknown("not_json"), Answer: Say(200, `{"code":200,"message":"`+"caf\xe9"+`"}`), Code: wire.VendorBadAnswer, Status: 200, Class: "not_json"},
	{Name: "nested 100,000 deep", OTP: unknown("not_json"), Answer: Say(200, strings.Repeat("[", 100_000)), Code: wire.VendorBadAnswer, Status: 200, Class: "shape"},
	{Name: "header of 1 MB", OTP: unknown("transport"), Answer: Send(200, Good(), "X-Long", strings.Repeat("x", 1<<20)), Code: wire.VendorUnavailable, Class: "transport", Tries: 3},
	{Name: "chunked and cut off", OTP: unknown("transport"), Answer: cutOff, Code: wire.VendorUnavailable, Status: 200, Class: "transport", Tries: 3},
	{Name: "shorter than it says", OTP: unknown("transport"), Answer: Send(200, Good(), "Content-Length", "9999"), Code: wire.VendorUnavailable, Status: 200, Class: "transport", Tries: 3},
	{Name: "a header byte at a time", OTP: unknown("deadline"), Answer: trickle, Code: wire.VendorTimeout, Class: "deadline", Slow: true},
	{Name: "slow headers", OTP: unknown("deadline"), Answer: silence,
		Code: wire.VendorTimeout, Class: "deadline", Slow: true},
	{Name: "slow body", OTP: unknown("deadline"), Answer: slowBody, Code: wire.VendorTimeout, Status: 200, Class: "deadline", Slow: true},
	{Name: "switching protocols", OTP: unknown("other_status"), Answer: switched("Connection: Upgrade\r\nUpgrade: websocket\r\n"), Code: wire.VendorBadAnswer, Status: 101, Class: "other_status"},
	{Name: "switching to no protocol", OTP: unknown("other_status"), Answer: switched(""), Code: wire.VendorBadAnswer, Status: 101, Class: "other_status"},
	{Name: "interim answers in a flood", OTP: unknown("transport"), Answer: hints(0), Code: wire.VendorUnavailable, Class: "transport", Tries: 3},
	{Name: "interim answers without end", OTP: unknown("deadline"), Answer: hints(20 * time.Millisecond), Code: wire.VendorTimeout, Class: "deadline", Slow: true},
	{Name: "rate limit with a body that does not end", OTP: busy, Answer: unfinished(429), Code: wire.VendorBusy, Status: 429, Class: "rate_limit"},
	{Name: "refused with a body that does not end", OTP: rejected, Answer: unfinished(401), Code: wire.VendorRejected, Status: 401, Class: "credentials"},
	{Name: "400 with a body that does not end", OTP: refused, Answer: unfinished(400), Code: wire.VendorRejected, Status: 400, Class: "bad_request", Slow: true},
	{Name: "down, with a body that does not end", OTP: Outcome{wire.VendorUnavailable, "source_unavailable"}, Answer: unfinished(503), Code: wire.VendorUnavailable, Status: 503, Class: "source_unavailable", Tries: 3},
	{Name: "reset mid-body", OTP: unknown("transport"), Answer: reset, Code: wire.VendorUnavailable, Status: 200, Class: "transport", Tries: 3},
	{Name: "closed without an answer", OTP: unknown("transport"), Answer: func(w http.ResponseWriter, _ *http.Request, _ int) { _ = Hijack(w).Close() },
		Code: wire.VendorUnavailable, Class: "transport", Tries: 3},
	{Name: "not HTTP", OTP: unknown("transport"), Answer: func(w http.ResponseWriter, _ *http.Request, _ int) {
		c := Hijack(w)
		defer c.Close()
		_, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.9\r\n")
	}, Code: wire.VendorUnavailable, Class: "transport", Tries: 3},
}

// Accepted are good answers, in all their forms.
var Accepted = []Row{
	{Name: "plain", Answer: Say(200, Good())},
	{Name: "members never heard of", Answer: Say(200, `{"new":[{}],`+strings.Replace(Good(), `"data":{`, `"data":{"later":{"x":null},`, 1)[1:])},
	{Name: "code in a string", Answer: Say(200, strings.Replace(Good(), `"code":200`, `"code":"200"`, 1))},
	{Name: "code as 200.0", Answer: Say(200, strings.Replace(Good(), `"code":200`, `"code":200.0`, 1))},
	{Name: "no transaction id", Answer: Say(200, strings.Replace(Good(), `"txn-1"`, `null`, 1))},
	{Name: "data URL", Answer: Say(200, Started("data:image/jpeg;base64,"+Base64(Picture(200, 70))))},
	{Name: "lines of 76", Answer: Say(200, Started(lines(Base64(Picture(200, 70)))))},
	{Name: "gzip", OTP: unknown("not_json"), Answer: zipped(Good())},
	{Name: "chunked", Answer: chunked},
	{Name: "numbers in strings", Answer: Say(200, strings.NewReplacer(`"code":200`, `"code":"200"`, `1738303175394`, `"1738303175394"`).Replace(Good()))},
	{Name: "another charset by its name", Answer: Send(200, Good(), "Content-Type", "application/json; charset=iso-8859-1")},
	{Name: "no content type", Answer: Send(200, Good())},
	{Name: "early hints first", Answer: func(w http.ResponseWriter, r *http.Request, call int) {
		w.WriteHeader(http.StatusEarlyHints)
		Say(200, Good())(w, r, call)
	}},
	{Name: "a second after it was asked", Answer: func(w http.ResponseWriter, r *http.Request, call int) {
		select {
		case <-time.After(time.Second):
		case <-r.Context().Done():
		}
		Say(200, Good())(w, r, call)
	}},
	{Name: "HTML by its media type", Answer: func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, Good())
	}},
	{Name: "one failure, then well", OTP: unknown("transport"), Tries: 2, Answer: func(w http.ResponseWriter, r *http.Request, call int) {
		if call == 1 {
			_ = Hijack(w).Close()
			return
		}
		Say(200, Good())(w, r, call)
	}},
	{Name: "two failures, then well", OTP: Outcome{wire.VendorUnavailable, "server_error"}, Tries: 3, Answer: func(w http.ResponseWriter, r *http.Request, call int) {
		Say([]int{500, 503, 200}[call-1], Good())(w, r, call)
	}},
}
