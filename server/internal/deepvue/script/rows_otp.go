package script

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"ekycconnect/wasm/wire"
)

// Person is a verified person's data: as the vendor documents them, and with what a
// reader of JSON would change.
const Person = `{ "name":"Canary Person-7c1e", "address":{"pin":"000000","house":"1\u002fA"},"pin":1.0,"pin":1e400,` +
	` "dateOfBirth":"01-01-1990","photo":"/9j/canary-photo", "maskedNumber":"xxxx-xxxx-2346","email":null }`

// verified is an answer with a person, and with these members before it.
func verified(members string) string { return `{` + members + `"data":` + Person + `}` }

const (
	stamps = `"timestamp":1738303175394,"transaction_id":"txn-1",`
	sent   = "OTP sent to your Registered Mobile number. Check your mobile."
)

// Verifying are the good answers to the OTP calls, in all their forms, and those that
// say nothing for sure. They start no session.
var Verifying = []Row{
	{Name: "OTP sent", Answer: Say(200, `{"code":200,`+stamps+`"sub_code":"SUCCESS","message":"`+sent+`"}`), Code: wire.VendorBadAnswer, Status: 200, Class: "shape", Verify: unknown("no_data"), Says: sent},
	{Name: "OTP sent, without a sub_code", Answer: Say(200, `{"code":200,`+stamps+`"message":"`+sent+`"}`), Code: wire.VendorBadAnswer, Status: 200, Class: "shape", Verify: unknown("no_data"), Says: sent},
	{Name: "OTP sent, sub_code null", Answer: Say(200, `{"code":200,"sub_code":null,"message":"`+sent+`"}`), Code: wire.VendorBadAnswer, Status: 200, Class: "shape", Verify: unknown("no_data"), Says: sent},
	{Name: "person", Answer: Say(200, verified(`"code":200,`+stamps+`"sub_code":"SUCCESS","message":"Aadhaar eKYC Successful",`)), Code: wire.VendorBadAnswer, Status: 200, Class: "not_json", Says: "Aadhaar eKYC Successful"},
	{Name: "person without a sub_code", Answer: Say(200, verified(`"code":200,`)), Code: wire.VendorBadAnswer, Status: 200, Class: "not_json"},
	{Name: "person, code in a string", Answer: Say(200, verified(`"code":"200","sub_code":"",`)), Code: wire.VendorBadAnswer, Status: 200, Class: "not_json"},
	{Name: "person with ids of the wrong kind", Answer: Say(200, verified(`"code":200,"transaction_id":7,"timestamp":"soon","message":{"x":1},`)), Code: wire.VendorBadAnswer, Status: 200, Class: "not_json"},
	{Name: "person of 3 MB", Answer: Say(200, `{"code":200,"data":{"photo":"`+strings.Repeat("/9j/", 3<<18)+`"}}`), Code: wire.VendorBadAnswer, Status: 200, Class: "too_large"},
	{Name: "person in chunks", Answer: func(w http.ResponseWriter, _ *http.Request, _ int) {
		for part := range strings.SplitAfterSeq(verified(`"code":200,`), ",") {
			_, _ = io.WriteString(w, part)
			w.(http.Flusher).Flush()
		}
	}, Code: wire.VendorBadAnswer, Status: 200, Class: "not_json"},
	{Name: "person as a list", Answer: Say(200, `{"code":200,"data":[`+Person+`]}`), Code: wire.VendorBadAnswer, Status: 200, Class: "not_json", Verify: unknown("no_data")},
	{Name: "person in a string", Answer: Say(200, `{"code":200,"data":"x"}`), Code: wire.VendorBadAnswer, Status: 200, Class: "shape", Verify: unknown("no_data")},
	{Name: "person of 5 MB", Answer: Say(200, `{"code":200,"data":{"photo":"`+strings.Repeat("/9j/", 5<<18)+`"}}`), Code: wire.VendorBadAnswer, Status: 200, Class: "too_large", OTP: unknown("too_large")},
	{Name: "person twice", Answer: Say(200, `{"code":200,"data":`+Person+`,"data":`+Person+`}`), Code: wire.VendorBadAnswer, Status: 200, Class: "not_json", OTP: unknown("not_json")},
	{Name: "person cut off", Answer: Send(200, verified(`"code":200,`), "Content-Length", "4096"), Code: wire.VendorUnavailable, Status: 200, Class: "transport", Tries: 3, OTP: unknown("transport")},
	{Name: "half a person", Answer: Say(200, verified(`"code":200,`)[:100]), Code: wire.VendorBadAnswer, Status: 200, Class: "not_json", OTP: unknown("not_json")},
	{Name: "person, and then nothing", Answer: func(w http.ResponseWriter, r *http.Request, _ int) {
		_, _ = io.WriteString(w, verified(`"code":200,`)[:100])
		w.(http.Flusher).Flush()
		silence(w, r, 0)
	}, Code: wire.VendorTimeout, Status: 200, Class: "deadline", Slow: true, OTP: unknown("deadline")},
	{Name: "person in Latin-1", Answer: Say(200, `{"code":200,"data":{"name":"Jos`+"\xe9"+`"}}`), Code: wire.VendorBadAnswer, Status: 200, Class: "not_json", OTP: unknown("not_json")},
	{Name: "maintenance page that echoes", Answer: echo(200, "<html>%s"), Code: wire.VendorBadAnswer, Status: 200, Class: "html", OTP: unknown("html")},
	{Name: "broken JSON that echoes", Answer: echo(200, `{"code":"%s`), Code: wire.VendorBadAnswer, Status: 200, Class: "not_json", OTP: unknown("not_json")},
	{Name: "redirect that echoes", Answer: func(w http.ResponseWriter, r *http.Request, _ int) {
		w.Header().Set("Location", r.URL.String())
		w.WriteHeader(http.StatusTemporaryRedirect)
	}, Code: wire.VendorBadAnswer, Status: 307, Class: "redirect", OTP: Outcome{wire.VendorBadAnswer, "redirect"}},
	{Name: "status that echoes", Answer: func(w http.ResponseWriter, r *http.Request, _ int) {
		c := Hijack(w)
		defer c.Close()
		_, _ = fmt.Fprintf(c, "HTTP/1.1 500 %s\r\nX-Echo: %[1]s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", private(r))
	}, Code: wire.VendorUnavailable, Status: 500, Class: "server_error", Tries: 3, OTP: Outcome{wire.VendorUnavailable, "server_error"}},
	{Name: "no HTTP that echoes", Answer: func(w http.ResponseWriter, r *http.Request, _ int) {
		c := Hijack(w)
		defer c.Close()
		_, _ = fmt.Fprintf(c, "%s %s\r\n\r\n", private(r), r.URL)
	}, Code: wire.VendorUnavailable, Class: "transport", Tries: 3, OTP: unknown("transport")},
	{Name: "down, and echoes", Answer: echo(503, `{"detail":"%s"}`), Code: wire.VendorUnavailable, Status: 503, Class: "source_unavailable", Tries: 3, OTP: Outcome{wire.VendorUnavailable, "source_unavailable"}},
	{Name: "rate limit that echoes", Answer: echo(429, `{"detail":"%s"}`), Code: wire.VendorBusy, Status: 429, Class: "rate_limit", OTP: busy},
	{Name: "refused, and echoes", Answer: echo(401, `{"detail":"%s"}`), Code: wire.VendorRejected, Status: 401, Class: "credentials", OTP: rejected},
}
