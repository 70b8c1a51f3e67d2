package deepvue

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"ekycconnect/wasm/wire"
)

// maxID bounds the ids that the vendor gives; its samples have 32 characters. Two
// of them travel in a sealed token, which may have 2,048 characters.
const maxID = 96

// answer is what a good answer holds, checked.
type answer struct {
	sessionID, transactionID, captcha string
}

// judge turns a response, or the failure in its place, into an answer or an
// [Error]. A status that is not 200 speaks for itself, also where the body
// could not be read; a 200 is judged by its body alone.
func judge(x *exchange, body []byte, ended bool) (answer, *Error) {
	if status := x.status(); status != 0 && status != http.StatusOK {
		e := x.problem(judgeStatus(status, body))
		if status == http.StatusTooManyRequests {
			e.RetryAfter = retryAfter(x.response.Header())
		}
		return answer{}, e
	}
	switch {
	case x.failure == nil:
	case errors.Is(x.failure, errTooLarge):
		return answer{}, x.problem(wire.VendorBadAnswer, classTooLarge)
	case badEncoding(x.failure):
		return answer{}, x.problem(wire.VendorBadAnswer, classEncoding)
	case ended:
		return answer{}, x.problem(wire.VendorTimeout, classDeadline)
	default:
		return answer{}, x.problem(wire.VendorUnavailable, transportClass(x.failure))
	}
	a, code, class := judgeBody(body, x.endpoint == endpointConnect)
	if code != "" {
		return answer{transactionID: a.transactionID}, x.problem(code, class)
	}
	return a, nil
}

// judgedByBody reports whether the body of an answer with this status says more
// than the status does. No other body is read: it may be without end, and what
// follows a 101 no deadline of net/http's ends.
func judgedByBody(status int) bool {
	return status == http.StatusOK || status == http.StatusBadRequest
}

// judgeStatus follows https://docs.deepvue.ai/errors.
func judgeStatus(status int, body []byte) (wire.Code, Class) {
	switch status {
	case http.StatusBadRequest:
		var detail struct {
			Detail string `json:"detail"`
		}
		if json.Unmarshal(body, &detail) == nil && detail.Detail == "Inactive client_id" {
			return wire.VendorRejected, classInactive
		}
		return wire.VendorRejected, classBadRequest
	case http.StatusUnauthorized:
		return wire.VendorRejected, classCredentials
	case http.StatusForbidden:
		return wire.VendorRejected, classForbidden
	case http.StatusNotFound:
		return wire.VendorRejected, classNotFound
	case http.StatusUnprocessableEntity:
		return wire.VendorRejected, classValidation
	case http.StatusTooManyRequests:
		return wire.VendorBusy, classRateLimit
	case http.StatusInternalServerError:
		return wire.VendorUnavailable, classServer
	case http.StatusBadGateway:
		return wire.VendorUnavailable, classGateway
	case http.StatusServiceUnavailable:
		return wire.VendorUnavailable, classSource
	case http.StatusGatewayTimeout:
		return wire.VendorTimeout, classGateway
	}
	if status >= 300 && status < 400 {
		return wire.VendorBadAnswer, classRedirect
	}
	return wire.VendorBadAnswer, classStatus
}

// judgeBody reads the body of a 200. Members that it does not know are left
// alone: the vendor may add some. With a problem, only the transaction id of
// the answer is set, if there was a usable one.
func judgeBody(body []byte, wantSession bool) (answer, wire.Code, Class) {
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return answer{}, wire.VendorBadAnswer, classEmpty
	case body[0] == '<':
		return answer{}, wire.VendorBadAnswer, classHTML
	}
	var envelope struct {
		Code          jsontext.Value `json:"code"`
		Message       jsontext.Value `json:"message"`
		TransactionID text           `json:"transaction_id"`
		Data          data           `json:"data"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		if syntax := (*jsontext.SyntacticError)(nil); errors.As(err, &syntax) {
			return answer{}, wire.VendorBadAnswer, classJSON
		}
		return answer{}, wire.VendorBadAnswer, classShape
	}
	if !envelope.TransactionID.id() {
		return answer{}, wire.VendorBadAnswer, classTxnID
	}
	a := answer{transactionID: envelope.TransactionID.text}
	if envelope.Code.Kind() == 'n' && envelope.Message.Kind() == '"' {
		return a, wire.VendorUnavailable, classNoCode
	}
	if !is200(envelope.Code) {
		return a, wire.VendorBadAnswer, classCode
	}
	data := &envelope.Data
	if !data.there {
		return a, wire.VendorBadAnswer, classShape
	}
	if wantSession {
		if !data.SessionID.id() || data.SessionID.text == "" {
			return a, wire.VendorBadAnswer, classSessionID
		}
		a.sessionID = data.SessionID.text
	}
	var class Class
	if a.captcha, class = checkPicture(data.Captcha.text); class != "" {
		return a, wire.VendorBadAnswer, class
	}
	return a, "", ""
}

// data is the member of that name, if it is an object of the right shape. That it
// is not is said only once the code has been judged.
type data struct {
	SessionID text `json:"session_id"`
	Captcha   text `json:"captcha"`
	there     bool
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (d *data) UnmarshalJSONFrom(from *jsontext.Decoder) error {
	if from.PeekKind() != '{' {
		return from.SkipValue()
	}
	type plain data // has no such method
	err := json.UnmarshalDecode(from, (*plain)(d))
	d.there = err == nil && !d.Captcha.other
	return err
}

// text is a string, or null; of anything else it is only known that it was there. A
// picture is read once, as all of it is.
type text struct {
	text  string
	other bool
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (t *text) UnmarshalJSONFrom(from *jsontext.Decoder) error {
	switch from.PeekKind() {
	case '"':
		token, err := from.ReadToken()
		if err != nil {
			return err
		}
		t.text = token.String()
		return nil
	case 'n':
	default:
		t.other = true
	}
	return from.SkipValue()
}

// id reports whether it can be an id: at most 96 printable ASCII characters, or none.
// Quotes and backslashes, which JSON writes with two characters, would not fit into a
// sealed token.
func (t text) id() bool {
	return !t.other && printable(t.text, 0, maxID) && !strings.ContainsAny(t.text, `"\`)
}

// is200 takes the body's code as a number, or as the number in a string.
func is200(code jsontext.Value) bool {
	switch code.Kind() {
	case '0':
		n, err := strconv.ParseFloat(string(code), 64)
		return err == nil && n == 200
	case '"':
		return string(code) == `"200"`
	}
	return false
}

// badEncoding reports whether a body said gzip and was not.
func badEncoding(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt)
}
