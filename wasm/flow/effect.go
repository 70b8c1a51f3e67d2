package flow

import "ekycconnect/wasm/wire"

// Do says what is to be done.
type Do int

const (
	// Enter makes State public: attribute, custom state, value of the field. With
	// Done come Token and Seconds (its life), with Waiting Seconds, with Error
	// Unreachable.
	Enter Do = iota
	// Post sends Request under Seq. Only the newest one matters.
	Post
	// Cancel gives up the request under way.
	Cancel
	// Draw puts Picture onto the canvas, under Seq.
	Draw
	// Paint fetches and shows the view in Lang, under Seq.
	Paint
	// Focus goes to the heading of the panel shown. Calm: only if the focus is
	// inside the widget already, since the person did not ask for this step. Field: it
	// goes to the field for the letters instead.
	Focus
	// Clear empties the field for the letters.
	Clear
	// Wake asks for Elapsed with Timer and Seq after Seconds; an earlier Wake of
	// the same Timer is forgotten.
	Wake
	// Settle answers Call of the page: done, or refused with Code.
	Settle
	// Emit tells the page Event: Consent; Consent, Other and Reason; Token and
	// Seconds; Problem.
	Emit
)

// Effect is one thing to be done. Members that its Do does not name are empty.
type Effect struct {
	_ incomparable

	Do  Do
	Seq int

	State       State
	Token       string
	Seconds     int
	Unreachable bool // the relay could not be reached at all

	Request Request
	Picture string // base64 of a JPEG
	Lang    string // BCP 47; "": as negotiated
	Calm    bool
	Field   bool
	Timer   Timer
	Call    int
	Code    wire.Code

	Event   string
	Consent wire.Consent
	Other   string
	Reason  Reason
	Problem wire.Problem
}

// Route is the last part of a relay's POST route.
type Route string

const (
	Sessions Route = "sessions"
	Declines Route = "declines"
	Captchas Route = "captchas"
	Answers  Route = "answers"
)

// Request is the body of a Post: Decision (and Other) of Sessions and Declines,
// Session (and Answer) of Captchas and Answers.
type Request struct {
	_ incomparable

	Route    Route
	Decision wire.Decision
	Other    string
	Session  string
	Answer   string
}

// Reason says why a person did not go on.
type Reason string

const (
	ByDeclining Reason = "declined"
	ByOtherID   Reason = "other-id"
	ByPicture   Reason = "cannot-read"
)

// Names of the events on the element.
const (
	EventConsent = "ekyc-consent"
	EventDecline = "ekyc-decline"
	EventToken   = "ekyc-token"
	EventExpire  = "ekyc-expire"
	EventError   = "ekyc-error"
)
