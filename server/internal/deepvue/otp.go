package deepvue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/go-resty/resty/v2"

	"ekycconnect/server/internal/consent"
	"ekycconnect/wasm/wire"
)

// Verified is a person whom the vendor has verified. Close must be called once Data
// has been handed on.
type Verified struct {
	Said Said

	data []byte
	held *held
}

// Data is the member of that name of the vendor's answer, a JSON object, byte for
// byte. It is of no use after Close.
func (v *Verified) Data() []byte { return v.data }

// Close clears the data and gives back their room. It may be called again.
func (v *Verified) Close() {
	v.held.free()
	v.data = nil
}

// String keeps the person out of everything that is printed.
func (*Verified) String() string { return "[verified person]" }

// GoString implements fmt.GoStringer, for %#v.
func (v *Verified) GoString() string { return v.String() }

// LogValue implements slog.LogValuer.
func (v *Verified) LogValue() slog.Value { return slog.StringValue(v.String()) }

// GenerateOTP has the vendor send an OTP to the mobile number that is linked with
// an Aadhaar number: twelve digits, as [wire.AadhaarNumber] gives them. captcha are
// the letters of the picture shown last in the session.
//
// One HTTP call is made at most, at a turn, and never a second one; if it was made
// it is returned, also with an error, and must be recorded as a use of the consent.
// Once the turn has come, a ctx that is cancelled ends nothing. The error is an
// [*Error], or wraps context.Canceled if ctx was cancelled before, or what turn
// said, or says that the caller is at fault: then nothing was sent.
//
// https://docs.deepvue.ai/reference/digilocker-kyc/v1/generate-otp
func (c *Client) GenerateOTP(ctx context.Context, committed consent.Committed, sessionID, captcha, number string, turn Turn) (Said, []consent.Call, error) {
	letters, ok := wire.Answer(captcha)
	if !ok || letters != captcha {
		return Said{}, nil, errors.New("deepvue: not letters that a person can have typed")
	}
	if plain, ok := wire.AadhaarNumber(number); !ok || plain != number {
		return Said{}, nil, errors.New("deepvue: not an Aadhaar number of twelve digits")
	}
	query := map[string]string{"session_id": sessionID, "captcha": captcha, "aadhaar_number": number}
	verified, calls, err := c.once(ctx, committed, turn, endpointSend, query, number)
	if err != nil {
		return Said{}, calls, err
	}
	verified.Close() // what else the answer holds, nobody asks for
	return verified.Said, calls, nil
}

// VerifyOTP ends a session with the OTP that the person got, and brings the person's
// data. All else is as for [Client.GenerateOTP].
//
// https://docs.deepvue.ai/reference/digilocker-kyc/v1/verify-otp
func (c *Client) VerifyOTP(ctx context.Context, committed consent.Committed, sessionID, otp string, turn Turn) (*Verified, []consent.Call, error) {
	if !wire.OTP(otp) {
		return nil, nil, errors.New("deepvue: not an OTP of 4 to 8 digits")
	}
	return c.once(ctx, committed, turn, endpointVerify, map[string]string{"session_id": sessionID, "otp": otp}, otp)
}

// once sends one request, if its turn comes, and judges what comes back. private
// is what must not come back.
func (c *Client) once(ctx context.Context, committed consent.Committed, turn Turn, endpoint string, query map[string]string, private string) (*Verified, []consent.Call, error) {
	if err := c.admit(committed, turn); err != nil {
		return nil, nil, err
	}
	if !printable(query["session_id"], 1, maxID) {
		return nil, nil, errNoSession
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, nil, cancelled(endpoint)
	}
	if err := turn(ctx); err != nil {
		return nil, nil, fmt.Errorf("deepvue: %s: %w", endpoint, err)
	}
	body, err := hold(c.settings.room)
	if err != nil {
		return nil, nil, &Error{Endpoint: endpoint, Code: wire.VendorUnavailable, Class: ClassNoRoom}
	}
	handedOn := false
	defer func() {
		if !handedOn {
			body.free()
		}
	}()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.settings.otpDeadline)
	defer cancel()

	x := c.send(ctx, c.otps, resty.MethodPost, committed, endpoint, query)
	if x.failure == nil && otpJudgedByBody(x.status()) {
		x.failure = body.read(x.response.RawBody())
	} else if x.failure == nil {
		x.failure = x.response.RawBody().Close()
	}
	said, data, problem := judgeOTP(x, body.bytes, private, ended(ctx))
	calls := x.record(nil, said.TransactionID, problem)
	if problem != nil {
		return nil, calls, problem
	}
	handedOn = true
	return &Verified{Said: said, data: data, held: body}, calls, nil
}
