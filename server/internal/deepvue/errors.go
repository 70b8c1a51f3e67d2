package deepvue

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"ekycconnect/wasm/wire"
)

// Error is why a call brought nothing. Its text holds nothing that was sent or
// received but the status, so it may be logged and shown to an operator.
type Error struct {
	Endpoint   string        // "connect", "reload-captcha", "generate-otp" or "verify-otp"
	Code       wire.Code     // vendor_busy, vendor_rejected, vendor_unavailable, vendor_timeout or vendor_bad_answer; of the OTP calls also vendor_refused and vendor_unknown, never vendor_timeout
	Status     int           // HTTP status; 0 if there was no answer
	RetryAfter time.Duration // for vendor_busy: 1 to 30 s, or 0 if the vendor names no time
	Class      Class         // a finer cause
	Sent       bool          // the request may have left; if not, certainly nothing was sent
	Said       *Said         // for vendor_refused: what the vendor gives as its reason, for the partner alone
}

// Class is a cause in one word, for logs and as a metric's label.
type Class string

const (
	classDNS       Class = "dns"
	classDial      Class = "dial"
	classTLS       Class = "tls"
	classTransport Class = "transport" // the connection broke
	classDeadline  Class = "deadline"

	classInactive    Class = "inactive_client"
	classBadRequest  Class = "bad_request"
	classCredentials Class = "credentials"
	classForbidden   Class = "forbidden"
	classNotFound    Class = "not_found"
	classValidation  Class = "validation"
	classRateLimit   Class = "rate_limit"
	classServer      Class = "server_error"
	classGateway     Class = "gateway"
	classSource      Class = "source_unavailable"
	classRedirect    Class = "redirect"
	classStatus      Class = "other_status"

	classNoCode    Class = "code_null" // 200, yet {"code":null,"message":…}
	classTooLarge  Class = "too_large"
	classEncoding  Class = "content_encoding"
	classEmpty     Class = "empty"
	classHTML      Class = "html"
	classJSON      Class = "not_json"
	classCode      Class = "code_not_200"
	classShape     Class = "shape"
	classSessionID Class = "session_id"
	classTxnID     Class = "transaction_id"
	classPicture   Class = "picture"
	classDimension Class = "picture_size"

	classRefused Class = "refused" // the vendor's no to an OTP call
	classNoData  Class = "no_data" // verify-otp went well, and brought no person

	// ClassNoRoom is this relay's own trouble: too many answers are held at a time.
	ClassNoRoom Class = "answers_full"
)

// Classes are all there are.
var Classes = []Class{
	classDNS, classDial, classTLS, classTransport, classDeadline, classInactive, classBadRequest,
	classCredentials, classForbidden, classNotFound, classValidation, classRateLimit, classServer, classGateway,
	classSource, classRedirect, classStatus, classNoCode, classTooLarge, classEncoding, classEmpty, classHTML,
	classJSON, classCode, classShape, classSessionID, classTxnID, classPicture, classDimension, classRefused,
	classNoData, ClassNoRoom,
}

// Results are how a call may end, as a `used` event tells it.
var Results = []string{
	resultOK, string(wire.VendorBusy), string(wire.VendorRejected), string(wire.VendorUnavailable), string(wire.VendorTimeout),
	string(wire.VendorBadAnswer), string(wire.VendorRefused), string(wire.VendorUnknown),
}

const resultOK = "ok"

// Error says what happened, without anything that was sent or received.
func (e *Error) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("deepvue: %s: %s (%s)", e.Endpoint, e.Code, e.Class)
	}
	return fmt.Sprintf("deepvue: %s: %s (%s, status %d)", e.Endpoint, e.Code, e.Class, e.Status)
}

// Is makes a vendor_timeout match context.DeadlineExceeded.
func (e *Error) Is(target error) bool {
	return target == context.DeadlineExceeded && e.Code == wire.VendorTimeout
}

// passing reports whether a repeat can help and is allowed: 500, 503 and a
// transport that failed, nothing else.
func passing(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Class {
	case classDNS, classDial, classTLS, classTransport:
		return true
	}
	return e.Status == http.StatusInternalServerError || e.Status == http.StatusServiceUnavailable
}

// transportClass keeps one word of a transport's error. The error itself is
// dropped: a *url.Error quotes the URL with the session in its query.
func transportClass(err error) Class {
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &dns):
		return classDNS
	case errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect"):
		return classDial
	default:
		return classTransport
	}
}
