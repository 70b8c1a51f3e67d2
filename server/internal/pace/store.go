package pace

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Store is where the calls of one account are written down, by one relay or by
// several that share it. Who wants to send has a turn: it reads what the others have
// written since, decides, and writes, before anybody else has a turn. So every line
// knows all calls at the moment at which it decides, and goes by the store's clock,
// not by its machine's.
//
// A Store is one line's: it remembers what that line has read.
type Store interface {
	// Turn reads what is new, has decide say what to write, and writes that. decide is
	// called at most once and does not wait. It returns within seconds. After an error it
	// is not known whether it was written; if so, the next turn reads it.
	Turn(ctx context.Context, decide func(News) Decision) error

	// Now is the time of the store's clock, or earlier by at most behind: a clock that is
	// asked over a network is read at some time before its answer comes.
	Now() (at time.Time, behind time.Duration)

	// Terms are what the store asks of a line; they never change.
	Terms() Terms
}

// Terms are how a line deals with its store: what a turn takes, and how soon others
// must know what this line knows. The zero value is for a store whose turns take no
// time and that nobody else writes to.
type Terms struct {
	// Lead is how long before its moment a slot is granted: a turn, and what the
	// slot's holder does first, such as to commit a consent, then take no time of the
	// allowance.
	Lead time.Duration

	// Soon is how soon a correction is written that nobody waits for. 0: no other line
	// reads any.
	Soon time.Duration

	// Slack is how much later than written a call may be without a correction.
	Slack time.Duration

	// MostLate is how much later than its moment a call may go out; 0: as late as it
	// may be.
	MostLate time.Duration

	// Stale is how old the last turn may be where somebody comes; 0: of any age.
	Stale time.Duration

	// Courtesy is how much later a line has its turn for each one that was served less
	// recently.
	Courtesy time.Duration
}

// Database are the terms of a store in a database. Lead and MostLate together stay far
// below the second after which another call relies on one that was written.
var Database = Terms{
	Lead: 150 * time.Millisecond, Soon: 100 * time.Millisecond,
	Slack: 2 * time.Millisecond, MostLate: 500 * time.Millisecond,
	Stale: time.Second, Courtesy: 10 * time.Millisecond,
}

// News is what a line reads at its turn.
type News struct {
	All     bool      // Entries are those of the last day, not only what is new to this line
	Entries []Entry   // in the order in which they were written
	Paused  time.Time // no call goes out before
	Served  int64     // when this line was last granted a slot, by the number of its entry
	Others  []Other   // lines of other relays that are alive
}

// Decision is what a line writes at its turn.
type Decision struct {
	Entries []Entry
	Paused  time.Time // zero: nothing new
	Waiting Waiting   // in this line
}

// Entry says when a call has reached the vendor at the latest, in µs since the epoch
// by the store's clock. No two calls of an account have the same time, so a later
// entry corrects one by its time.
type Entry struct {
	At       int64 // 0: the call that was written with Was is not made
	Was      int64 // 0: a new call
	Site     string
	Ticketed bool
	Kind     Kind   // of a new call, or End
	Consent  string // which the call belongs to; "": not known yet, or as it was
}

// Waiting is how many wait, by class, those who go first first.
type Waiting [classes]int

// First is the first class in which somebody waits; the number of classes if nobody does.
func (w Waiting) First() (c int) {
	for c < len(w) && w[c] == 0 {
		c++
	}
	return c
}

// Other is another relay's line.
type Other struct {
	Waiting Waiting
	Served  int64
}

// ErrStore says that the store cannot be used now: nobody may send.
var ErrStore = errors.New("pace: the allowance that relays share cannot be read")

func broken(err error) error { return fmt.Errorf("%w: %w", ErrStore, err) }

// Memory is the [Store] of a relay that spends an account alone.
type Memory struct {
	begin time.Time
	day   []Entry // until they are read
	read  bool
}

// NewMemory makes a store that holds the calls of the last day, from before a restart,
// oldest first.
func NewMemory(day []Entry) *Memory { return &Memory{begin: time.Now(), day: day} }

// Turn implements [Store]: the line itself knows all calls.
func (m *Memory) Turn(_ context.Context, decide func(News) Decision) error {
	decide(News{All: !m.read, Entries: m.day})
	m.read, m.day = true, nil
	return nil
}

// Now implements [Store]. It does not jump when this machine's clock is set.
func (m *Memory) Now() (at time.Time, behind time.Duration) {
	return m.begin.Add(time.Since(m.begin)), 0
}

// Terms implements [Store].
func (m *Memory) Terms() Terms { return Terms{Lead: 50 * time.Millisecond} }
