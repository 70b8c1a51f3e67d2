package flow

import "ekycconnect/wasm/wire"

// Event is something that happened: to the widget, on the wire, or in the page.
type Event interface{ event() }

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
	Repeat // of what the vendor's limit held up
	Record // of a refusal that could not be recorded
	timers
)

type (
	// Bound: the widget has been handed over. Session is the page's attribute
	// retry, if there is one.
	Bound struct{ Session string }

	// Press: a control was activated. Trusted says that the browser, not a
	// script, made the event. Decision is what a decision would be sent with
	// now, under a fresh idempotency key.
	Press struct {
		Part     Part
		Trusted  bool
		Decision wire.Decision
		Other    string // of Alternative: which way
		Typed    string // of Submit
	}

	// Began answers a Post to Sessions.
	Began struct {
		Seq   int
		Reply wire.SessionReply
	}
	// Recorded answers a Post to Declines.
	Recorded struct {
		Seq   int
		Reply wire.DeclineReply
	}
	// Pictured answers a Post to Captchas.
	Pictured struct {
		Seq   int
		Reply wire.CaptchaReply
	}
	// Answered answers a Post to Answers.
	Answered struct {
		Seq   int
		Reply wire.AnswerReply
	}
	// Failed answers any Post.
	Failed struct {
		Seq     int
		Problem wire.Problem
	}

	// Drawn and Undrawable answer a Draw.
	Drawn      struct{ Seq int }
	Undrawable struct{ Seq int }

	// Painted and Unpainted answer a Paint.
	Painted   struct{ Seq int }
	Unpainted struct {
		Seq     int
		Problem wire.Problem
	}

	// Elapsed answers a Wake.
	Elapsed struct {
		Timer Timer
		Seq   int
	}

	// Language: the person or the page (Call is not 0) wants another language.
	Language struct {
		Lang string
		Call int
	}

	// Retry: the vendor refused the letters, says the page. Session is
	// siteverify's retry value, or "" for the session that the token came from.
	Retry struct {
		Session string
		Call    int // 0: by the attribute
	}

	// Reset: the form was reset.
	Reset struct{}
	// Replaced: the widget stands for another sitekey or purpose now.
	Replaced struct{ Sitekey string }
	// Resumed: the page came back from the browser's cache.
	Resumed struct{}
)

func (Bound) event()      {}
func (Press) event()      {}
func (Began) event()      {}
func (Recorded) event()   {}
func (Pictured) event()   {}
func (Answered) event()   {}
func (Failed) event()     {}
func (Drawn) event()      {}
func (Undrawable) event() {}
func (Painted) event()    {}
func (Unpainted) event()  {}
func (Elapsed) event()    {}
func (Language) event()   {}
func (Retry) event()      {}
func (Reset) event()      {}
func (Replaced) event()   {}
func (Resumed) event()    {}
