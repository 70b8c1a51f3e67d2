package seal

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Instant is a time as milliseconds since the Unix epoch.
type Instant int64

// Millis rounds t down to a whole millisecond.
func Millis(t time.Time) Instant { return Instant(t.UnixMilli()) }

// Time is the instant in UTC.
func (i Instant) Time() time.Time { return time.UnixMilli(int64(i)).UTC() }

// Base is in every sealed value. Member names are short: a token of a long subject
// must stay below 2,048 characters, and a presentation, which travels with each view
// and cannot be compressed, should add few bytes to it.
type Base struct {
	Site      string  `json:"s"` // sitekey
	Purpose   string  `json:"p"`
	IssuedAt  Instant `json:"i"`
	ExpiresAt Instant `json:"e"`
}

func (b *Base) base() *Base { return b }

// Presentation says that the relay rendered this notice when it was sealed. It
// may serve several decisions; each record carries its nonce.
type Presentation struct {
	Base      `json:",inline"`
	Requested string `json:"r,omitzero"` // the language that was asked for, where it is another
	Notice    Hash   `json:"h"`
	Nonce     string `json:"n"` // 128 random bits
}

func (*Presentation) kind() Kind { return KindPresentation }

// Hash is a SHA-256. It is sealed in base64, which takes two thirds of the room of hex.
type Hash [sha256.Size]byte

// HashOf reads the usual lower-case hex; ok is false for anything else.
func HashOf(digits string) (h Hash, ok bool) {
	if len(digits) != hex.EncodedLen(len(h)) || strings.ToLower(digits) != digits {
		return Hash{}, false
	}
	_, err := hex.Decode(h[:], []byte(digits))
	return h, err == nil
}

// Ticket is a partner's word on who the visitor is; worth one consent.
type Ticket struct {
	Base    `json:",inline"` // Purpose is empty when any purpose will do
	ID      string           `json:"jti"`
	Subject string           `json:"sub,omitzero"`
}

func (*Ticket) kind() Kind { return KindTicket }

// Consented is what sessions and tokens know about their consent.
type Consented struct {
	Base          `json:",inline"`
	Account       string  `json:"acct"`
	Origin        string  `json:"org"`
	Channel       string  `json:"chan"`
	ConsentID     string  `json:"cid"`
	GivenAt       Instant `json:"given"`
	NoticeSHA256  string  `json:"notice"`
	Lang          string  `json:"lang"`
	VendorSession string  `json:"vs"`
	Transaction   string  `json:"txn,omitzero"` // of the newest picture
	Subject       string  `json:"sub,omitzero"`
	SubjectSource string  `json:"src,omitzero"`
	Ticketed      bool    `json:"tkt,omitzero"` // the visitor came with a ticket
	Picture       int     `json:"pic"`          // the picture's number within the consent
}

// Session is the handle on a vendor session. It ends when the session does;
// each new picture makes a new one with the same end.
type Session struct {
	Consented `json:",inline"`
}

func (*Session) kind() Kind { return KindSession }

// Token is an answered picture. ConsentID and Picture together are what
// redeems once.
type Token struct {
	Consented   `json:",inline"`
	Answer      string  `json:"ans"`
	SessionEnds Instant `json:"ends"` // for the retry value
}

func (*Token) kind() Kind { return KindToken }
