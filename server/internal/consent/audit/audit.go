// Package audit checks a whole ledger against its log: every row against its
// leaf, every stored hash, every kept checkpoint, every look-up, and what was
// seen of the log elsewhere. It believes no row that it cannot derive, and names
// the first that is wrong.
package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/translog"
	"ekycconnect/server/internal/consent/translog/checkpoint"
)

// Source is a ledger's rows, all of one moment.
type Source interface {
	Head(ctx context.Context) (Head, error) // zero if there is none
	LogKeys(ctx context.Context) ([]string, error)
	Forks(ctx context.Context) ([]translog.Fork, error)

	// Checkpoints gives the published ones by rising size.
	Checkpoints(ctx context.Context, each func(translog.Head) error) error

	// Notices gives every notice; the bytes are valid during the call only.
	Notices(ctx context.Context, each func(name, bytes []byte) error) error

	// Rows gives every event by rising index with all that belongs to it, and
	// what belongs to none; the bytes are valid during the call only.
	Rows(ctx context.Context, each func(Row) error) error

	// OTPClaims gives every claim of a call.
	OTPClaims(ctx context.Context, each func(consent.OTPClaim) error) error

	// Loose gives each row for which no event's text vouches, as in "hold 0f3a…": the
	// sum that is kept of it, nil if an older relay wrote it, and the sum of its values.
	Loose(ctx context.Context, each func(row string, kept, sum []byte) error) error

	// Indexes looks up every row by every index: what a relay asks for it reads by
	// those, and not as Rows does. Its error is a *[Fault] if a row is not found, or if
	// the tables are not those that the program makes.
	Indexes(ctx context.Context) error
}

// Head is the newest checkpoint, and what is recorded of published ones.
type Head struct {
	translog.Head
	Checkpoints int   // how many were published
	Published   int64 // size of the last of them
}

// Row is an event as it is kept in several tables.
type Row struct {
	Index   int64
	There   bool // false: other tables have rows of an event that is not there
	Text    bool // there is a row with Body and Salt
	Hash    bool // there is a row with Entry and Above
	Kind    consent.Kind
	Consent []byte
	Site    []byte
	At      time.Time

	Body, Salt   []byte
	Entry, Above []byte
	Claims       []consent.Claim
	Subjects     []consent.Key // under which the event is found
	Damaged      bool          // a look-up row has not the form of one
}

// Seen is a checkpoint of the log from outside the store.
type Seen struct {
	Where string // for people: a file's name
	Note  []byte
}

// Options is what the log is checked against.
type Options struct {
	Origin string   // the log's name; "" takes the one in the store
	Keys   []string // verifier keys of the settings, the newest first; none takes those in the store
	Seen   []Seen
}

// Report is what a log that is good holds.
type Report struct {
	Origin      string
	Size        int64 // events
	Records     int64 // decisions
	Erased      int64 // records whose texts were erased
	Checkpoints int
	Root        tlog.Hash
	Forks       []translog.Fork
}

// Fault is the first row that is wrong.
type Fault struct {
	Row  string // as in "event 17"
	Text string
}

func (f *Fault) Error() string { return f.Row + ": " + f.Text }

func fault(row, format string, args ...any) error {
	return &Fault{row, fmt.Sprintf(format, args...)}
}

// Verify checks everything.
//
// Errors: *[Fault]; another error says that the check could not be made.
func Verify(ctx context.Context, from Source, o Options) (Report, error) {
	a := &auditor{notices: map[[32]byte]bool{}, known: map[int64]tlog.Hash{}, blank: map[uuid.UUID]int64{}, erased: map[uuid.UUID]int64{}, rows: map[uuid.UUID]*consent.Rows{}}
	if err := a.readHead(ctx, from, o); err != nil {
		return Report{}, err
	}
	if err := from.Notices(ctx, a.notice); err != nil {
		return Report{}, err
	}
	if err := a.readCheckpoints(ctx, from, o); err != nil {
		return Report{}, err
	}
	if err := a.reach(0); err != nil {
		return Report{}, err
	}
	if err := a.readOTPClaims(ctx, from); err != nil {
		return Report{}, err
	}
	if err := readAhead(ctx, from, a.row); err != nil {
		return Report{}, err
	}
	if err := a.otpLeft(); err != nil {
		return Report{}, err
	}
	if err := a.whole(); err != nil {
		return Report{}, err
	}
	if err := from.Loose(ctx, loose); err != nil {
		return Report{}, err
	}
	if err := from.Indexes(ctx); err != nil {
		return Report{}, err
	}
	forks, err := from.Forks(ctx)
	if err != nil {
		return Report{}, err
	}
	return Report{
		Origin: a.head.Origin, Size: a.head.Size, Records: a.records, Erased: int64(len(a.erased)),
		Checkpoints: a.head.Checkpoints, Root: a.root, Forks: forks,
	}, nil
}

type auditor struct {
	head      Head
	verifiers note.Verifiers
	targets   []target // checkpoints that are still to come, by rising size

	notices map[[32]byte]bool
	next    int64               // index of the next row
	known   map[int64]tlog.Hash // what the next hashes are made from
	root    tlog.Hash
	records int64
	blank   map[uuid.UUID]int64         // by record: its last blank event
	erased  map[uuid.UUID]int64         // by record: its last `erased` event
	rows    map[uuid.UUID]*consent.Rows // by record of which something is blank: its events so far
	otp     otpClaims
}

// target is a checkpoint that the tree must fit when it is so long.
type target struct {
	checkpoint.Checkpoint
	name string
}

func (a *auditor) readHead(ctx context.Context, from Source, o Options) (err error) {
	if a.head, err = from.Head(ctx); err != nil {
		return err
	}
	if a.head.Note == nil {
		return fault("head", "it is missing: the log has no newest checkpoint")
	}
	origin := o.Origin
	if origin == "" {
		origin = a.head.Origin
	}
	if a.head.Origin != origin {
		return fault("head", "its origin is %q and must be %q", a.head.Origin, origin)
	}
	if c, _, err := checkpoint.Parse(a.head.Note); err != nil || c.Origin != origin {
		return fault("head", "its note is not a checkpoint of %q", origin)
	}
	recorded, err := from.LogKeys(ctx)
	if err != nil {
		return err
	}
	own := o.Keys
	if len(own) == 0 {
		own = recorded
	}
	ownKeys, err := verifiersOf(own, origin)
	if err != nil {
		return err
	}
	// The newest checkpoint is signed with today's keys, earlier ones with earlier keys.
	if _, err := checkpoint.Open(a.head.Note, origin, ownKeys); err != nil {
		return fault("head", "its checkpoint does not open: %v", err)
	}
	a.verifiers, err = verifiersOf(append(append([]string{}, own...), recorded...), origin)
	return err
}

func verifiersOf(keys []string, origin string) (note.Verifiers, error) {
	var all []note.Verifier
	seen := map[string]bool{}
	for _, text := range keys {
		if seen[text] {
			continue
		}
		seen[text] = true
		verifier, err := note.NewVerifier(text)
		if err != nil || verifier.Name() != origin {
			return nil, fault("log_key", "%q is not a key of the log %q", text, origin)
		}
		all = append(all, verifier)
	}
	return note.VerifierList(all...), nil
}

// whole checks that nothing is lacking, after all rows were seen.
func (a *auditor) whole() error {
	if a.next != a.head.Size {
		return fault(fmt.Sprintf("event %d", a.next), "it is missing, and %d after it: the newest checkpoint covers %d events", a.head.Size-a.next-1, a.head.Size)
	}
	var first error
	least := int64(-1)
	for record, index := range a.blank {
		if by, ok := a.erased[record]; (!ok || by < index) && (least < 0 || index < least) {
			least = index
			first = fault(fmt.Sprintf("event %d", index), "its text is blank, and no event says that the record was erased")
		}
	}
	return first
}

func loose(row string, kept, sum []byte) error {
	if kept != nil && !bytes.Equal(kept, sum) {
		return fault(row, "its values are not those that it was written with")
	}
	return nil
}

// IsFault reports whether err names a row that is wrong, and is not a failure to
// look.
func IsFault(err error) bool {
	var f *Fault
	return errors.As(err, &f)
}
