package connect

import (
	"context"
	"errors"
	"time"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/pace"
	"ekycconnect/server/internal/seal"
	"ekycconnect/wasm/wire"
)

// OTPRequest asks for one of the calls that follow a picture. What the person typed is
// a member of its own, so that the rest can be looked at without it.
type OTPRequest struct {
	Verification   string
	IdempotencyKey string
	Typed          string // the Aadhaar number for generate-otp, the OTP for verify-otp
}

// GenerateOTP has the vendor send an OTP for the number that the person typed, once.
// What is judged comes in this order: members, handle, site, withdrawn, expired, counts,
// key, admission; after the call its record, and whether the consent still stands.
func (s *Service) GenerateOTP(ctx context.Context, site *Site, r OTPRequest) (*OTPSent, error) {
	if refused := r.invalid(); refused != nil {
		return nil, refused
	}
	number, ok := wire.AadhaarNumber(r.Typed)
	if !ok {
		return nil, refuse(wire.AadhaarInvalid, "aadhaar_number is not one: twelve digits, the first 2 to 9, with the right check digit")
	}
	h, refused := s.open(site, r.Verification, consent.EndpointGenerateOTP)
	if refused != nil {
		return nil, refused
	}
	trail(ctx).Consent = h.ConsentID
	var answer deepvue.Said
	state, refused := s.once(ctx, h, consent.EndpointGenerateOTP, r.IdempotencyKey, func(ctx context.Context, v Vendor, c consent.Committed, turn deepvue.Turn) (calls []consent.Call, err error) {
		answer, calls, err = v.GenerateOTP(ctx, c, h.VendorSession, h.Answer, number, turn)
		return calls, err
	})
	if refused != nil {
		if refused.Code == wire.VendorRefused {
			return nil, s.newPicture(h, refused)
		}
		return nil, refused
	}
	h.OTP = state.OTP.Sent + 1
	handle, ends, err := s.handle(h)
	if err != nil {
		return nil, (&Error{Code: wire.Internal, Detail: "the verification could not be sealed", Cause: err, Sent: true}).withConsent(s.agreed(h))
	}
	s.Watch.Step(h.Site, StepOTP)
	return &OTPSent{
		Verification: handle, ExpiresAt: Stamp(ends), ExpiresIn: seconds(ends.Sub(s.Clock())),
		Consent: ConsentID{state.ID()}, Vendor: said(answer),
	}, nil
}

// VerifyOTP has the vendor check the OTP that the person typed, once, judged in the
// order of GenerateOTP. It finishes the consent if the vendor says yes.
func (s *Service) VerifyOTP(ctx context.Context, site *Site, r OTPRequest) (*Verified, error) {
	if refused := r.invalid(); refused != nil {
		return nil, refused
	}
	if !wire.OTP(r.Typed) {
		return nil, refuse(wire.OTPInvalid, "otp is not one: four to eight digits")
	}
	h, refused := s.open(site, r.Verification, consent.EndpointVerifyOTP)
	if refused != nil {
		return nil, refused
	}
	trail(ctx).Consent = h.ConsentID
	var person *deepvue.Verified
	state, refused := s.once(ctx, h, consent.EndpointVerifyOTP, r.IdempotencyKey, func(ctx context.Context, v Vendor, c consent.Committed, turn deepvue.Turn) (calls []consent.Call, err error) {
		person, calls, err = v.VerifyOTP(ctx, c, h.VendorSession, r.Typed, turn)
		return calls, err
	})
	if refused != nil {
		if person != nil {
			person.Close()
		}
		return nil, refused
	}
	s.ended(h.Account, state.ID())
	s.Watch.Step(h.Site, StepVerified)
	answer := said(person.Said)
	answer.Timestamp = person.Said.Timestamp
	return &Verified{Consent: ConsentID{state.ID()}, Vendor: answer, Person: person}, nil
}

// invalid judges the members that both requests have.
func (r *OTPRequest) invalid() *Error {
	switch {
	case r.Verification == "":
		return refuse(wire.InvalidRequest, "verification is missing: siteverify answers with it")
	case !wire.Word(r.IdempotencyKey, 1, wire.MaxKey): // kept as HMAC alone, so what it looks like is not judged
		return refuse(wire.InvalidRequest, "idempotency_key needs 1 to 64 of A-Z, a-z, 0-9, - and _")
	}
	return nil
}

// newPicture adds to the vendor's refusal what brings a new picture, as siteverify does.
func (s *Service) newPicture(h *seal.Verification, refused *Error) *Error {
	retry, err := s.Sealer.SealUntil(&seal.Session{Consented: h.Consented}, h.SessionEnds.Time())
	if err != nil {
		return &Error{Code: wire.Internal, Detail: "the session could not be sealed", Cause: err, Sent: true, Consent: refused.Consent}
	}
	refused.Retry = retry
	return refused
}

// once makes one call of a consent that is never made again, from what is judged of the
// consent to the answer's last check. It returns the consent as it was before the call.
func (s *Service) once(ctx context.Context, h *seal.Verification, endpoint, key string,
	do func(context.Context, Vendor, consent.Committed, deepvue.Turn) ([]consent.Call, error)) (consent.State, *Error) {
	var state consent.State
	call := consent.OTPCall{
		ConsentID: h.ConsentID, Site: h.Site, Endpoint: endpoint, IdempotencyKey: key,
		Lasts: s.Accounts[h.Account].underWay(), Allowed: s.mayCall(h, endpoint, &state),
	}
	given := s.agreed(h)
	if err := s.Ledger.ClaimableOTP(ctx, call); err != nil {
		return state, s.unclaimed(err, h.Site, given)
	}
	free, ok := s.verifying.try(state.ID()) // a consent needs one slot only
	if !ok {
		return state, underWay().withConsent(given)
	}
	defer free()
	admitted, refused := s.admit(ctx, h.Account, pace.Request{Site: h.Site, Ticketed: h.Ticketed, Kind: pace.Kind(endpoint), Consent: state.ID()})
	if refused != nil {
		return state, refused.withConsent(given)
	}
	defer admitted.end()
	call.Allowed = s.mayCall(h, endpoint, &state) // it has become later
	claim, err := s.Ledger.ClaimOTP(ctx, call)
	if err != nil {
		return state, s.unclaimed(err, h.Site, given)
	}
	ctx = context.WithoutCancel(ctx) // who hangs up cancels nothing
	calls, failed := do(admitted.watched(ctx), admitted.account.vendor, state.Committed, func(ctx context.Context) error {
		if err := admitted.send(ctx, state.ID()); err != nil {
			return err
		}
		return s.Ledger.Standing(ctx, state.Committed) // asked last: after a withdrawal no call starts
	})
	refused = s.settle(ctx, admitted, h, claim, calls, failed)
	if refused == nil || refused.Sent {
		refused = s.standing(ctx, state.Committed, refused)
	}
	if refused != nil {
		return state, refused.withConsent(given)
	}
	return state, nil
}

// settle records what came of a call and says what may be told of it.
func (s *Service) settle(ctx context.Context, admitted *admission, h *seal.Verification, claim consent.OTPClaim, calls []consent.Call, failed error) *Error {
	for _, c := range calls {
		s.Watch.VendorCall(h.Account, c)
	}
	pause := admitted.learn(calls, failed)
	var v *deepvue.Error
	no := errors.As(failed, &v) && v.Code == wire.VendorRefused
	if !no {
		s.reportFailure(ctx, h.Account, failed, pause)
	}
	if len(calls) == 0 {
		return s.giveBack(ctx, claim, failed)
	}
	s.judged(ctx, h.Site, no)
	made := calls[0]
	made.TransactionID = nameless(made.TransactionID)
	err := s.Ledger.SettleOTP(ctx, claim, made)
	switch {
	case errors.Is(err, consent.ErrWithdrawn):
		return ledgerError(err)
	case err != nil:
		return &Error{Code: wire.VendorUnknown, Detail: "the vendor was called, which could not be recorded, so its answer is not passed on; ask the person again, with a new idempotency_key", Cause: err, Sent: true}
	case failed != nil:
		return vendorSaid(failed, pause)
	}
	return nil
}

// giveBack ends the claim of a call of which certainly nothing was sent.
func (s *Service) giveBack(ctx context.Context, claim consent.OTPClaim, failed error) *Error {
	refused := lineError(failed)
	if err := s.Ledger.ReleaseOTP(ctx, claim); err != nil {
		refused.Sent = true // its key is worth nothing any more
	}
	return refused
}

// vendorSaid is the refusal for a call that was made.
func vendorSaid(failed error, pause time.Duration) *Error {
	refused := lineError(failed)
	refused.Sent = true
	refused.RetryAfter = max(refused.RetryAfter, pause)
	if detail := otpDetail[refused.Code]; detail != "" {
		refused.Detail = detail
	}
	var v *deepvue.Error
	if errors.As(failed, &v) && v.Said != nil {
		words := said(*v.Said)
		refused.Vendor = &words
	}
	return refused
}

// otpDetail says what a failure means of a call that is not repeated.
var otpDetail = map[wire.Code]string{
	wire.VendorBusy:        "the vendor's rate limit is reached, and it did nothing; call again later, with a new idempotency_key",
	wire.VendorUnavailable: "the vendor or UIDAI's site is not available; call again later, with a new idempotency_key",
	wire.VendorRefused:     "the vendor refused what the person typed; vendor says with which words",
	wire.VendorUnknown:     "the vendor may have had the call, and nobody knows what came of it; ask the person again, with a new idempotency_key",
}
