package connect

import (
	"context"
	"crypto/rand"
	"encoding/base64"

	"ekycconnect/server/internal/notice"
	"ekycconnect/server/internal/seal"
	"ekycconnect/wasm/wire"
)

// Presented is a notice as it goes to the page, with the sealed proof that it
// was shown.
type Presented struct {
	Notice       *notice.Notice
	Presentation string
}

// View picks the notice of a purpose in the person's language and seals that
// it is being shown. requested is what the page asks for, accept the browser's
// Accept-Language.
func (s *Service) View(ctx context.Context, sitekey, purpose, requested, accept string, from Visitor) (Presented, error) {
	site, refused := s.Sites.embeddedAt(sitekey, from.Origin)
	if refused != nil {
		return Presented{}, refused
	}
	trail(ctx).At(site)
	if refused := site.purpose(purpose); refused != nil {
		return Presented{}, refused
	}
	if refused := s.checkLimit(s.Limits.View, from.Address, sitekey); refused != nil {
		return Presented{}, refused
	}
	n, ok := s.Notices.Pick(purpose, requested, accept)
	if !ok {
		return Presented{}, refuse(wire.UnknownPurpose, "no notice is written for this purpose")
	}
	shown := seal.Presentation{Base: seal.Base{Site: sitekey, Purpose: purpose}, Nonce: nonce()}
	shown.Notice, _ = seal.HashOf(n.Ref.SHA256)
	if wanted := languageTag(requested); wanted != n.Ref.Lang {
		shown.Requested = wanted
	}
	presentation, err := s.Sealer.Seal(&shown, s.Lifetimes.Presentation)
	if err != nil {
		return Presented{}, &Error{Code: wire.Internal, Detail: "the presentation could not be sealed", Cause: err}
	}
	s.Watch.Step(sitekey, StepNotice)
	return Presented{n, presentation}, nil
}

// Fragment is the notice that a partner's back end puts into its own page.
func (s *Service) Fragment(site *Site, purpose, requested string) (*notice.Notice, error) {
	if refused := site.purpose(purpose); refused != nil {
		return nil, refused
	}
	now := s.Clock()
	turn := site.fragments.ReserveN(now, 1)
	if wait := turn.DelayFrom(now); wait > 0 {
		turn.CancelAt(now)
		s.Watch.Limited(limitFragments, site.Sitekey)
		return nil, &Error{Code: wire.RateLimited, Detail: "too many fragments; keep them, they hold nothing of a visitor", RetryAfter: wait}
	}
	n, ok := s.Notices.Pick(purpose, requested, "")
	if !ok {
		return nil, refuse(wire.UnknownPurpose, "no notice is written for this purpose")
	}
	return n, nil
}

// languageTag keeps what has the shape of a BCP 47 tag and is no Aadhaar
// number: it goes into a record that lasts for years.
func languageTag(requested string) string {
	if len(requested) > 35 || wire.IsAadhaar(requested) {
		return ""
	}
	for _, c := range []byte(requested) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-') {
			return ""
		}
	}
	return requested
}

// nonce is 128 random bits in base64url.
func nonce() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}
