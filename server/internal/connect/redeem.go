package connect

import (
	"context"
	"errors"
	"net/netip"
	"net/url"

	"github.com/go-json-experiment/json"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/seal"
)

// The reasons for which a token is not redeemed: the error-codes of
// siteverify, in the order in which they are judged.
const (
	MissingSecret    = "missing-input-secret"
	InvalidSecret    = "invalid-input-secret"
	MissingResponse  = "missing-input-response"
	NotAToken        = "not-a-token" // a sentinel of the widget's form field
	InvalidResponse  = "invalid-input-response"
	SitekeyMismatch  = "sitekey-secret-mismatch"
	SubjectMismatch  = "subject-mismatch"
	Withdrawn        = "consent-withdrawn"
	AlreadySeen      = "already-seen-response"
	ExpiredResponse  = "expired-input-response"
	BadRequest       = "bad-request"    // unreadable
	InternalVerifier = "internal-error" // the store is down
)

// Redeem is a partner's question about a token.
type Redeem struct {
	Secret, Response, Sitekey, Subject string
	Peek                               bool
	IdempotencyKey                     string
	From                               netip.Addr // of the back end
}

// Redeemed is the answer to it; the members are siteverify's.
type Redeemed struct {
	Success     bool     `json:"success"`
	ErrorCodes  []string `json:"error-codes"`
	Detail      string   `json:"detail,omitzero"` // with BadRequest: what could not be read
	*Redemption `json:",inline"`
}

// Redemption is what a token is worth.
type Redemption struct {
	ChallengeTS   string          `json:"challenge_ts"` // when the answer was sealed
	Hostname      string          `json:"hostname"`
	Origin        string          `json:"origin"`
	Sitekey       string          `json:"sitekey"`
	Purpose       string          `json:"purpose"`
	VendorPurpose string          `json:"vendor_purpose"`
	SessionID     string          `json:"session_id,omitzero"`     // not when peeking
	Captcha       string          `json:"captcha,omitzero"`        // not when peeking
	TransactionID string          `json:"transaction_id,omitzero"` // not when peeking
	Consent       RedeemedConsent `json:"consent"`
	Retry         string          `json:"retry,omitzero"`        // sealed, until the session ends; not when peeking
	Verification  string          `json:"verification,omitzero"` // sealed, to go on with; where the relay makes the calls, and not when peeking
}

// RedeemedConsent tells the partner which consent stands behind a token.
type RedeemedConsent struct {
	ID            string         `json:"id"`
	GivenAt       string         `json:"given_at"`
	Lang          string         `json:"lang"`
	Subject       string         `json:"subject,omitzero"`
	SubjectSource string         `json:"subject_source,omitzero"` // "ticket" or "page"
	Notice        RedeemedNotice `json:"notice"`
	ReceiptURL    string         `json:"receipt_url"`
}

// RedeemedNotice names the exact notice that was agreed to.
type RedeemedNotice struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
}

func fail(code string) Redeemed { return Redeemed{ErrorCodes: []string{code}} }

// Redeem judges a token and spends it, unless it only peeks. A token redeems
// once; the same idempotency key within 15 minutes gets the same answer again.
// The error is not nil only when the store is down.
func (s *Service) Redeem(ctx context.Context, r Redeem) (Redeemed, error) {
	if r.Secret == "" {
		return fail(MissingSecret), nil
	}
	site := s.Sites.BackEnd(r.Secret, r.From)
	switch {
	case site == nil:
		return fail(InvalidSecret), nil
	case r.Response == "":
		return fail(MissingResponse), nil
	case r.Response[0] == '.':
		return fail(NotAToken), nil
	}
	trail(ctx).At(site)
	var token seal.Token
	opened := s.Sealer.Open(r.Response, &token)
	if opened != nil && !errors.Is(opened, seal.ErrExpired) {
		return fail(InvalidResponse), nil
	}
	trail(ctx).Consent = token.ConsentID
	state, err := s.Ledger.State(ctx, token.ConsentID)
	switch {
	case errors.Is(err, consent.ErrNotFound): // the ledger is another, or was restored from before
		return fail(InvalidResponse), nil
	case token.Site != site.Sitekey, r.Sitekey != "" && r.Sitekey != site.Sitekey:
		return fail(SitekeyMismatch), nil
	case r.Subject != "" && r.Subject != token.Subject:
		return fail(SubjectMismatch), nil
	case errors.Is(err, consent.ErrWithdrawn): // the record was erased, even
		return fail(Withdrawn), nil
	case err != nil:
		return fail(InternalVerifier), ledgerError(err)
	}
	reply, err := s.redeemed(&token)
	if err != nil {
		return fail(InternalVerifier), err
	}
	spent, err := s.Ledger.Redeem(ctx, consent.Redemption{
		ConsentID: token.ConsentID, JTI: consent.TokenID(token.ConsentID, token.Picture), IdempotencyKey: r.IdempotencyKey, Token: r.Response,
		Reply: reply, Peek: r.Peek, Expired: opened != nil,
	})
	switch {
	case errors.Is(err, consent.ErrWithdrawn):
		return fail(Withdrawn), nil
	case errors.Is(err, consent.ErrSeen):
		return fail(AlreadySeen), nil
	case errors.Is(err, consent.ErrExpired):
		return fail(ExpiredResponse), nil
	case err != nil:
		return fail(InternalVerifier), ledgerError(err)
	}
	out, err := s.redemption(ctx, &token, state)
	if err != nil {
		return fail(InternalVerifier), ledgerError(err)
	}
	if !r.Peek {
		out.SessionID, out.Captcha, out.TransactionID = token.VendorSession, token.Answer, token.Transaction
		out.Retry, out.Verification = split(spent.Reply)
		if !spent.Repeat {
			s.Watch.Step(site.Sitekey, StepRedeem)
		}
	}
	return Redeemed{Success: true, ErrorCodes: []string{}, Redemption: out}, nil
}

// redemption is made of the token, the record and the notice alone, so that a
// repeat gives the same bytes.
func (s *Service) redemption(ctx context.Context, token *seal.Token, state consent.State) (*Redemption, error) {
	agreed, err := s.noticeOf(ctx, token)
	if err != nil {
		return nil, err
	}
	out := &Redemption{
		ChallengeTS: Stamp(token.IssuedAt.Time()), Origin: token.Origin,
		Sitekey: token.Site, Purpose: token.Purpose, VendorPurpose: state.VendorPurpose(),
		Consent: RedeemedConsent{
			ID: token.ConsentID, GivenAt: Stamp(token.GivenAt.Time()), Lang: token.Lang,
			Subject: token.Subject, SubjectSource: token.SubjectSource, Notice: agreed,
			ReceiptURL: s.Receipts.URL(token.ConsentID),
		},
	}
	if origin, err := url.Parse(token.Origin); err == nil {
		out.Hostname = origin.Hostname()
	}
	return out, nil
}

// noticeOf finds the notice that was agreed to: in the catalogue, or in the
// ledger where a newer one has replaced it since.
func (s *Service) noticeOf(ctx context.Context, token *seal.Token) (RedeemedNotice, error) {
	agreed := RedeemedNotice{SHA256: token.NoticeSHA256}
	if n, ok := s.Notices.Current(token.Purpose, token.NoticeSHA256); ok {
		agreed.ID, agreed.Version = n.Ref.ID, n.Ref.Version
		return agreed, nil
	}
	bytes, err := s.Ledger.Notice(ctx, token.NoticeSHA256)
	if err != nil {
		return agreed, err
	}
	return agreed, json.Unmarshal(bytes, &agreed) // its id and version; other members are ignored
}
