package connect

import (
	"context"
	"errors"
	"strings"
	"time"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/seal"
	"ekycconnect/wasm/wire"
)

// VerificationLife is how long a handle opens, unless its consent ends before.
const VerificationLife = 10 * time.Minute

// What one consent is worth after its pictures.
const (
	mostOTPs  = 3 // calls of generate-otp
	mostTries = 3 // calls of verify-otp for one OTP
)

// MakesOTPCalls reports whether the relay makes the calls that follow a picture for a
// site; else its partner's back end does, and the routes are not there.
func (s *Service) MakesOTPCalls(site *Site) bool { return s.makesOTPCalls(site.Account) }

func (s *Service) makesOTPCalls(account string) bool {
	a := s.Accounts[account]
	return a != nil && !a.OTPByPartner
}

// redeemed is the sealed part of siteverify's answer, which a repeat gets again: the
// session for a new picture, and the handle to go on with, if there is one.
func (s *Service) redeemed(token *seal.Token) (string, error) {
	retry, err := s.Sealer.SealUntil(&seal.Session{Consented: token.Consented}, token.SessionEnds.Time())
	if err != nil || !s.makesOTPCalls(token.Account) {
		return retry, err
	}
	h := seal.Verification{Consented: token.Consented, Answer: token.Answer, SessionEnds: token.SessionEnds}
	handle, _, err := s.handle(&h)
	return retry + sealedNext + handle, err
}

const sealedNext = " " // stands in no sealed value

// split is what redeemed has put together.
func split(reply string) (retry, verification string) {
	retry, verification, _ = strings.Cut(reply, sealedNext)
	return retry, verification
}

// handle seals h anew, for ten minutes, and never beyond the consent.
func (s *Service) handle(h *seal.Verification) (value string, ends time.Time, err error) {
	ends = s.Clock().Add(VerificationLife)
	if last := h.GivenAt.Time().Add(s.Lifetimes.Consent); last.Before(ends) {
		ends = last
	}
	value, err = s.Sealer.SealUntil(h, ends)
	return value, ends, err
}

// open opens a handle of this site's for an endpoint. It may have run out: that is
// judged later.
func (s *Service) open(site *Site, handle, endpoint string) (*seal.Verification, *Error) {
	var h seal.Verification
	err := s.Sealer.Open(handle, &h)
	switch {
	case err != nil && !errors.Is(err, seal.ErrExpired):
		return nil, refuse(wire.SessionInvalid, "verification does not open; take the one that siteverify or generate-otp answered with")
	case endpoint == consent.EndpointVerifyOTP && h.OTP == 0:
		return nil, refuse(wire.SessionInvalid, "verification is siteverify's, and no OTP was sent under it; take the one that generate-otp answered with")
	case h.Site != site.Sitekey:
		return nil, refuse(wire.SessionInvalid, "verification is of another site")
	}
	return &h, nil
}

// mayCall judges whether a consent is still worth a call now, in the promised order:
// withdrawn, expired, counts. It leaves the consent in state, and asks nobody anything
// while a transaction waits for it.
func (s *Service) mayCall(h *seal.Verification, endpoint string, state *consent.State) func(consent.State) error {
	at := s.Clock()
	return func(now consent.State) error {
		*state = now
		if refused := s.worthACall(h, endpoint, &now, at); refused != nil {
			return refused.withConsent(s.agreed(h))
		}
		return nil
	}
}

func (s *Service) worthACall(h *seal.Verification, endpoint string, state *consent.State, at time.Time) *Error {
	verify := endpoint == consent.EndpointVerifyOTP
	switch {
	case state.Withdrawn:
		return refuse(wire.ConsentWithdrawn, "the consent was withdrawn")
	case at.After(h.ExpiresAt.Time()), at.After(state.At.Add(s.Lifetimes.Consent)):
		return refuse(wire.SessionExpired, "the verification has run out; ask for consent again")
	case state.OTP.Verified:
		return finished()
	case verify && h.OTP != state.OTP.Sent:
		return refuse(wire.SessionExpired, "another OTP was sent since; take the verification of the newest generate-otp")
	case !verify && state.OTP.Asked >= mostOTPs:
		return refuse(wire.RateLimited, "this consent has had all the OTPs that it is worth; ask for consent again")
	case verify && state.OTP.Tried >= mostTries:
		return refuse(wire.RateLimited, "this OTP was tried as often as it may be; call generate-otp again")
	}
	return nil
}

func finished() *Error {
	return refuse(wire.SessionExpired, "the person is verified, and the consent is finished; an answer that was lost is lost")
}

// unclaimed turns the ledger's reason against a call into a refusal. Nothing was sent.
func (s *Service) unclaimed(err error, site string, reference *wire.Consent) *Error {
	var done *consent.OTPDone
	var refused *Error
	switch {
	case errors.As(err, &refused): // mayCall's
		if refused.Code == wire.RateLimited {
			s.Watch.Limited(limitOTP, site)
		}
		return refused
	case errors.As(err, &done):
		refused = refuse(wire.AlreadyDone, "this idempotency_key was used for a call before, which is never made again; the answer is not kept; use a new key for a new call")
		refused.Result = result(done.Result)
	case errors.Is(err, consent.ErrInProgress):
		refused = underWay()
	case errors.Is(err, consent.ErrNotFound):
		return refuse(wire.SessionInvalid, "verification belongs to no consent of this relay")
	default:
		if refused = ledgerError(err); refused.Code == wire.StoreUnavailable {
			refused.Detail = "the call could not be noted down before it is made, so nothing was sent; try again"
		}
	}
	return refused.withConsent(reference)
}

func underWay() *Error {
	refused := refuse(wire.InProgress, "a call is under way for this consent or this idempotency_key; wait for its answer")
	refused.RetryAfter = time.Second
	return refused
}

// result is what a call that was made before came to, in the words of openapi.json.
func result(recorded string) string {
	switch wire.Code(recorded) {
	case "ok":
		return "ok"
	case wire.VendorRefused, wire.VendorRejected, wire.VendorBusy: // the vendor has said no
		return "refused"
	}
	return "unknown"
}

// standing is asked once more before an answer leaves: whatever the call came to, of a
// consent that was withdrawn meanwhile nothing else is told.
func (s *Service) standing(ctx context.Context, c consent.Committed, refused *Error) *Error {
	err := s.Ledger.Standing(ctx, c)
	if err == nil {
		return refused
	}
	ended := ledgerError(err)
	if ended.Code != wire.ConsentWithdrawn && refused != nil {
		return refused
	}
	ended.Sent = true
	if ended.Code == wire.StoreUnavailable {
		ended.Detail = "the call was made and recorded, but the store does not answer now, so what came of it is not passed on"
	}
	return ended
}

// agreed is the person's reference to the consent behind a handle.
func (s *Service) agreed(h *seal.Verification) *wire.Consent {
	return &wire.Consent{ID: h.ConsentID, GivenAt: Stamp(h.GivenAt.Time()), ReceiptURL: s.Receipts.URL(h.ConsentID)}
}
