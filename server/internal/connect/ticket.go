package connect

import (
	"time"

	"ekycconnect/server/internal/seal"
	"ekycconnect/wasm/wire"
)

// The life that a partner may ask for in a ticket.
const (
	MinTicketLife = time.Minute
	MaxTicketLife = 24 * time.Hour
)

// Ticket mints the partner's word on who the visitor is. purpose, subject and
// life may be zero.
func (s *Service) Ticket(site *Site, purpose, subject string, life time.Duration) (ticket, expiresAt string, err error) {
	if purpose != "" {
		if refused := site.purpose(purpose); refused != nil {
			return "", "", refused
		}
	}
	if subject != "" {
		if code, ok := wire.Subject(subject); !ok {
			return "", "", refuse(code, "subject needs 1 to 128 printable characters, and no run of twelve digits")
		}
	}
	if life == 0 {
		life = s.Lifetimes.Ticket
	} else if life < MinTicketLife || life > MaxTicketLife {
		return "", "", refuse(wire.InvalidRequest, "ttl_s must be from 60 to 86400")
	}
	ends := s.Clock().Add(life)
	ticket, err = s.Sealer.SealUntil(&seal.Ticket{
		Base: seal.Base{Site: site.Sitekey, Purpose: purpose}, ID: nonce(), Subject: subject,
	}, ends)
	if err != nil {
		return "", "", &Error{Code: wire.Internal, Detail: "the ticket could not be sealed", Cause: err}
	}
	return ticket, Stamp(ends), nil
}
