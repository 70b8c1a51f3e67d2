package flow

import "ekycconnect/wasm/wire"

// Effect is something to be done, described as data.
type Effect interface{ effect() }

// Route is the last part of a relay's POST route.
type Route string

const (
	Sessions Route = "sessions"
	Declines Route = "declines"
	Captchas Route = "captchas"
	Answers  Route = "answers"
)

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

type (
	// Enter makes State public: attribute, custom state, value of the field.
	Enter struct {
		State       State
		Token       string // with Done
		ExpiresIn   int    // with Done; seconds
		RetryAfter  int    // with Waiting; seconds
		Unreachable bool   // with Error: the relay could not be reached
	}

	// Post sends a request to the relay. Decision and Other are the body of
	// Sessions and Declines, Session (and Answer) that of Captchas and Answers.
	// Only the newest Post matters.
	Post struct {
		Seq      int
		Route    Route
		Decision wire.Decision
		Other    string
		Session  string
		Answer   string
	}

	// Cancel gives up the request under way.
	Cancel struct{}

	// Draw shows a picture, base64 of a JPEG.
	Draw struct {
		Seq     int
		Picture string
	}

	// Paint fetches the view in a language ("": as negotiated) and shows it.
	Paint struct {
		Seq  int
		Lang string
	}

	// Focus goes to the heading of the panel shown. Calm: only if the focus is
	// inside the widget already, since the person did not ask for this step.
	Focus struct{ Calm bool }

	// Clear empties the field for the letters.
	Clear struct{}

	// Wake asks for Elapsed after Seconds; an earlier Wake of the same Timer is
	// forgotten.
	Wake struct {
		Timer   Timer
		Seq     int
		Seconds int
	}

	// Settle answers a call of the page: done, or refused with Code.
	Settle struct {
		Call int
		Code wire.Code
	}

	// Emit tells the page. Which members are filled depends on Type.
	Emit struct {
		Type      string
		Consent   wire.Consent // consent, decline
		Other     string       // decline
		Reason    Reason       // decline
		Token     string       // token
		ExpiresIn int          // token; seconds
		Problem   wire.Problem // error
	}
)

func (Enter) effect()  {}
func (Post) effect()   {}
func (Cancel) effect() {}
func (Draw) effect()   {}
func (Paint) effect()  {}
func (Focus) effect()  {}
func (Clear) effect()  {}
func (Wake) effect()   {}
func (Settle) effect() {}
func (Emit) effect()   {}
