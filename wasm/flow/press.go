package flow

import "ekycconnect/wasm/wire"

func (f *Flow) press(p *Event) {
	if f.Quiet() && !p.Key {
		return
	}
	f.calm = false
	switch p.Part {
	case Agree:
		f.agree(p)
	case Decline:
		f.refuse(p, ByDeclining)
	case Alternative:
		f.alternative(p)
	case CannotRead:
		if f.state == Captcha || f.state == Answering {
			f.leave(ByPicture, "")
		}
	case Reload:
		if f.state == Captcha && !f.locked() {
			f.screen.News = ""
			f.post(Request{Route: Captchas, Session: f.session})
		}
	case Submit:
		f.submit(p.Typed)
	case Again:
		f.again()
	}
}

// counts reports whether a press may stand for a decision: with live sitekeys
// no script can take it for the person.
func (f *Flow) counts(p *Event) bool {
	return f.state == Notice && !f.locked() && (p.Trusted || !f.live)
}

func (f *Flow) agree(p *Event) {
	if !f.counts(p) {
		return
	}
	f.forget()
	f.timer(Quiet, quiet)
	if member, code := p.Decision.Invalid(); code != "" { // the page is set up wrongly; nothing is sent
		problem := wire.ProblemOf(code)
		problem.Detail = member + " is missing or not of the documented form"
		f.stop(problem)
		return
	}
	f.enter(Effect{State: Starting})
	f.post(Request{Route: Sessions, Decision: p.Decision})
}

// refuse records that the person does not agree. Whatever becomes of the
// record, the person is let go.
func (f *Flow) refuse(p *Event, reason Reason) {
	if !f.counts(p) {
		return
	}
	f.forget()
	f.reason, f.other = reason, p.Other
	request := wire.DeclineRequest{Decision: p.Decision, Alternative: p.Other}
	if _, code := request.Invalid(); code != "" {
		f.declined(wire.Consent{})
		return
	}
	f.recording = 0
	f.post(Request{Route: Declines, Decision: p.Decision, Other: p.Other})
}

// alternative is the exit that every panel has. Before agreement it is a
// refusal; after it nothing more is recorded.
func (f *Flow) alternative(p *Event) {
	switch f.state {
	case Notice:
		f.refuse(p, ByOtherID)
	case Declined:
		f.do(Emit, Effect{Event: EventDecline, Consent: wire.Consent{ID: f.refusalID}, Other: p.Other, Reason: ByOtherID})
	case Done:
	default:
		f.leave(ByOtherID, p.Other)
	}
}

// leave ends the round without a word to the relay.
func (f *Flow) leave(reason Reason, other string) {
	f.forget()
	f.settleRetries(wire.SessionInvalid)
	f.reason, f.other = reason, other
	f.declined(wire.Consent{})
}

func (f *Flow) declined(c wire.Consent) {
	f.refusalID = c.ID
	f.enter(Effect{State: Declined})
	f.do(Emit, Effect{Event: EventDecline, Consent: c, Other: f.other, Reason: f.reason})
}

func (f *Flow) submit(typed string) {
	if f.state != Captcha || f.locked() {
		return
	}
	f.screen.News, f.screen.Wrong = "", false
	answer, ok := wire.Answer(typed)
	if !ok {
		key := string(wire.AnswerInvalid)
		if wire.HasTwelveDigits(typed) {
			key = "answer-twelve-digits"
		}
		f.wrong(key)
		return
	}
	f.enter(Effect{State: Answering})
	f.post(Request{Route: Answers, Session: f.session, Answer: answer})
}

// again is the button of the panels that end a round.
func (f *Flow) again() {
	switch f.state {
	case Declined:
		f.over(f.stale)
	case Done:
		if f.screen.Left > 0 && f.session != "" {
			f.reopen(f.session)
		}
	case Expired:
		if f.session != "" { // the token ran out, the consent and its session did not
			f.reopen(f.session)
			return
		}
		f.over(true)
	case Error:
		last := f.last
		switch {
		case !f.retryable || last.Route == "":
			f.over(true)
		case last.Route == Answers:
			f.enter(Effect{State: Answering})
			f.post(last)
		default: // the same decision under the same key, or the same session
			f.repeats = 0
			f.enter(Effect{State: Starting})
			f.post(last)
		}
	}
}

// retry: the partner's back end was told by the vendor that the letters were
// wrong. The consent stands; only the picture is new.
func (f *Flow) retry(e *Event) {
	session := e.Session
	if session == "" {
		session = f.session
	}
	if session == "" {
		if e.Call != 0 {
			f.do(Settle, Effect{Call: e.Call, Code: wire.SessionInvalid})
		}
		return
	}
	if e.Call != 0 {
		f.retries = append(f.retries, e.Call)
	}
	if f.want != nothing && f.screen.Wanted == "again" && f.last.Session == session {
		return // one picture is on its way already
	}
	f.calm = e.Call == 0
	f.reopen(session)
	f.screen.Wanted = "again"
}

// reopen asks for a new picture in a session that stands. Any consent for it
// was given before.
func (f *Flow) reopen(session string) {
	f.forget()
	f.session = session
	f.enter(Effect{State: Starting})
	f.post(Request{Route: Captchas, Session: session})
}
