package connect

import (
	"context"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/seal"
	"ekycconnect/wasm/wire"
)

// Begin is what pressing "I agree" does: the consent is committed, then the
// vendor opens a session, then its use is committed. A repeat under the same
// idempotency key never records a second consent: it joins the first while
// that is under way and may call the vendor again later.
func (s *Service) Begin(ctx context.Context, r *wire.SessionRequest, from Visitor) (wire.SessionReply, error) {
	d, refused := s.decision(&r.Decision, r, from, s.Limits.Sessions)
	if refused != nil {
		return wire.SessionReply{}, refused
	}
	same := d.Site + "\x00" + d.IdempotencyKey + "\x00" + string(d.Digest[:])
	reply, err := s.starting.do(ctx, same, func(ctx context.Context) (wire.SessionReply, error) {
		return s.begin(ctx, d)
	})
	if err != nil && ctx.Err() != nil {
		return reply, vendorError(ctx.Err()) // nobody is there to read it, but it is no internal error
	}
	return reply, err
}

func (s *Service) begin(ctx context.Context, d consent.Decision) (wire.SessionReply, error) {
	var none wire.SessionReply
	state, repeated, err := s.Ledger.Repeat(ctx, consent.Given, d)
	if err == nil && !repeated {
		state, err = s.Ledger.Give(ctx, d)
	}
	if err != nil {
		return none, ledgerError(err)
	}
	given := reference(state)
	claims := seal.Consented{
		Base: seal.Base{Site: d.Site, Purpose: d.Purpose}, Account: d.Account, Origin: d.Origin, Channel: d.Channel,
		ConsentID: state.ID(), GivenAt: seal.Millis(state.At), NoticeSHA256: d.NoticeSHA256, Lang: d.Lang,
		Subject: d.Subject, SubjectSource: d.SubjectSource,
	}
	var opened deepvue.Session
	refused := s.call(ctx, state.ID(), func(ctx context.Context, v Vendor, held consent.State, most int) (calls []consent.Call, err error) {
		opened, calls, err = v.Connect(ctx, held.Committed, most)
		return calls, err
	}, &claims.Picture)
	if refused != nil {
		return none, refused.after(given)
	}
	claims.VendorSession, claims.Transaction = opened.ID, opened.TransactionID
	reply := wire.SessionReply{Consent: *given, Captcha: picture(opened.Captcha)}
	reply.Session, reply.ExpiresAt, reply.ExpiresIn, refused = s.session(claims)
	if refused != nil {
		return none, refused.after(given)
	}
	return reply, nil
}

// call spends vendor calls of a consent: it refuses when the consent is
// withdrawn, over or used up, and commits each call as used before anybody
// learns the outcome. number receives how many calls the consent has had.
func (s *Service) call(ctx context.Context, id string,
	do func(context.Context, Vendor, consent.State, int) ([]consent.Call, error), number *int) *Error {
	unlock, err := s.calling.lock(ctx, id)
	if err != nil {
		return vendorError(err)
	}
	defer unlock()
	// Read under the lock, so that two calls at once cannot both be the last.
	state, err := s.Ledger.State(ctx, id)
	if err != nil {
		return ledgerError(err)
	}
	left := s.Lifetimes.CallsPerConsent - state.Calls
	switch {
	case state.Withdrawn:
		return refuse(wire.ConsentWithdrawn, "the consent was withdrawn")
	case s.Clock().After(state.At.Add(s.Lifetimes.Session)):
		return refuse(wire.SessionExpired, "the session is over; ask for consent again")
	case left <= 0:
		return refuse(wire.RateLimited, "this consent has had all the pictures that it is worth; ask for consent again")
	}
	vendor := s.Vendors[state.Account()]
	if vendor == nil {
		return refuse(wire.VendorRejected, vendorDetail[wire.VendorRejected])
	}
	calls, failed := do(ctx, vendor, state, left)
	for _, c := range calls {
		s.OnCall(state.Account(), c)
	}
	// The vendor was called, so this is recorded even if the client has left.
	if *number, err = s.Ledger.Used(context.WithoutCancel(ctx), state.Committed, calls); err != nil {
		refused := ledgerError(err)
		if refused.Code == wire.StoreUnavailable {
			refused.Detail = "the vendor was called, which could not be recorded, so its answer is not passed on; try again"
		}
		return refused
	}
	if failed != nil {
		return vendorError(failed)
	}
	return nil
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
func reference(state consent.State) *wire.Consent {
	return &wire.Consent{ID: state.ID(), GivenAt: Stamp(state.At)}
}

func picture(base64JPEG string) wire.Captcha {
	return wire.Captcha{MediaType: "image/jpeg", Data: base64JPEG}
}
