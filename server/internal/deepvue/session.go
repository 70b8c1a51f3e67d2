package deepvue

import (
	"context"
	"errors"
	"log/slog"

	"ekycconnect/server/internal/consent"
)

// The vendor's endpoints, as a [consent.Call] names them.
const (
	endpointConnect = "connect"
	endpointReload  = "reload-captcha"
	endpointSend    = "generate-otp"
	endpointVerify  = "verify-otp"

	basePath = "/v1/ekyc/aadhaar/"
)

var errNoSession = errors.New("deepvue: not a session id that the vendor can have given")

// Session is a session that the vendor started.
type Session struct {
	ID            string // what the vendor's next steps ask for: 1 to 96 printable ASCII characters; never to be logged
	TransactionID string // the vendor's own reference to this call, for support; may be empty
	Captcha       string // JPEG in standard base64, checked by [Connect]
}

// Picture is a new captcha of a session that there was.
type Picture struct {
	TransactionID string
	Captcha       string // as in Session
}

// String keeps the session out of everything that is printed.
func (Session) String() string { return "[vendor session]" }

// GoString implements fmt.GoStringer, for %#v.
func (s Session) GoString() string { return s.String() }

// LogValue implements slog.LogValuer.
func (s Session) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Connect starts a session at the vendor under a committed consent, in one to
// three HTTP calls, each at a turn. Every call that was made is returned, also
// with an error: each must be recorded as a use of the consent. The error is an
// [*Error], or wraps context.Canceled if ctx was cancelled, or what turn said, or
// says that the caller is at fault (no consent, another account's): then
// nothing was sent.
//
// https://docs.deepvue.ai/reference/digilocker-kyc/v1/initiate-session
func (c *Client) Connect(ctx context.Context, committed consent.Committed, turn Turn) (Session, []consent.Call, error) {
	if err := c.admit(committed, turn); err != nil {
		return Session{}, nil, err
	}
	a, calls, err := c.call(ctx, committed, turn, endpointConnect, nil)
	if err != nil {
		return Session{}, calls, err
	}
	return Session{ID: a.sessionID, TransactionID: a.transactionID, Captcha: a.captcha}, calls, nil
}

// ReloadCaptcha fetches a new picture for a session, under the consent that
// the session was started with. Calls and errors are as for [Client.Connect].
//
// https://docs.deepvue.ai/reference/digilocker-kyc/v1/reload-captcha
func (c *Client) ReloadCaptcha(ctx context.Context, committed consent.Committed, sessionID string, turn Turn) (Picture, []consent.Call, error) {
	if err := c.admit(committed, turn); err != nil {
		return Picture{}, nil, err
	}
	if !printable(sessionID, 1, maxID) {
		return Picture{}, nil, errNoSession
	}
	a, calls, err := c.call(ctx, committed, turn, endpointReload, map[string]string{"session_id": sessionID})
	if err != nil {
		return Picture{}, calls, err
	}
	return Picture{TransactionID: a.transactionID, Captcha: a.captcha}, calls, nil
}
