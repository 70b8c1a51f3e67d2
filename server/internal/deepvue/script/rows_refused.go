package script

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"ekycconnect/wasm/wire"
)

// Refusing are the vendor's ways to say no to an OTP call, none of which it documents,
// and to say that it does not know who calls.
var Refusing = slices.Concat(refusals(), echoes())

// refusals are told at connect as any other answer with that status.
func refusals() []Row {
	rows := []Row{
		no("letters refused by another code", 200, `{"code":400,`+stamps+`"sub_code":"INVALID_CAPTCHA","message":"Invalid captcha"}`, "Invalid captcha"),
		no("OTP refused by another code", 200, `{"code":422,`+stamps+`"message":"Invalid OTP","data":null}`, "Invalid OTP"),
		no("session unknown by another code", 200, `{"code":404,"message":"Session not found"}`, "Session not found"),
		no("OTP limit by another code", 200, `{"code":409,"sub_code":"OTP_LIMIT","message":"OTP limit exceeded"}`, "OTP limit exceeded"),
		no("server's code", 200, `{"code":500,"message":"Something went wrong"}`, "Something went wrong"),
		no("another code in a string", 200, `{"code":"422","message":"Invalid OTP"}`, "Invalid OTP"),
		no("code 200.5", 200, `{"code":200.5,"message":"almost"}`, "almost"),
		no("code true", 200, `{"code":true,"message":"yes"}`, "yes"),
		no("detail in place of a code", 200, Detail("Invalid captcha"), "Invalid captcha"),
		without("another sub_code", `{"code":200,"sub_code":"OTP_EXPIRED","message":"OTP expired","data":{}}`, "OTP expired"),
		without("sub_code a number", `{"code":200,"sub_code":7,"data":{}}`, ""),
		without("sub_code in lower case", `{"code":200,"sub_code":"success","data":{}}`, ""),
		no("credentials by another code", 200, `{"code":401,"message":"Invalid client_id"}`, "Invalid client_id"),

		no("message and detail", 422, `{"code":422,"message":"Invalid OTP","detail":"not this"}`, "Invalid OTP"),
		no("message null and detail", 422, `{"message":null,"detail":"Invalid OTP"}`, "Invalid OTP"),
		no("message no text and detail", 422, `{"message":{"x":1},"detail":"Invalid OTP"}`, "Invalid OTP"),
		no("message of 1,000", 422, Detail(strings.Repeat("é", 1000)), strings.Repeat("é", 300)),
		no("message with control characters", 422, Detail(`a\u0000b\n\u001b[31mc`), "a b  [31mc"),
		no("page of a proxy", 404, "<html>Not Found</html>", ""),
		no("refusal of 10 MB", 422, Detail(strings.Repeat("x", 10<<20)), ""),
		no("refusal that is empty", 422, "", ""),
		no("names a client elsewhere", 422, `{"detail":"Invalid OTP","client_ref":"x"}`, "Invalid OTP"),
		no("years and short numbers", 422, Detail("Retry after 2026-01-30, 12345 s"), "Retry after 2026-01-30, 12345 s"),
		no("somebody's number", 422, Detail("Call 919876543210 or ९१९८७६ now"), "Call ****** or ****** now"),
		no("many numbers", 422, Detail(strings.Repeat("123456x", 100)), strings.Repeat("******x", 43)[:300]),
	}
	for _, status := range []int{400, 404, 409, 422} {
		name := func(kind string) string { return fmt.Sprintf("%d with %s", status, kind) }
		rows = append(rows,
			no(name("a text"), status, Detail("Session expired"), "Session expired"),
			no(name("a list"), status, `{"detail":[{"loc":["query","captcha"],"msg":"invalid","type":"value_error"}]}`, ""),
			no(name("an object"), status, `{"detail":{"reason":"Invalid captcha"},"transaction_id":"txn-1"}`, ""),
			no(name("a message"), status, `{"code":1,"message":"Invalid captcha"}`, "Invalid captcha"),
			nobody(name("credentials in a text"), status, Detail("Invalid API key")),
			nobody(name("credentials in a list"), status, `{"detail":[{"loc":["header","client-id"],"msg":"field required"}]}`),
			nobody(name("credentials in an object"), status, `{"detail":{"reason":"Authorization failure"}}`),
		)
	}
	return append(rows,
		nobody("credentials in a token", 422, Detail("Not a valid token")),
		nobody("credentials in a message", 422, `{"message":"Not authenticated"}`),
		nobody("credentials in no JSON", 422, "could not validate CREDENTIALS"),
		nobody("credentials in a header's name", 422, Detail("x-api-key is missing")),
	)
}

// echoes are refusals that give back what was sent.
func echoes() []Row {
	rows := []Row{
		no("echo in a message", 422, "", "Invalid ****** given"),
		no("echo in groups", 422, "", "Invalid ****** given"),
		no("echo in another script", 422, "", "Invalid ****** given"),
		no("echo in every member", 200, "", "******"),
		no("echo in a list", 422, "", ""),
		no("refusal cut off, and echoes", 422, "", ""),
	}
	rows[0].Answer = echo(422, `{"detail":"Invalid %s given"}`)
	rows[1].Answer = func(w http.ResponseWriter, r *http.Request, call int) {
		number := private(r)
		Say(422, Detail("Invalid "+number[:2]+" - "+number[2:4]+"\u00a0"+number[4:]+" given"))(w, r, call)
	}
	rows[2].Answer = func(w http.ResponseWriter, r *http.Request, call int) {
		devanagari := strings.Map(func(digit rune) rune { return digit - '0' + '०' }, private(r))
		Say(422, Detail("Invalid "+devanagari+" given"))(w, r, call)
	}
	rows[3].Answer = echo(200, `{"code":%[1]s,"sub_code":"%[1]s","message":"%[1]s","detail":"%[1]s","timestamp":%[1]s,"transaction_id":"%[1]s"}`)
	rows[4].Answer = echo(422, `{"detail":[{"loc":["query"],"msg":"%s"}]}`)
	rows[5].Answer = func(w http.ResponseWriter, r *http.Request, _ int) {
		w.Header().Set("Content-Length", "4096")
		w.WriteHeader(422)
		_, _ = io.WriteString(w, `{"detail":"`+private(r))
	}
	return rows
}

// no is a refusal; nobody is one of the relay's own credentials.
func no(name string, status int, body, says string) Row {
	row := Row{Name: name, Answer: Say(status, body), Code: wire.VendorRejected, Status: status, OTP: refused, Says: says}
	switch status {
	case 200:
		row.Code, row.Class = wire.VendorBadAnswer, "code_not_200"
	case 400:
		row.Class = "bad_request"
	case 404:
		row.Class = "not_found"
	case 409:
		row.Code, row.Class = wire.VendorBadAnswer, "other_status"
	default:
		row.Class = "validation"
	}
	return row
}

// without is a refusal by a sub_code alone; a picture lacks its session first.
func without(name, body, says string) Row {
	row := no(name, 200, body, says)
	row.Class = "session_id"
	return row
}

func nobody(name string, status int, body string) Row {
	row := no(name, status, body, "")
	row.OTP = rejected
	return row
}

// private is what a call brings that must not come back.
func private(r *http.Request) string {
	query := r.URL.Query()
	if otp := query.Get("otp"); otp != "" {
		return otp
	}
	if number := query.Get("aadhaar_number"); number != "" {
		return number
	}
	return "234123412346"
}

// echo answers with a body into which what was sent is set.
func echo(status int, body string) Answer {
	return func(w http.ResponseWriter, r *http.Request, call int) {
		Say(status, fmt.Sprintf(body, private(r)))(w, r, call)
	}
}
