package pace

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Book is where the relays that share an account write down when each of its calls
// goes out. Whoever wants to send has a turn: it reads what the others have written
// since, and writes, before anybody else has one. So every line knows all calls
// at the moment at which it decides, and goes by the book's clock, not by its
// machine's.
//
// A book is one line's: it remembers what that line has read.
type Book interface {
	// Turn reads what is new, has f say what to write, and writes that. f is called
	// at most once and does not wait. After an error it is not known whether it was
	// written; if so, the next turn reads it.
	Turn(ctx context.Context, f func(Page) Note) error

	// Now is the time of the book's clock.
	Now() time.Time
}

// Page is what a line reads in the book.
type Page struct {
	All     bool      // Entries are those of the last day, not only what is new to this line
	Entries []Entry   // oldest first
	Paused  time.Time // no call goes out before
	Served  int64     // when this line was last given a moment, by the number of its entry
	Others  []Other   // lines of other relays that are alive
}

// Note is what a line writes in the book.
type Note struct {
	Entries []Entry
	Paused  time.Time // zero: nothing new
	Waiting int       // visitors in this line
}

// Entry says when a call is noted as having reached the vendor, in µs since the
// epoch by the book's clock. A later one may correct it.
type Entry struct {
	At       int64 // 0: the call that was noted with Was is not made
	Was      int64 // 0: a new call
	Site     string
	Ticketed bool
}

// Other is another relay's line.
type Other struct {
	Waiting int
	Served  int64
}

// ErrBook says that the book cannot be used now: nobody may send.
var ErrBook = errors.New("pace: the allowance that relays share cannot be read")

// Spent says that a site has used up its own day. After is when it may call
// again.
type Spent struct{ After time.Duration }

func (*Spent) Error() string { return "pace: the site's day is used up" }

func broken(err error) error { return fmt.Errorf("%w: %w", ErrBook, err) }
