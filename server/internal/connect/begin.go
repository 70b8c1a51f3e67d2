package connect

import (
	"context"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/pace"
	"ekycconnect/server/internal/seal"
	"ekycconnect/wasm/wire"
)

// Begin is what pressing "I agree" does: the consent is committed, then the
// vendor opens a session, then its use is committed. A repeat under the same
// idempotency key never records a second consent: it joins the first while
// that is under way and may call the vendor again later.
func (s *Service) Begin(ctx context.Context, r *wire.SessionRequest, from Visitor) (*wire.SessionReply, error) {
	d, refused := s.decision(ctx, &r.Decision, r, from, s.Limits.Sessions)
	if refused != nil {
		return nil, refused
	}
	key := d.Site + "\x00" + d.IdempotencyKey + "\x00" + string(d.Digest[:])
	reply, err := s.starting.do(ctx, key, func(ctx context.Context) (*wire.SessionReply, error) {
		return s.begin(ctx, d)
	})
	if err == nil {
		trail(ctx).Consent = reply.Consent.ID
	}
	if err != nil && ctx.Err() != nil {
		return nil, vendorError(ctx.Err()) // nobody is there to read it, but it is no internal error
	}
	return reply, err
}

// begin goes as far as the admission, where thousands may wait at a time. What is on the
// stack here is held for each of them, so large values are passed by pointer.
func (s *Service) begin(ctx context.Context, d *consent.Decision) (*wire.SessionReply, error) {
	earlier, err := s.earlierConsent(ctx, d)
	if err != nil {
		return nil, err
	}
	if earlier != nil {
		unlock, refused := s.lockForCall(ctx, earlier.ID())
		if refused != nil {
			return nil, refused.withConsent(s.reference(*earlier))
		}
		defer unlock()
	}
	line := pace.Request{Site: d.Site, Ticketed: d.TicketID != "", Kind: pace.Connect}
	if earlier != nil {
		line.Consent = earlier.ID()
	}
	admitted, refused := s.admit(ctx, d.Account, line)
	if refused != nil {
		if earlier != nil {
			refused = refused.withConsent(s.reference(*earlier))
		}
		return nil, refused
	}
	defer admitted.end()
	return s.openSession(ctx, d, earlier, admitted)
}

// earlierConsent is the consent that was recorded under this decision's idempotency key
// before, nil if there is none.
func (s *Service) earlierConsent(ctx context.Context, d *consent.Decision) (*consent.State, error) {
	state, repeated, err := s.Ledger.Repeat(ctx, consent.Given, *d)
	if err != nil {
		return nil, ledgerError(err)
	}
	if !repeated {
		return nil, nil
	}
	return &state, nil
}

// openSession records the consent, unless it was recorded earlier, and has the vendor
// open a session under it.
func (s *Service) openSession(ctx context.Context, d *consent.Decision, earlier *consent.State, admitted *admission) (*wire.SessionReply, error) {
	var state consent.State
	var justGiven *consent.State
	if earlier != nil {
		state = *earlier
	} else {
		var err error
		if state, err = s.Ledger.Give(ctx, *d); err != nil {
			return nil, ledgerError(err)
		}
		justGiven = &state
		s.Watch.Step(d.Site, StepAgree)
		unlock, err := s.calling.lock(ctx, state.ID()) // a repeat may come as soon as it is committed
		if err != nil {
			return nil, vendorError(err).withConsent(s.reference(state))
		}
		defer unlock()
	}
	given := s.reference(state)
	claims := seal.Consented{
		Base: seal.Base{Site: d.Site, Purpose: d.Purpose}, Account: d.Account, Origin: d.Origin, Channel: d.Channel,
		ConsentID: state.ID(), GivenAt: seal.Millis(state.At), NoticeSHA256: d.NoticeSHA256, Lang: d.Lang,
		Subject: d.Subject, SubjectSource: d.SubjectSource, Ticketed: d.TicketID != "",
	}
	var opened deepvue.Session
	refused := s.call(ctx, admitted, state.ID(), justGiven, func(ctx context.Context, v Vendor, c consent.Committed, turn deepvue.Turn) (calls []consent.Call, err error) {
		opened, calls, err = v.Connect(ctx, c, turn)
		return calls, err
	}, &claims.Picture)
	if refused != nil {
		return nil, refused.withConsent(given)
	}
	claims.VendorSession, claims.Transaction = opened.ID, opened.TransactionID
	reply := &wire.SessionReply{Consent: *given, Captcha: picture(opened.Captcha)}
	reply.Session, reply.ExpiresAt, reply.ExpiresIn, refused = s.session(claims)
	if refused != nil {
		return nil, refused.withConsent(given)
	}
	s.Watch.Step(d.Site, StepCaptcha)
	return reply, nil
}

// session seals the handle on a vendor session; it ends with the session,
// however many pictures it has had.
func (s *Service) session(c seal.Consented) (value, expiresAt string, expiresIn int, refused *Error) {
	ends := c.GivenAt.Time().Add(s.Lifetimes.Session)
	value, err := s.Sealer.SealUntil(&seal.Session{Consented: c}, ends)
	if err != nil {
		return "", "", 0, &Error{Code: wire.Internal, Detail: "the session could not be sealed", Cause: err}
	}
	return value, Stamp(ends), seconds(ends.Sub(s.Clock())), nil
}

// reference is the person's reference to a recorded decision.
func (s *Service) reference(state consent.State) *wire.Consent {
	return &wire.Consent{ID: state.ID(), GivenAt: Stamp(state.At), ReceiptURL: s.Receipts.URL(state.ID())}
}

func picture(base64JPEG string) wire.Captcha {
	return wire.Captcha{MediaType: "image/jpeg", Data: base64JPEG}
}
