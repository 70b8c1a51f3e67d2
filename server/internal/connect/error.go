package connect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/wasm/wire"
)

// Error is every refusal of the core: a code for programs, a sentence for the
// developer who reads the answer, and the consent that stands in spite of it.
// Detail never repeats a value that somebody sent.
type Error struct {
	Code       wire.Code
	Detail     string
	RetryAfter time.Duration
	Consent    *wire.Consent
	Cause      error // for the log only

	// Of generate-otp and verify-otp.
	Sent   bool   // the vendor may have had the call: the same request does not help
	Result string // of already_done: what the call came to, "ok", "refused" or "unknown"
	Vendor *Said  // of vendor_refused
	Retry  string // of generate-otp's vendor_refused: a sealed session for a new picture
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Detail, e.Cause)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Detail)
}

func (e *Error) Unwrap() error { return e.Cause }

func refuse(code wire.Code, detail string) *Error { return &Error{Code: code, Detail: detail} }

// withConsent is e, naming the consent that was recorded before it happened.
func (e *Error) withConsent(c *wire.Consent) *Error {
	named := *e
	named.Consent = c
	return &named
}

// storePause is when to try again while the store does not answer.
const storePause = 2 * time.Second

// ledgerError turns what the ledger says into a refusal.
func ledgerError(err error) *Error {
	switch {
	case errors.Is(err, consent.ErrConflict):
		return refuse(wire.IdempotencyConflict, "this idempotency_key was used for another request; make a new key for each decision")
	case errors.Is(err, consent.ErrTicketUsed):
		return refuse(wire.TicketInvalid, "this ticket has served a consent already; mint one for each visit")
	case errors.Is(err, consent.ErrErased):
		return refuse(wire.ConsentWithdrawn, "the record of this consent was erased, and the consent has ended with it")
	case errors.Is(err, consent.ErrRefusal):
		return refuse(wire.InvalidRequest, "this is the record of a refusal: no consent was given, so there is none to withdraw")
	case errors.Is(err, consent.ErrWithdrawn):
		return refuse(wire.ConsentWithdrawn, "the consent was withdrawn")
	case errors.Is(err, consent.ErrNotFound):
		return refuse(wire.NotFound, "there is no such consent")
	case errors.Is(err, consent.ErrUnavailable):
		return &Error{Code: wire.StoreUnavailable, Detail: "the consent could not be stored; nothing was recorded; try again", RetryAfter: storePause, Cause: err}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &Error{Code: wire.StoreUnavailable, Detail: "the request ended before the store answered; repeat it with the same idempotency_key", Cause: err}
	}
	return &Error{Code: wire.Internal, Detail: "an unexpected error; the request id finds it in the relay's log", Cause: err}
}

// vendorDetail says in words what each failure of the vendor means.
var vendorDetail = map[wire.Code]string{
	wire.VendorBusy:        "the vendor's rate limit is reached; try again later",
	wire.VendorRejected:    "the vendor refused the relay's request; its operator must look at the vendor account",
	wire.VendorUnavailable: "the vendor or UIDAI's site is not available; try again later",
	wire.VendorTimeout:     "the vendor did not answer in time; try again",
	wire.VendorBadAnswer:   "the vendor's answer was not usable; try again",
	wire.VendorRefused:     otpDetail[wire.VendorRefused],
	wire.VendorUnknown:     otpDetail[wire.VendorUnknown],
}

// vendorError turns the vendor's failure into a refusal.
func vendorError(err error) *Error {
	var v *deepvue.Error
	if errors.As(err, &v) && vendorDetail[v.Code] != "" {
		return &Error{Code: v.Code, Detail: vendorDetail[v.Code], RetryAfter: v.RetryAfter, Cause: err}
	}
	if errors.Is(err, consent.ErrWithdrawn) {
		return ledgerError(err)
	}
	if errors.Is(err, consent.ErrUnavailable) { // asked just before the call
		return unread(err)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &Error{Code: wire.VendorTimeout, Detail: vendorDetail[wire.VendorTimeout], Cause: err}
	}
	return &Error{Code: wire.Internal, Detail: "an unexpected error; the request id finds it in the relay's log", Cause: err}
}
