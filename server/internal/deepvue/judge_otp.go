package deepvue

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"ekycconnect/wasm/wire"
)

// otpJudgedByBody is judgedByBody for OTP calls, which are refused with more statuses.
func otpJudgedByBody(status int) bool { return status == http.StatusOK || otpRefusal(status) }

// otpRefusal reports whether the vendor says no with this status: to the person, or
// to the relay's credentials, as the body's text tells.
func otpRefusal(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// judgeOTP turns a response to an OTP call, or the failure in its place, into what
// the vendor said, and the person's data, or into an [Error]. What may have left and
// was not answered in a way that says what became of it is vendor_unknown, since
// neither call is made twice. private is the number or the OTP that was sent.
func judgeOTP(x *exchange, body []byte, private string, ended bool) (Said, []byte, *Error) {
	switch status := x.status(); {
	case status == 0:
		return Said{}, nil, otpFailure(x, ended)
	case otpRefusal(status):
		return judgeRefusal(x, body, private)
	case status != http.StatusOK:
		e := x.problem(judgeOTPStatus(status))
		if status == http.StatusTooManyRequests {
			e.RetryAfter = retryAfter(x.response.Header())
		}
		return Said{}, nil, e
	case x.failure != nil:
		return Said{}, nil, otpFailure(x, ended)
	}
	said, data, ok, class := readOTPBody(body, private)
	switch {
	case class != "":
		return said, nil, x.problem(wire.VendorUnknown, class)
	case !ok:
		return refused(x, said)
	case x.endpoint == endpointVerify && data == nil:
		return said, nil, x.problem(wire.VendorUnknown, classNoData)
	}
	return said, data, nil
}

// otpFailure judges what was not answered, or not to the end.
func otpFailure(x *exchange, ended bool) *Error {
	class := transportClass(x.failure)
	switch {
	case errors.Is(x.failure, errTooLarge):
		class = classTooLarge
	case errors.Is(x.failure, errNoRoom):
		class = ClassNoRoom
	case ended:
		class = classDeadline
	}
	if !x.connected.Load() {
		return x.problem(wire.VendorUnavailable, class) // nothing was sent
	}
	return x.problem(wire.VendorUnknown, class)
}

// judgeOTPStatus judges what is neither a 200 nor a refusal. A gateway does not know
// what the vendor behind it has done.
func judgeOTPStatus(status int) (wire.Code, Class) {
	code, class := judgeStatus(status, nil)
	switch {
	case class == classGateway, code == wire.VendorBadAnswer && (status < 300 || status >= 500):
		return wire.VendorUnknown, class
	}
	return code, class
}

// judgeRefusal tells a no to the person from a no to the relay's credentials. The
// body may be anything, and may have been cut off.
func judgeRefusal(x *exchange, body []byte, private string) (Said, []byte, *Error) {
	said, _, _, _ := readOTPBody(body, private)
	if namesCredentials(body) {
		_, class := judgeStatus(x.status(), body)
		if class != classInactive {
			class = classCredentials
		}
		return said, nil, x.problem(wire.VendorRejected, class)
	}
	return refused(x, said)
}

func refused(x *exchange, said Said) (Said, []byte, *Error) {
	said.Status = x.status()
	e := x.problem(wire.VendorRefused, classRefused)
	e.Said = &said
	return said, nil, e
}

// namesCredentials reports whether the text of a refusal is about who calls, and not
// about what the person has typed: its message and its detail, in whatever shape, or
// all of a body that has neither.
func namesCredentials(body []byte) bool {
	text := body
	if m, class := membersOf(body); class == "" && len(m.message)+len(m.detail) > 0 {
		text = slices.Concat(m.message, []byte(" "), m.detail)
	}
	plain := strings.NewReplacer("-", " ", "_", " ").Replace(strings.ToLower(string(text)))
	for _, word := range []string{"client", "credential", "authenti", "authori", "token", "api key"} {
		if strings.Contains(plain, word) {
			return true
		}
	}
	return false
}
