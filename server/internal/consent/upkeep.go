package consent

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Upkeep is what a transaction writes besides events and look-ups: messages for
// partners, erasures, legal holds.
type Upkeep struct {
	Messages []Message    // new ones
	Settled  []Settlement // what became of messages
	// Blank removes body and salt of all events of these consents that are there
	// before the transaction, every claim, reply and subject row of theirs, and every
	// claim of an OTP call.
	Blank []uuid.UUID
	Hold  []Hold
	Free  []uuid.UUID // consents whose hold ends

	OTPEnded []Key      // claims of OTP calls that are taken away, before others are added
	OTPBegun []OTPClaim // new ones; one of a key that is there is an error
}

func (u Upkeep) isEmpty() bool {
	return len(u.Messages)+len(u.Settled)+len(u.Blank)+len(u.Hold)+len(u.Free)+len(u.OTPEnded)+len(u.OTPBegun) == 0
}

// Message tells a partner what became of a consent. It is written together with
// the event that it tells of, one for an event, and kept until it is delivered.
type Message struct {
	Index int64 // of the event
	Site  string
	Body  []byte // exact JSON
	Made  time.Time
	Due   time.Time // of the next try; zero once nobody tries any more
	Tries int       // so far

	// Of the event, filled in when a message is read.
	Kind    Kind
	Consent uuid.UUID
}

// Settlement is what became of a message after a try: it was delivered, or waits
// for another try at Due, or was given up, which a zero Due says.
type Settlement struct {
	Index     int64
	Delivered bool // or put away: it is deleted
	Due       time.Time
	Anew      bool // its tries are counted from the beginning
}

// Hold keeps a record from being erased, for as long as the law or a dispute
// asks for it.
type Hold struct {
	Consent uuid.UUID
	Reason  string
	Since   time.Time // UTC, whole milliseconds
}

// UpkeepReader reads what Upkeep writes.
type UpkeepReader interface {
	// Messages returns at most limit messages that wait, the one that is due
	// first first.
	Messages(ctx context.Context, limit int) ([]Message, error)

	// GivenUp returns at most limit messages that were given up, with an index above
	// after, by rising index.
	GivenUp(ctx context.Context, after int64, limit int) ([]Message, error)

	// MessageCount is how many messages wait, and how many were given up.
	MessageCount(ctx context.Context) (waiting, givenUp int, err error)

	// Holds returns the holds on these consents; all there are if consents is nil.
	Holds(ctx context.Context, consents []uuid.UUID) ([]Hold, error)

	// OTPClaims returns the claims of OTP calls under these keys, and those of these
	// consents, each once.
	OTPClaims(ctx context.Context, keys []Key, consents []uuid.UUID) ([]OTPClaim, error)

	// Decisions returns at most limit decisions with an index above after, by
	// rising index: those that were recorded from since to before until.
	Decisions(ctx context.Context, since, until time.Time, after int64, limit int) ([]RecordRef, error)

	// Old returns at most limit decisions with a record id above after, by rising id:
	// those of consents of which nothing was recorded since before, that were not
	// erased and are not held. An id begins with the time of its decision, see
	// [IDsFrom], whatever the order in which decisions were recorded.
	Old(ctx context.Context, before time.Time, after uuid.UUID, limit int) ([]RecordRef, error)
}

// Scrubber is a store that can remove the last traces of what was blanked: from free
// space, and from a write-ahead log.
type Scrubber interface {
	Scrub(ctx context.Context) error
}
