package deepvue

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// members are those of an answer to an OTP call that are looked at, or passed on, as
// they stand there.
type members struct {
	code, subCode, message, detail, transactionID, timestamp, data jsontext.Value
}

// of is where the member of this name is kept, or nil.
func (m *members) of(name string) *jsontext.Value {
	switch name {
	case "code":
		return &m.code
	case "sub_code":
		return &m.subCode
	case "message":
		return &m.message
	case "detail":
		return &m.detail
	case "transaction_id":
		return &m.transactionID
	case "timestamp":
		return &m.timestamp
	case "data":
		return &m.data
	}
	return nil
}

// membersOf finds the members in an answer. They are slices of body, so that no copy
// of them stays when body is cleared; package json would keep short texts in a pool.
// What stands inside a member is the vendor's affair, a name that is there twice too.
// The class says why body is no JSON object, and is empty if it is one.
func membersOf(body []byte) (m members, class Class) {
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return m, classEmpty
	case body[0] == '<':
		return m, classHTML
	case body[0] != '{' && jsontext.Value(body).IsValid():
		return m, classShape
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true))
	if _, err := d.ReadToken(); err != nil || body[0] != '{' {
		return m, classJSON
	}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return members{}, classJSON
		}
		at := m.of(name.String())
		value, err := d.ReadValue()
		if err != nil || at != nil && *at != nil {
			return members{}, classJSON
		}
		if at != nil {
			end := int(d.InputOffset())
			*at = body[end-len(value) : end : end]
		}
	}
	if _, err := d.ReadToken(); err != nil || int(d.InputOffset()) != len(body) {
		return members{}, classJSON
	}
	return m, ""
}

// readOTPBody reads what the vendor says, and finds its data without reading them:
// nil if they are no object. ok is whether the vendor says that all went well.
func readOTPBody(body []byte, private string) (said Said, data []byte, ok bool, class Class) {
	m, class := membersOf(body)
	if class != "" {
		return Said{}, nil, false, class
	}
	subCode, isText := textOf(m.subCode)
	ok = is200(m.code) && isText && (subCode == "" || subCode == "SUCCESS")
	message, isText := textOf(m.message)
	if !isText || m.message.Kind() != '"' {
		message, _ = textOf(m.detail)
	}
	said = Said{
		Status: 200, Code: int(intOf(m.code, 1<<20, private)),
		SubCode: blanked(subCode, private), Message: blanked(message, private),
		Timestamp: intOf(m.timestamp, 1<<53, private),
	}
	if len(said.SubCode) > maxSubCode {
		said.SubCode = ""
	}
	if id, _ := textOf(m.transactionID); printable(id, 0, maxID) && !strings.ContainsAny(id, `"\`) && !holds(id, private) {
		said.TransactionID = id
	}
	if m.data.Kind() == '{' {
		data = m.data
	}
	return said, data, ok, ""
}

// textOf is the text of a string; that of null and of what is not there is empty.
func textOf(value jsontext.Value) (text string, ok bool) {
	switch value.Kind() {
	case '"':
		raw, err := jsontext.AppendUnquote(nil, value)
		return string(raw), err == nil
	case 'n', 0:
		return "", true
	}
	return "", false
}

// intOf is a whole number, or one in a string, below most and not private; else 0.
func intOf(value jsontext.Value, most float64, private string) int64 {
	text := string(value)
	if value.Kind() == '"' {
		text, _ = textOf(value)
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n != math.Trunc(n) || n < 0 || n >= most || holds(text, private) || holds(strconv.FormatFloat(n, 'f', 0, 64), private) {
		return 0
	}
	return int64(n)
}
