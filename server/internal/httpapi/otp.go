package httpapi

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"ekycconnect/server/internal/connect"
	"ekycconnect/wasm/wire"
)

// OTPWriteTimeout is how long an answer to generate-otp or verify-otp may take: 8 s in
// line, the vendor's 20 s, and room for the rest.
const OTPWriteTimeout = 45 * time.Second

// generateOTP has the vendor send an OTP, for a partner's back end.
func (a *API) generateOTP(w http.ResponseWriter, r *http.Request, site *connect.Site) {
	var body struct {
		Verification   string `json:"verification"`
		Number         string `json:"aadhaar_number"`
		IdempotencyKey string `json:"idempotency_key"`
	}
	a.otpCalls.RLock()
	defer a.otpCalls.RUnlock()
	if !a.otpBody(w, r, site, &body) {
		return
	}
	sent, err := a.Core.GenerateOTP(r.Context(), site, connect.OTPRequest{
		Verification: body.Verification, IdempotencyKey: body.IdempotencyKey, Typed: body.Number,
	})
	if err != nil {
		a.problem(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, sent)
}

// verifyOTP has the vendor check an OTP, and hands the person's data on.
func (a *API) verifyOTP(w http.ResponseWriter, r *http.Request, site *connect.Site) {
	var body struct {
		Verification   string `json:"verification"`
		OTP            string `json:"otp"`
		IdempotencyKey string `json:"idempotency_key"`
	}
	a.otpCalls.RLock()
	defer a.otpCalls.RUnlock()
	if !a.otpBody(w, r, site, &body) {
		return
	}
	verified, err := a.Core.VerifyOTP(r.Context(), site, connect.OTPRequest{
		Verification: body.Verification, IdempotencyKey: body.IdempotencyKey, Typed: body.OTP,
	})
	if err != nil {
		a.problem(w, r, err)
		return
	}
	defer verified.Person.Close()
	writePerson(w, verified)
}

// otpBody does what both routes begin with; it reports whether they go on.
func (a *API) otpBody(w http.ResponseWriter, r *http.Request, site *connect.Site, v any) bool {
	if !a.Core.MakesOTPCalls(site) {
		a.problem(w, r, problem(wire.NotFound, "this site's account has otp: partner: its back end calls the vendor itself"))
		return false
	}
	// A connection that cannot be given more time has the server's.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(OTPWriteTimeout))
	if refused, status := decodePrivate(w, r, v); refused != nil {
		a.problemStatus(w, r, refused, status)
		return false
	}
	return true
}

// decodePrivate is decode for a body of which nothing may be left in memory of ours.
func decodePrivate(_ http.ResponseWriter, r *http.Request, v any) (refused *connect.Error, status int) {
	if refused := media(r, mediaJSON); refused != nil {
		return refused, http.StatusUnsupportedMediaType
	}
	tooLarge := problem(wire.BodyTooLarge, "the body is over 16384 bytes")
	if r.ContentLength > wire.MaxBody {
		return tooLarge, 0
	}
	buffer := make([]byte, wire.MaxBody+1)
	defer clear(buffer)
	n, err := io.ReadFull(r.Body, buffer)
	switch {
	case err == nil:
		return tooLarge, 0
	case err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF):
		return problem(wire.InvalidRequest, "the body could not be read to its end"), 0
	}
	return object(buffer[:n], v), 0
}

// writePerson answers with the vendor's data as they came: between what the relay says
// itself, in no buffer of the relay's.
func writePerson(w http.ResponseWriter, v *connect.Verified) {
	head, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	head = append(head[:len(head)-1], `,"data":`...)
	data := v.Person.Data()
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(head)+len(data)+1))
	w.WriteHeader(http.StatusOK)
	for _, part := range [][]byte{head, data, {'}'}} {
		if _, err := w.Write(part); err != nil {
			return // a partner that has left is nobody's error
		}
	}
}

// object reads the one JSON object of a body.
func object(body []byte, v any) *connect.Error {
	err := json.Unmarshal(body, v, json.RejectUnknownMembers(true))
	if err != nil || jsontext.Value(body).Kind() != '{' { // null would pass for an empty object
		return problem(wire.InvalidRequest, "the body is not the one JSON object that this route takes"+where(err))
	}
	return nil
}
