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

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"ekycconnect/server/internal/secret"
)

// maxAnswer bounds what the bank's server reads of an answer.
const maxAnswer = 1 << 20

// redeemed is the part of siteverify's answer that the demo uses.
type redeemed struct {
	Success    bool     `json:"success"`
	ErrorCodes []string `json:"error-codes"`

	VendorPurpose string `json:"vendor_purpose"`
	SessionID     string `json:"session_id"`
	Captcha       string `json:"captcha"`
	Retry         string `json:"retry"`
	Consent       struct {
		ID string `json:"id"`
	} `json:"consent"`

	Shown string `json:"-"` // the whole answer, to be read by people
}

// forTheVendor are the members that no page shows.
var forTheVendor = regexp.MustCompile(`("(?:session_id|captcha)": )"(?:\\.|[^"\\])*"`)

// readable is JSON with a line for each member.
func readable(raw []byte) (string, error) {
	value := jsontext.Value(raw)
	err := value.Indent(jsontext.WithIndent("  "))
	return forTheVendor.ReplaceAllString(string(value), `$1"•••"`), err
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
	raw, status, err := d.send(request)
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
func (d *demo) record(ctx context.Context, id string, key secret.String) (text string, status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.Relay()+"/v1/consents/"+url.PathEscape(id), nil)
	if err != nil {
		return "", 0, fmt.Errorf("demo: consents: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+key.Reveal())
	raw, status, err := d.send(request)
	if err != nil {
		return "", 0, fmt.Errorf("demo: consents: %w", err)
	}
	if text, err = readable(raw); err != nil {
		return "", status, fmt.Errorf("demo: consents answered %d with something else than JSON", status)
	}
	return text, status, nil
}

// testNumber stands where the Aadhaar number of the applicant would: nobody's, for
// the emulator alone.
const testNumber = "200000000097"

// otp is the vendor's answer to generate-otp.
type otp struct {
	Status  int
	Message string // the vendor's own words
}

// lettersRefused reports whether the vendor did not take the captcha's letters.
// The vendor documents no body for that; this is the emulator's.
func (o otp) lettersRefused() bool {
	return o.Status == http.StatusUnprocessableEntity && strings.Contains(strings.ToLower(o.Message), "captcha")
}

// generateOTP makes the vendor's next call, which is the partner's own, with
// what the token was redeemed for.
// https://docs.deepvue.ai/reference/digilocker-kyc/v1/generate-otp
func (d *demo) generateOTP(ctx context.Context, sitekey string, r redeemed) (o otp, err error) {
	query := url.Values{
		"aadhaar_number": {testNumber}, "captcha": {r.Captcha}, "session_id": {r.SessionID},
		"consent": {"Y"}, "purpose": {r.VendorPurpose},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.VendorURL+"/v1/ekyc/aadhaar/generate-otp?"+query.Encode(), nil)
	if err != nil {
		return o, errors.New("demo: generate-otp: the vendor's URL is wrong")
	}
	id, key := "sandbox", "sandbox"
	if d.Vendor != nil {
		id, key = d.Vendor(sitekey)
	}
	request.Header.Set("client-id", id)
	request.Header.Set("x-api-key", key)
	raw, status, err := d.send(request)
	if err != nil {
		return o, fmt.Errorf("demo: generate-otp: %w", err)
	}
	var words struct {
		Message string `json:"message"`
		Detail  string `json:"detail"`
	}
	if err := json.Unmarshal(raw, &words); err != nil {
		return otp{Status: status}, nil
	}
	return otp{status, words.Message + words.Detail}, nil
}

// send makes one call; its errors name no URL, which can hold letters and
// session ids.
func (d *demo) send(request *http.Request) (body []byte, status int, err error) {
	response, err := d.client.Do(request)
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
