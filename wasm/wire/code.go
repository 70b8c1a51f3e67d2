package wire

// Code is the machine-readable reason of a problem.
type Code string

// Fault says who can do something about a problem.
type Fault string

const (
	FaultUser    Fault = "user"
	FaultPartner Fault = "partner"
	FaultRelay   Fault = "relay"
	FaultVendor  Fault = "vendor"
)

const (
	InvalidRequest          Code = "invalid_request"
	UnknownSitekey          Code = "unknown_sitekey"
	UnknownPurpose          Code = "unknown_purpose"
	SessionInvalid          Code = "session_invalid"
	Unauthorized            Code = "unauthorized"
	OriginNotAllowed        Code = "origin_not_allowed"
	TicketRequired          Code = "ticket_required"
	TicketInvalid           Code = "ticket_invalid"
	NotFound                Code = "not_found"
	MethodNotAllowed        Code = "method_not_allowed"
	NoticeChanged           Code = "notice_changed"
	IdempotencyConflict     Code = "idempotency_conflict"
	SessionExpired          Code = "session_expired"
	ConsentWithdrawn        Code = "consent_withdrawn"
	BodyTooLarge            Code = "body_too_large"
	AnswerInvalid           Code = "answer_invalid"
	SubjectLooksLikeAadhaar Code = "subject_looks_like_aadhaar"
	RateLimited             Code = "rate_limited"
	Internal                Code = "internal"
	VendorRejected          Code = "vendor_rejected"
	VendorBadAnswer         Code = "vendor_bad_answer"
	VendorBusy              Code = "vendor_busy"
	VendorUnavailable       Code = "vendor_unavailable"
	StoreUnavailable        Code = "store_unavailable"
	VendorTimeout           Code = "vendor_timeout"

	// On partners' routes only: see partner.go.
	InProgress     Code = "in_progress"
	AlreadyDone    Code = "already_done"
	AadhaarInvalid Code = "aadhaar_invalid"
	OTPInvalid     Code = "otp_invalid"
	VendorRefused  Code = "vendor_refused"
	VendorUnknown  Code = "vendor_unknown"

	// In the widget only.
	Network         Code = "network"
	AssetIntegrity  Code = "asset_integrity"
	WasmUnavailable Code = "wasm_unavailable"
)

type codeRow struct {
	code      Code
	status    int
	retryable bool
	fault     Fault
}

// codes are the problems that a browser can be told of. The widget's
// own codes have no status.
var codes = []codeRow{
	{InvalidRequest, 400, false, FaultPartner},
	{UnknownSitekey, 400, false, FaultPartner},
	{UnknownPurpose, 400, false, FaultPartner},
	{SessionInvalid, 400, false, FaultPartner},
	{Unauthorized, 401, false, FaultPartner},
	{OriginNotAllowed, 403, false, FaultPartner},
	{TicketRequired, 403, false, FaultPartner},
	{TicketInvalid, 403, false, FaultPartner},
	{NotFound, 404, false, FaultPartner},
	{MethodNotAllowed, 405, false, FaultPartner},
	{NoticeChanged, 409, true, FaultRelay},
	{IdempotencyConflict, 409, false, FaultPartner},
	{SessionExpired, 410, false, FaultUser},
	{ConsentWithdrawn, 410, false, FaultUser},
	{BodyTooLarge, 413, false, FaultPartner},
	{AnswerInvalid, 422, true, FaultUser},
	{SubjectLooksLikeAadhaar, 422, false, FaultPartner},
	{RateLimited, 429, true, FaultUser},
	{Internal, 500, true, FaultRelay},
	{VendorRejected, 502, false, FaultRelay},
	{VendorBadAnswer, 502, true, FaultVendor},
	{VendorBusy, 503, true, FaultVendor},
	{VendorUnavailable, 503, true, FaultVendor},
	{StoreUnavailable, 503, true, FaultRelay},
	{VendorTimeout, 504, true, FaultVendor},

	{Network, 0, true, FaultUser},
	{AssetIntegrity, 0, false, FaultRelay},
	{WasmUnavailable, 0, false, FaultUser},
}

func (c Code) row() (codeRow, bool) {
	for _, r := range codes {
		if r.code == c {
			return r, true
		}
	}
	if r, known := partnerRow(c); known {
		return r, true
	}
	return codeRow{Internal, 500, true, FaultRelay}, false
}

// Codes lists every code that a browser can be told, the widget's own last.
func Codes() []Code {
	all := make([]Code, len(codes))
	for i, r := range codes {
		all[i] = r.code
	}
	return all
}

// Known reports whether c is in the table. An unknown code is treated as
// [Internal] by Status, Retryable and Fault.
func (c Code) Known() bool { _, ok := c.row(); return ok }

// Status is the HTTP status of c; 0 for the widget's own codes.
func (c Code) Status() int { r, _ := c.row(); return r.status }

// Retryable reports whether the same request can succeed later. For generate-otp
// and verify-otp that holds only where certainly nothing was sent.
func (c Code) Retryable() bool { r, _ := c.row(); return r.retryable }

// Fault says who can mend c.
func (c Code) Fault() Fault { r, _ := c.row(); return r.fault }
