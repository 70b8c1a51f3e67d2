package consent

import "time"

// Kind is what an event says.
type Kind string

const (
	Given         Kind = "given"    // the person agreed; opens a record
	Refused       Kind = "refused"  // the person did not agree; opens a record
	Used          Kind = "used"     // one HTTP call to the vendor under a consent
	RedeemedEvent Kind = "redeemed" // the partner's back end redeemed a token

	WithdrawnEvent Kind = "withdrawn" // the consent is no longer in force
	ErasedEvent    Kind = "erased"    // the texts of all events before were blanked
)

// Decision is what a person decided and everything that the record of it needs.
type Decision struct {
	Site          string // sitekey
	Account       string // name of the vendor account
	Purpose       string // id of the purpose
	VendorPurpose string // the purpose in words, as shown and as the vendor gets it

	NoticeID, NoticeVersion string
	NoticeSHA256            string // lower-case hex, of the bytes that were shown

	Lang      string // BCP 47, shown
	Requested string // BCP 47, asked for

	ShownAt time.Time // from the presentation
	Nonce   string    // from the presentation

	Origin                     string
	Channel                    string // "widget" or "hosted"
	ClientVersion, ClientBuild string

	Actor         string // "self" or "guardian"
	Subject       string // the partner's reference, kept only as HMAC; without one a consent's principal is random
	SubjectSource string // "ticket", "page" or ""
	TicketID      string // id of the ticket, worth one `given`; kept only as HMAC
	Alternative   string // the other way that the person chose; refusals only

	// IdempotencyKey is kept only as an HMAC over site, kind and key. Digest is
	// of all members of the request: a repeat under the key must have the same.
	IdempotencyKey string
	Digest         [32]byte
}

// State is a consent, or a refusal, as the ledger knows it now.
type State struct {
	Committed
	Site    string
	Purpose string    // id
	Kind    Kind      // Given or Refused
	At      time.Time // when it was recorded; UTC, whole milliseconds
	Calls   int       // vendor calls for pictures so far
	OTP     OTPUse    // and those that followed
	New     bool      // it was recorded by the very call that returns it

	Withdrawn   bool
	WithdrawnAt time.Time // zero unless Withdrawn
}

// Call is one HTTP call to the vendor, whatever came of it.
type Call struct {
	Endpoint      string    // "connect", "reload-captcha", "generate-otp", "verify-otp"; never a URL
	Result        string    // "ok", or the code of the problem
	TransactionID string    // the vendor's; empty if it gave none
	At            time.Time // when the call was begun

	Took time.Duration // until it was answered; not recorded
}

// Redemption asks for what a token is worth.
type Redemption struct {
	ConsentID      string
	JTI            string // id of the token; kept only as HMAC
	IdempotencyKey string // may be empty: then no repeat is allowed
	Token          string // the whole token; kept only as HMAC, together with the key
	Reply          string // sealed: what a repeat is answered from
	Peek           bool   // judge, write nothing
	Expired        bool   // the token has run out, says its own time
}

// Redeemed is a redemption that was granted.
type Redeemed struct {
	At     time.Time // when the first redemption was recorded
	Reply  string    // that of the first redemption
	Repeat bool      // an earlier redemption under the same key and token
}

// Record is the exact text of what was recorded and all that followed.
type Record struct {
	ID     string
	Site   string
	Kind   Kind      // Given or Refused
	At     time.Time // UTC, whole milliseconds
	Body   []byte    // exact JSON of the first event
	Events []Event   // oldest first; the first one is the decision itself
}

// Event is one committed event.
type Event struct {
	Index int64 // place in the ledger, from 0, without a gap
	Kind  Kind
	At    time.Time // UTC, whole milliseconds
	Body  []byte    // exact JSON; empty once it is erased
	Call            // of a Used event, else zero
	Via   Via       // of a WithdrawnEvent or an ErasedEvent
}
