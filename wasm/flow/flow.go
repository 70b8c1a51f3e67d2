// Package flow decides what the widget does: state × event → state + effects.
// It knows no browser, no clock, no randomness and no words, so that every
// order of presses, replies and failures can be tried natively. What must hold
// whatever happens: nothing is asked of the vendor before the person has
// pressed agree, and no token is shown that the relay did not give.
//
// Requests and timers carry sequence numbers; what comes back under an older
// number is ignored.
package flow

import "ekycconnect/wasm/wire"

// State is the public state of a widget.
type State string

const (
	Loading   State = "loading" // a new view is on its way; the notice shown may not be agreed to
	Notice    State = "notice"
	Starting  State = "starting" // a picture has been asked for
	Captcha   State = "captcha"
	Answering State = "answering"
	Done      State = "done"    // there is a token
	Waiting   State = "waiting" // the vendor's limit; repeats by itself
	Declined  State = "declined"
	Expired   State = "expired"
	Error     State = "error"
)

const (
	maxWait    = 60  // s; when the relay says longer, the person is shown the other way instead
	maxRepeats = 10  // waits in a row for one decision
	early      = 120 // s before the end of a session or a token it is told
	last       = 30  // s before it, it is told once more
	quiet      = 1   // s after agree in which no button acts: a finger often taps twice
)

// after a refusal that could not be recorded, it is tried again so many seconds later
var recordAgain = []int{2, 8, 30}

// want is what the flow is waiting for under the number Flow.seq.
type want int

const (
	nothing want = iota
	reply
	picture
)

// Flow is one widget's machine. Make it with [New].
type Flow struct {
	live  bool // a sitekey for real: only the person's own presses count
	state State
	calm  bool // no step of the person's making led here, so focus stays outside if it is there

	seq     int
	want    want
	last    Request // the newest request, for repeating it
	repeats int

	reason    Reason // of a refusal under way or made
	other     string // alternative chosen
	recording int    // the next of recordAgain; -1: nothing to record
	refusalID string

	retryable bool   // of what led to the state error
	session   string // sealed; "" when there is none or it is over
	consentID string // the newest that the page was told of
	receipt   string // where that one can be seen and withdrawn
	token     string

	paint       int // number of the newest paint
	painted     bool
	stale       bool   // the notice shown may not be agreed to any more
	lang, shown string // the language wanted and the one last painted; "": as negotiated

	numbers int // the newest number given to a timer
	timers  [Timers]int
	left    int // s that a session or a token has when EndsSoon elapses

	languages, retries []int // calls of the page to be settled

	screen Screen
	out    []Effect
}

// New makes the machine of a widget whose view has been painted.
func New(sitekey string) *Flow {
	f := &Flow{state: Loading, painted: true, recording: -1}
	f.sitekey(sitekey)
	return f
}

func (f *Flow) sitekey(key string) {
	const test = "pk_test_"
	f.live = len(key) < len(test) || key[:len(test)] != test
}

// State is the present state.
func (f *Flow) State() State { return f.state }

// Session is the sealed session that a new picture would be drawn in, or "".
func (f *Flow) Session() string { return f.session }

// Handle takes one event and says what to do, in this order. Events that make
// no sense now (late replies, second presses) change nothing.
func (f *Flow) Handle(e *Event) []Effect {
	f.out = nil
	switch e.Kind {
	case Bound:
		f.calm = true
		f.lang, f.shown = e.Lang, e.Lang
		if e.Session != "" {
			f.reopen(e.Session)
		} else {
			f.enter(Effect{State: Notice})
		}
	case Press:
		f.press(e)
	case Replied, Failed:
		if e.Seq == f.seq && f.want == reply {
			f.want = nothing
			f.outcome(e)
		}
	case Drawn:
		if e.Seq == f.seq && f.want == picture {
			f.want = nothing
			f.drawn()
		}
	case Undrawable:
		if e.Seq == f.seq && f.want == picture {
			f.want = nothing
			f.last = Request{Route: Captchas, Session: f.session}
			f.stop(wire.ProblemOf(wire.VendorBadAnswer))
		}
	case Painted:
		if e.Seq == f.paint && !f.painted {
			f.paintedNow()
		}
	case Unpainted:
		if e.Seq == f.paint && !f.painted {
			f.unpainted(e.Problem)
		}
	case Elapsed:
		f.elapsed(e)
	case Language:
		f.language(e)
	case Retry:
		f.retry(e)
	case Reset:
		f.calm = true
		f.over(f.stale)
	case Replaced:
		f.calm = true
		f.sitekey(e.Sitekey)
		f.over(true)
	case Resumed:
		if f.want == reply { // a browser may have dropped what was under way
			f.post(f.last)
		}
	}
	return f.out
}

func (f *Flow) do(what Do, e Effect) {
	e.Do = what
	for i := range f.out {
		if what == Focus && f.out[i].Do == Focus { // it moves once: a screen reader tells of the first move
			f.out[i] = e
			return
		}
	}
	f.out = append(f.out, e)
}

// enter changes the public state, and moves the focus when the panel changes. What
// was said in the old panel stays until then, so that nothing moves in it.
func (f *Flow) enter(e Effect) {
	was := f.state.panel()
	f.state = e.State
	f.screen.Seconds, f.screen.Left = e.Seconds, 0
	f.do(Enter, e)
	if e.State.panel() != was {
		f.said()
		f.do(Focus, Effect{Calm: f.calm})
	}
}

// post sends p under a new number; an older request under way is given up.
func (f *Flow) post(r Request) {
	f.seq++
	f.last, f.want = r, reply
	f.do(Post, Effect{Seq: f.seq, Request: r})
}

// locked says that the buttons of the panel do nothing now.
func (f *Flow) locked() bool {
	switch f.state {
	case Loading, Starting, Waiting, Answering:
		return true
	case Notice:
		return !f.painted || f.want != nothing
	case Captcha:
		return f.want != nothing
	}
	return false
}

// forget drops all that belongs to the present round. What is under way is
// given up; a reply to it would carry an old number.
func (f *Flow) forget() {
	if f.want == reply {
		f.do(Cancel, Effect{})
	}
	f.seq++
	f.want, f.last, f.repeats = nothing, Request{}, 0
	f.reason, f.other, f.recording, f.refusalID = "", "", -1, ""
	f.session, f.token = "", ""
	f.timers = [Timers]int{Quiet: f.timers[Quiet]}
	f.screen = Screen{Alert: f.screen.Alert, Alerts: f.screen.Alerts}
}

// over begins anew at the notice, which is painted afresh first if it is stale.
func (f *Flow) over(stale bool) {
	f.forget()
	f.settleRetries(wire.SessionInvalid)
	f.said()
	f.stale = stale
	if !stale {
		f.enter(Effect{State: Notice})
		return
	}
	f.enter(Effect{State: Loading})
	f.repaint()
}

func (f *Flow) timer(t Timer, seconds int) {
	f.numbers++
	f.timers[t] = f.numbers
	f.do(Wake, Effect{Timer: t, Seq: f.numbers, Seconds: max(seconds, 0)})
}

// ends sets the timer for the end of a session or a token, and is told of it before.
func (f *Flow) ends(t Timer, seconds int) {
	f.timer(t, seconds)
	f.left = seconds
	f.forewarn()
}

func (f *Flow) forewarn() {
	f.timers[EndsSoon] = 0
	at := last
	if f.left > early {
		at = early
	}
	if wait := f.left - at; wait > 0 {
		f.left = at
		f.timer(EndsSoon, wait)
	}
}

// wrong is an alert at the field.
func (f *Flow) wrong(key string) {
	f.screen.Wrong = true
	f.alert(key)
	f.do(Focus, Effect{Field: true, Calm: f.calm})
}

func (f *Flow) alert(key string) {
	f.screen.Alert = key
	f.screen.Alerts++
}

// said takes back what the panel shown says.
func (f *Flow) said() {
	f.screen.Alert, f.screen.Request, f.screen.Wrong, f.screen.News = "", "", false, ""
}

// Quiet says that no button acts now.
func (f *Flow) Quiet() bool { return f.timers[Quiet] != 0 }

func (f *Flow) settleRetries(code wire.Code) {
	for _, call := range f.retries {
		f.do(Settle, Effect{Call: call, Code: code})
	}
	f.retries = nil
}

func (f *Flow) settleLanguages(code wire.Code) {
	for _, call := range f.languages {
		f.do(Settle, Effect{Call: call, Code: code})
	}
	f.languages = nil
}
