package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"ekycconnect/server/internal/secret"
	"ekycconnect/wasm/wire"
)

// maxAnswer bounds what the bank's server reads of an answer: the relay hands on up to
// 4 MiB of the vendor's.
const maxAnswer = 5 << 20

// How long the bank's server waits for an answer. The relay takes up to 45 s for a call
// to the vendor that it cannot repeat.
const (
	backEndTimeout = 15 * time.Second
	otpTimeout     = 50 * time.Second
)

// redeemed is the part of siteverify's answer that the demo uses.
type redeemed struct {
	Success    bool     `json:"success"`
	ErrorCodes []string `json:"error-codes"`

	Verification string `json:"verification"`
	Consent      struct {
		ID string `json:"id"`
	} `json:"consent"`

	Shown string `json:"-"` // the whole answer, to be read by people
}

// ours are the members that no page shows.
var ours = regexp.MustCompile(`("(?:session_id|captcha|retry|verification)": )"(?:\\.|[^"\\])*"`)

// readable is JSON with a line for each member.
func readable(raw []byte) (string, error) {
	value := jsontext.Value(raw)
	err := value.Indent(jsontext.WithIndent("  "))
	return ours.ReplaceAllString(string(value), `$1"•••"`), err
}

// verify redeems a token: the one call that every partner's back end makes.
func (d *demo) verify(ctx context.Context, s submission, key secret.String) (answer redeemed, status int, err error) {
	body := url.Values{
		"secret": {key.Reveal()}, "response": {s.token}, "sitekey": {s.Sitekey},
		"idempotency_key": {s.key()},
	}
	if s.application != "" { // the token must be this applicant's
		body.Set("subject", s.application)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.Relay()+"/v1/siteverify", strings.NewReader(body.Encode()))
	if err != nil {
		return answer, 0, fmt.Errorf("demo: siteverify: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	raw, status, err := d.send(request, backEndTimeout)
	if err != nil {
		return answer, 0, fmt.Errorf("demo: siteverify: %w", err)
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return redeemed{}, status, fmt.Errorf("demo: siteverify answered %d with something else than its JSON", status)
	}
	if !answer.Success && len(answer.ErrorCodes) == 0 {
		return redeemed{}, status, fmt.Errorf("demo: siteverify answered %d without a reason", status)
	}
	answer.Shown, err = readable(raw)
	return answer, status, err
}

// record fetches the consent behind a token, indented for reading.
func (d *demo) record(ctx context.Context, v *visit) (text string, status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.Relay()+"/v1/consents/"+url.PathEscape(v.consent), nil)
	if err != nil {
		return "", 0, fmt.Errorf("demo: consents: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+v.key.Reveal())
	raw, status, err := d.send(request, backEndTimeout)
	if err != nil {
		return "", 0, fmt.Errorf("demo: consents: %w", err)
	}
	if text, err = readable(raw); err != nil {
		return "", status, fmt.Errorf("demo: consents answered %d with something else than JSON", status)
	}
	return text, status, nil
}

// answered is what the relay answers to generate-otp and verify-otp.
type answered struct {
	Status int `json:"-"`

	Verification string         `json:"verification"` // of generate-otp
	Data         jsontext.Value `json:"data"`         // of verify-otp
	Vendor       struct {
		Message string `json:"message"`
	} `json:"vendor"`

	// Of a problem.
	Code       wire.Code `json:"code"`
	RetryAfter int       `json:"retry_after"`
	Retry      string    `json:"retry"`
}

// generateOTP has an OTP sent for a number.
func (d *demo) generateOTP(ctx context.Context, v *visit, number string) (answered, error) {
	return d.goesOn(ctx, v, "generate-otp", struct {
		Verification string `json:"verification"`
		Number       string `json:"aadhaar_number"`
		Key          string `json:"idempotency_key"`
	}{v.verification.Reveal(), number, v.now.Key})
}

// verifyOTP has an OTP checked.
func (d *demo) verifyOTP(ctx context.Context, v *visit, otp string) (answered, error) {
	return d.goesOn(ctx, v, "verify-otp", struct {
		Verification string `json:"verification"`
		OTP          string `json:"otp"`
		Key          string `json:"idempotency_key"`
	}{v.verification.Reveal(), otp, v.now.Key})
}

// goesOn makes one of the two calls. Its errors hold nothing of what was sent or answered.
func (d *demo) goesOn(ctx context.Context, v *visit, route string, members any) (a answered, err error) {
	body, err := json.Marshal(members)
	if err != nil {
		return a, errors.New("the form holds what is no text")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.Relay()+"/v1/"+route, bytes.NewReader(body))
	if err != nil {
		return a, errors.New("the relay's URL is wrong")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+v.key.Reveal())
	raw, status, err := d.send(request, otpTimeout)
	if err != nil {
		return a, err
	}
	if json.Unmarshal(raw, &a) != nil || status != http.StatusOK && a.Code == "" {
		return answered{}, errors.New("the answer is not the relay's")
	}
	a.Status = status
	return a, nil
}

// send makes one call; its errors name no URL, which can hold letters and
// session ids.
func (d *demo) send(request *http.Request, patience time.Duration) (body []byte, status int, err error) {
	ctx, cancel := context.WithTimeout(request.Context(), patience)
	defer cancel()
	response, err := d.client.Do(request.WithContext(ctx))
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return nil, 0, failed.Err
	}
	if err != nil {
		return nil, 0, errors.New("the call failed")
	}
	defer response.Body.Close()
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.LimitReader(response.Body, maxAnswer)); err != nil {
		return nil, 0, errors.New("the answer broke off")
	}
	return b.Bytes(), response.StatusCode, nil
}
