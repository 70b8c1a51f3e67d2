// Package wire is what the widget and the relay say to each other: message
// shapes, limits, error codes and the checks that both sides make. It ships to
// every visitor inside the wasm, so it imports neither fmt nor encoding/json:
// the json tags are read by the relay alone, the widget has a codec by hand
// (codec_js.go), and the vectors in testdata keep the two in agreement.
//
// Source of every name and limit: the project's contract, sections 1 and 2.
package wire

// Actor says who took the decision.
type Actor string

const (
	Self     Actor = "self"     // the person; the default
	Guardian Actor = "guardian" // a parent or lawful guardian, DPDP Act s.9
)

// Client names the program that shows the notice, for the consent record.
type Client struct {
	Channel string `json:"channel,omitzero"` // "widget" or "hosted"
	Version string `json:"version,omitzero"` // of the widget
	Build   string `json:"build,omitzero"`   // hash of the wasm, in letters alone
}

// Decision is what POST /v1/sessions and POST /v1/declines have in common.
type Decision struct {
	Sitekey        string  `json:"sitekey"`
	Purpose        string  `json:"purpose"`
	Presentation   string  `json:"presentation"`
	NoticeSHA256   string  `json:"notice_sha256"`
	IdempotencyKey string  `json:"idempotency_key"`
	Ticket         string  `json:"ticket,omitzero"`
	Subject        string  `json:"subject,omitzero"`
	Actor          Actor   `json:"actor,omitzero"`
	Client         *Client `json:"client,omitzero"`
}

// SessionRequest is the body of POST /v1/sessions: the person agrees.
type SessionRequest struct {
	Decision `json:",inline"`
}

// DeclineRequest is the body of POST /v1/declines: the person does not agree.
type DeclineRequest struct {
	Decision    `json:",inline"`
	Alternative string `json:"alternative,omitzero"` // the other way that the person chose, if any
}

// Consent is the person's reference to what was recorded.
type Consent struct {
	ID         string `json:"id"`
	GivenAt    string `json:"given_at"` // RFC 3339, UTC, milliseconds
	ReceiptURL string `json:"receipt_url,omitzero"`
}

// Captcha is the vendor's picture, base64 without a data: prefix.
type Captcha struct {
	MediaType string `json:"media_type"` // image/jpeg
	Data      string `json:"data"`
}

// SessionReply answers POST /v1/sessions with 201.
type SessionReply struct {
	Session   string  `json:"session"` // sealed
	Consent   Consent `json:"consent"`
	Captcha   Captcha `json:"captcha"`
	ExpiresAt string  `json:"expires_at"`
	ExpiresIn int     `json:"expires_in"` // whole seconds
}

// DeclineReply answers POST /v1/declines with 201.
type DeclineReply struct {
	Consent Consent `json:"consent"`
}

// CaptchaRequest is the body of POST /v1/captchas: a new picture in the same
// vendor session. Session may be siteverify's retry value.
type CaptchaRequest struct {
	Session string `json:"session"`
}

// CaptchaReply answers POST /v1/captchas with 200; ExpiresAt does not move.
type CaptchaReply struct {
	Session   string  `json:"session"`
	Captcha   Captcha `json:"captcha"`
	ExpiresAt string  `json:"expires_at"`
	ExpiresIn int     `json:"expires_in"`
}

// AnswerRequest is the body of POST /v1/answers: the letters that were typed.
type AnswerRequest struct {
	Session string `json:"session"`
	Answer  string `json:"answer"`
}

// AnswerReply answers POST /v1/answers with 201.
type AnswerReply struct {
	Token     string `json:"token"`
	ExpiresAt string `json:"expires_at"`
	ExpiresIn int    `json:"expires_in"`
}

// Language is one entry of the choice of languages.
type Language struct {
	Tag  string `json:"tag"`  // BCP 47
	Name string `json:"name"` // its own name for itself
	Dir  string `json:"dir"`  // "ltr" or "rtl"
}

// Brief is the beginning of a request's id, in brackets: what a person can read out, and
// an operator finds in the log. "" of none.
func Brief(requestID string) string {
	if requestID == "" {
		return ""
	}
	return " (" + requestID[:min(8, len(requestID))] + ")"
}

// NoticeRef names the exact notice that is shown.
type NoticeRef struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Lang    string `json:"lang"`
	Dir     string `json:"dir"`
	SHA256  string `json:"sha256"` // lower-case hex of the body of GET /v1/notices/{sha256}
}

// Problem is every error answer of a JSON route (RFC 9457).
type Problem struct {
	Type       string   `json:"type"` // about:blank
	Title      string   `json:"title"`
	Status     int      `json:"status"`
	Detail     string   `json:"detail"`
	Code       Code     `json:"code"`
	Retryable  bool     `json:"retryable"`
	Fault      Fault    `json:"fault"`
	RequestID  string   `json:"request_id"`
	RetryAfter int      `json:"retry_after,omitzero"` // whole seconds
	Consent    *Consent `json:"consent,omitzero"`     // what was committed before the problem
}
