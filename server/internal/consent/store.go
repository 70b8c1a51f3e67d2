package consent

import (
	"context"
	"time"

	"github.com/google/uuid"

	"ekycconnect/server/internal/consent/translog"
)

// Store keeps the ledger's rows. It knows nothing of what they mean: every
// rule is judged by the [Ledger], inside the transaction, on rows that the
// store read for it. Package storetest holds the suite that every
// implementation passes.
//
// A store may be called by many goroutines at once. The ledger calls Update
// from one of its own only, but several relays may share one store, so
// transactions must not overlap: what Update's function reads must stay true
// until it has written.
type Store interface {
	Reader

	// Update runs f in a transaction of its own, which is durable if and only
	// if Update returns nil. If f returns an error, nothing is written and
	// Update returns that error. The context bounds the wait before the
	// transaction, never the transaction itself. f may be run again from the
	// start after a conflict between stores.
	//
	// An error wraps [ErrUnavailable] if nothing was written and a later try may
	// succeed (locked, full, read-only, cannot open), and [ErrUnknownOutcome] if
	// it cannot be told what was written. After any other error nothing was
	// written either.
	Update(ctx context.Context, f func(Tx) error) error

	// TakeMessage returns the message that is due first, if it is due by now, and
	// sees to it that no other relay on this store takes it before until. If none
	// is due, ok is false, and next is when the first will be; zero if none waits. A
	// message is due as well if its due time is of a clock that was ahead: beyond
	// [MostPutOff] from now, or [MaxAhead] after until if there was no try.
	TakeMessage(ctx context.Context, now, until time.Time) (m Message, ok bool, next time.Time, err error)

	// Ready returns nil if a consent can be recorded. If no event was recorded within
	// the last [ProofLasts], or the last Update failed, it finds out by writing [Room]
	// bytes, which no reader sees.
	Ready(ctx context.Context) error

	// Close waits for running calls. Later calls return [ErrUnavailable].
	Close() error
}

// Reader reads committed rows; inside a transaction those are all there are.
// Errors of a store that cannot be read wrap [ErrUnavailable].
type Reader interface {
	// Claims returns those of keys that are taken, in any order.
	Claims(ctx context.Context, keys []Key) ([]Claim, error)

	// Events returns all events of these consents with their bodies, those of
	// one consent by rising index.
	Events(ctx context.Context, consents []uuid.UUID) ([]Entry, error)

	// Decision returns the index, the body and the salt of a consent's first event, by
	// which it was given or refused, or [ErrNotFound]. The rest of the entry may be zero.
	Decision(ctx context.Context, consent uuid.UUID) (Entry, error)

	// Range returns at most limit entries with their bodies, from index from on.
	Range(ctx context.Context, from int64, limit int) ([]Entry, error)

	// BySubject returns at most limit records about the subject behind key whose
	// decisions have an index below before, by falling index.
	BySubject(ctx context.Context, key Key, before int64, limit int) ([]RecordRef, error)

	// Notice returns the bytes stored under their SHA-256, or [ErrNotFound].
	Notice(ctx context.Context, sum [32]byte) ([]byte, error)

	// Fingerprints and Redemptions are those of [KeyReader].
	Fingerprints(ctx context.Context) ([]Fingerprint, error)
	Redemptions(ctx context.Context, limit int) ([]Claim, error)

	UpkeepReader
	translog.Reader
}

// Tx is a transaction.
type Tx interface {
	Reader

	// Size is the number of events, and so the index of the next, and when the
	// newest was recorded, zero if there is none.
	Size(ctx context.Context) (n int64, newest time.Time, err error)

	// ForgetMessages deletes messages that were given up and made before a time.
	ForgetMessages(ctx context.Context, before time.Time) (int, error)

	// Append writes b. Beginning a log takes several; else there is one, after all
	// reading. An entry
	// with an index other than the next one, or a key that is taken, is an error.
	Append(ctx context.Context, b Batch) error
}

// Key is a keyed hash under which something is found again: 128 bits of an
// HMAC-SHA-256 whose key is its use's own, so that keys of different uses never meet.
// A token's begins with 48 bits of time instead.
type Key [16]byte

// Entry is one event as it is kept. The row itself is never changed or
// deleted; its body is kept apart, so that it can be blanked.
type Entry struct {
	Index   int64
	Kind    Kind
	Consent uuid.UUID
	Site    string
	At      time.Time // UTC, whole milliseconds
	Body    []byte    // exact JSON; empty once it is erased
	Salt    []byte    // 32 bytes, kept and blanked with the body
}

// Claim is something that is worth one event: an idempotency key, a ticket, a
// token. There is at most one for a key, ever.
type Claim struct {
	Key   Key
	Index int64  // of the event that took it
	Proof Key    // what a repeat must bring; zero if nothing is allowed to repeat
	Reply string // sealed answer for a repeat; a store drops it after Batch.Forget

	// Of the event, filled in by Claims.
	Consent uuid.UUID
	At      time.Time
}

// SubjectRow is a row of the index by subject: the decision at Index is about the
// person behind Key.
type SubjectRow struct {
	Key   Key
	Index int64
}

// RecordRef points to a record.
type RecordRef struct {
	Index   int64 // of its decision
	Consent uuid.UUID
}

// Notice is the exact text that was shown.
type Notice struct {
	SHA256 [32]byte
	Bytes  []byte
}

// Batch is everything that one transaction writes.
type Batch struct {
	Entries  []Entry // with consecutive indexes from Size on
	Claims   []Claim
	Subjects []SubjectRow
	Notices  []Notice // those that are there already are left as they are

	Fingerprints []Fingerprint // new ones

	// Log is what is written of the log: as many leaves as there are entries, except
	// when a log begins with entries that were written before it.
	Log translog.Update

	Upkeep Upkeep

	// Forget: replies of claims made before this time need not be kept.
	Forget time.Time
}

func (b Batch) isEmpty() bool {
	return len(b.Entries) == 0 && len(b.Claims) == 0 && len(b.Subjects) == 0 && len(b.Notices) == 0 &&
		len(b.Fingerprints) == 0 && b.Log.IsEmpty() && b.Upkeep.isEmpty()
}
