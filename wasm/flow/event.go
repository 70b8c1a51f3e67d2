package flow

import "ekycconnect/wasm/wire"

// Kind says what happened: to the widget, on the wire, or in the page.
type Kind int

const (
	Bound      Kind = iota // the widget was handed over: Lang that is shown, Session: the page's attribute retry
	Press                  // a control was activated: Part, Trusted, Decision, Other, Typed
	Replied                // success of the Post with this Seq: Reply
	Failed                 // failure of the Post with this Seq: Problem
	Drawn                  // the Draw with this Seq is on the canvas
	Undrawable             // the Draw with this Seq is no picture
	Painted                // the Paint with this Seq is shown
	Unpainted              // the Paint with this Seq failed, the old view is still shown: Problem
	Elapsed                // the Wake with this Timer and Seq
	Language               // another language is wanted: Lang, Call
	Retry                  // the vendor refused the letters, says the page: Session, Call
	Reset                  // the form was reset
	Replaced               // the element stands for another sitekey or purpose now: Sitekey
	Resumed                // the page came back from the browser's cache
)

// Event is one thing that happened. Members that its Kind does not name are
// empty. (It is one type, not one a kind, since each type costs every visitor.)
type Event struct {
	_ incomparable

	Kind Kind
	Seq  int

	Part     Part
	Trusted  bool          // the person pressed this very control; no script did
	Decision wire.Decision // what a decision would be sent with, under a fresh idempotency key
	Other    string        // of Alternative: which one
	Typed    string        // of Submit: the letters as they are in the field
	Key      bool          // of Submit: by a key in the field, on no button

	Reply   wire.Reply
	Problem wire.Problem
	Timer   Timer
	Lang    string // BCP 47; "": as negotiated
	Session string // sealed; of Retry "": the one that the token came from
	Sitekey string
	Call    int // of the page, to be settled; 0: nobody waits
}

// incomparable keeps the compiler from writing a comparison for a type that
// nobody compares, which every visitor would load.
type incomparable [0]func()

// Part is a control of the view that the machine knows.
type Part string

const (
	Agree       Part = "agree"
	Decline     Part = "decline"
	Alternative Part = "alternative"
	Reload      Part = "reload"
	Submit      Part = "submit"
	CannotRead  Part = "cannot-read"
	Again       Part = "retry"
)

// Timer is one of the deadlines that the machine keeps.
type Timer int

const (
	SessionEnds Timer = iota
	TokenEnds
	EndsSoon // a session or a token does: to be told
	Repeat   // of what the vendor's limit held up
	Tick     // of the time until then
	Record   // of a refusal that could not be recorded
	Quiet    // after agree: no button acts
	Timers   // how many there are
)
