package connect

import (
	"context"
	"errors"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/limit"
	"ekycconnect/server/internal/pace"
	"ekycconnect/server/internal/seal"
	"ekycconnect/wasm/wire"
)

// Reload fetches a new picture in the same vendor session under the same
// consent. The session's end does not move.
func (s *Service) Reload(ctx context.Context, r *wire.CaptchaRequest, from Visitor) (wire.CaptchaReply, error) {
	var none wire.CaptchaReply
	claims, state, refused := s.resume(ctx, r.Session, from, s.Limits.Captchas)
	if refused != nil {
		return none, refused
	}
	unlock, refused := s.lockForCall(ctx, state.ID())
	if refused != nil {
		return none, refused.withConsent(s.reference(state))
	}
	defer unlock()
	admitted, refused := s.admit(ctx, claims.Account, pace.Request{Site: claims.Site, Ticketed: claims.Ticketed, Kind: pace.Reload, Consent: state.ID()})
	if refused != nil {
		return none, refused.withConsent(s.reference(state))
	}
	defer admitted.end()
	var newest deepvue.Picture
	refused = s.call(ctx, admitted, state.ID(), nil, func(ctx context.Context, v Vendor, c consent.Committed, turn deepvue.Turn) (calls []consent.Call, err error) {
		newest, calls, err = v.ReloadCaptcha(ctx, c, claims.VendorSession, turn)
		return calls, err
	}, &claims.Picture)
	if refused != nil {
		return none, refused.withConsent(s.reference(state))
	}
	claims.Transaction = newest.TransactionID
	reply := wire.CaptchaReply{Captcha: picture(newest.Captcha)}
	reply.Session, reply.ExpiresAt, reply.ExpiresIn, refused = s.session(claims.Consented)
	if refused != nil {
		return none, refused.withConsent(s.reference(state))
	}
	return reply, nil
}

// Answer seals the typed letters into the token that the partner redeems. The
// vendor judges them later, when the partner asks for the OTP.
func (s *Service) Answer(ctx context.Context, r *wire.AnswerRequest, from Visitor) (wire.AnswerReply, error) {
	var none wire.AnswerReply
	claims, state, refused := s.resume(ctx, r.Session, from, s.Limits.Answers)
	if refused != nil {
		return none, refused
	}
	answer, ok := wire.Answer(r.Answer)
	if !ok {
		return none, refuse(wire.AnswerInvalid, "answer needs 1 to 16 letters or digits of the picture, and is never an Aadhaar number").withConsent(s.reference(state))
	}
	life := s.Lifetimes.Token
	if site := s.Sites.byKey[claims.Site]; site.TokenLife != 0 {
		life = site.TokenLife
	}
	token, err := s.Sealer.Seal(&seal.Token{Consented: claims.Consented, Answer: answer, SessionEnds: claims.ExpiresAt}, life)
	if err != nil {
		return none, (&Error{Code: wire.Internal, Detail: "the token could not be sealed", Cause: err}).withConsent(s.reference(state))
	}
	// The consent is read again now that the token is sealed: a withdrawal that was
	// acknowledged before this moment must keep the token from going out.
	if state, err = s.Ledger.State(ctx, claims.ConsentID); err != nil {
		return none, ledgerError(err)
	}
	if state.Withdrawn {
		return none, refuse(wire.ConsentWithdrawn, "the consent was withdrawn").withConsent(s.reference(state))
	}
	// A test key's token is sealed as expired, so that the partner's back end can be
	// tried with one. The widget is told the usual time: it must hand the token over.
	usual := s.Lifetimes.Token
	s.Watch.Step(claims.Site, StepAnswer)
	return wire.AnswerReply{Token: token, ExpiresAt: Stamp(s.Clock().Add(usual)), ExpiresIn: seconds(usual)}, nil
}

// resume opens a session handle for the page that it was made for, and looks
// the consent up, which may have been withdrawn since.
func (s *Service) resume(ctx context.Context, handle string, from Visitor, limiter *limit.Limiter) (*seal.Session, consent.State, *Error) {
	var claims seal.Session
	var none consent.State
	err := s.Sealer.Open(handle, &claims)
	if err != nil && !errors.Is(err, seal.ErrExpired) {
		return nil, none, refuse(wire.SessionInvalid, "session does not open; start a new one")
	}
	site, refused := s.Sites.embeddedAt(claims.Site, from.Origin)
	if refused != nil {
		return nil, none, refused
	}
	trail(ctx).At(site)
	trail(ctx).Consent = claims.ConsentID
	if claims.Origin != from.Origin {
		return nil, none, refuse(wire.SessionInvalid, "session was made for another origin; start a new one")
	}
	if refused := s.checkLimit(limiter, from.Address, claims.Site); refused != nil {
		return nil, none, refused
	}
	state, lost := s.Ledger.State(ctx, claims.ConsentID)
	if errors.Is(lost, consent.ErrNotFound) {
		return nil, none, refuse(wire.SessionInvalid, "session belongs to no consent of this relay; start a new one")
	}
	if lost != nil {
		return nil, none, ledgerError(lost)
	}
	switch {
	case state.Withdrawn:
		return nil, none, refuse(wire.ConsentWithdrawn, "the consent was withdrawn").withConsent(s.reference(state))
	case s.Clock().After(claims.ExpiresAt.Time()): // without the skew that sealed values are given: a reload would be refused too
		return nil, none, refuse(wire.SessionExpired, "the session is over; ask for consent again").withConsent(s.reference(state))
	case state.OTP.Verified:
		return nil, none, finished().withConsent(s.reference(state))
	}
	return &claims, state, nil
}
