package connect

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"

	"github.com/go-json-experiment/json"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/limit"
	"ekycconnect/server/internal/notice"
	"ekycconnect/server/internal/seal"
	"ekycconnect/wasm/wire"
)

// decision checks everything about a decision that can be checked without the
// ledger, in the promised order: sitekey, origin, purpose, ticket, notice,
// limits. request is the whole body: a repeat must be equal to it.
func (s *Service) decision(ctx context.Context, d *wire.Decision, request any, from Visitor, limiter *limit.Limiter) (*consent.Decision, *Error) {
	site, refused := s.Sites.embeddedAt(d.Sitekey, from.Origin)
	if refused != nil {
		return nil, refused
	}
	trail(ctx).At(site)
	if refused := site.purpose(d.Purpose); refused != nil {
		return nil, refused
	}
	ticket, refused := s.ticket(site, d)
	if refused != nil {
		return nil, refused
	}
	shown, n, refused := s.shown(d)
	if refused != nil {
		return nil, refused
	}
	if refused := s.checkLimit(limiter, from.Address, site.Sitekey); refused != nil {
		return nil, refused
	}
	digest := sha256.New()
	if err := json.MarshalWrite(digest, request); err != nil {
		return nil, &Error{Code: wire.Internal, Detail: "the request could not be hashed", Cause: err}
	}
	out := &consent.Decision{
		Site: site.Sitekey, Account: site.Account, Purpose: d.Purpose, VendorPurpose: n.VendorPurpose,
		NoticeID: n.Ref.ID, NoticeVersion: n.Ref.Version, NoticeSHA256: n.Ref.SHA256,
		Lang: n.Ref.Lang, Requested: cmp.Or(shown.Requested, n.Ref.Lang), ShownAt: shown.IssuedAt.Time(), Nonce: shown.Nonce,
		Origin: from.Origin, Channel: "widget", Actor: string(wire.Self),
		IdempotencyKey: d.IdempotencyKey,
	}
	digest.Sum(out.Digest[:0])
	if d.Actor != "" {
		out.Actor = string(d.Actor)
	}
	if c := d.Client; c != nil {
		out.ClientVersion, out.ClientBuild = c.Version, c.Build
		if c.Channel != "" {
			out.Channel = c.Channel
		}
	}
	switch {
	case ticket != nil:
		out.TicketID = ticket.ID
		if ticket.Subject != "" {
			out.Subject, out.SubjectSource = ticket.Subject, "ticket"
		}
	case d.Subject != "":
		out.Subject, out.SubjectSource = d.Subject, "page"
	}
	return out, nil
}

// ticket opens the visitor's ticket, nil where there is none and none is
// needed.
func (s *Service) ticket(site *Site, d *wire.Decision) (*seal.Ticket, *Error) {
	if d.Ticket == "" {
		if site.RequireTicket {
			return nil, refuse(wire.TicketRequired, "this site admits visitors with a ticket only; mint one with POST /v1/tickets")
		}
		return nil, nil
	}
	var ticket seal.Ticket
	err := s.Sealer.Open(d.Ticket, &ticket)
	switch {
	case errors.Is(err, seal.ErrExpired):
		return nil, refuse(wire.TicketInvalid, "the ticket has run out; mint a new one")
	case err != nil, ticket.Site != site.Sitekey, ticket.Purpose != "" && ticket.Purpose != d.Purpose:
		return nil, refuse(wire.TicketInvalid, "the ticket does not open for this site and purpose")
	}
	return &ticket, nil
}

// shown opens the proof that this notice was shown, and finds the notice,
// which must still be in use.
func (s *Service) shown(d *wire.Decision) (*seal.Presentation, *notice.Notice, *Error) {
	var p seal.Presentation
	err := s.Sealer.Open(d.Presentation, &p)
	if errors.Is(err, seal.ErrExpired) {
		return nil, nil, noticeChanged()
	}
	named, isHash := seal.HashOf(d.NoticeSHA256)
	if err != nil || p.Site != d.Sitekey || p.Purpose != d.Purpose || !isHash || p.Notice != named {
		return nil, nil, refuse(wire.InvalidRequest, "presentation does not belong to this sitekey, purpose and notice_sha256")
	}
	n, ok := s.Notices.Current(d.Purpose, d.NoticeSHA256)
	if !ok {
		return nil, nil, noticeChanged()
	}
	return &p, n, nil
}

func noticeChanged() *Error {
	return refuse(wire.NoticeChanged, "the notice is no longer current; show the new one and ask again")
}
