package flow

import "ekycconnect/wasm/wire"

// outcome judges what the newest request came to.
func (f *Flow) outcome(e *Event) {
	if e.Kind == Failed {
		f.failed(e.Problem)
		return
	}
	r := e.Reply
	switch route := f.last.Route; {
	case route == Sessions && r.Opens() && r.Records():
		f.consent(r.Consent)
		f.opened(r)
	case route == Captchas && r.Opens():
		f.opened(r)
	case route == Declines && r.Records():
		f.recorded(r.Consent)
	case route == Answers && r.Answers():
		f.token = r.Token
		f.enter(Effect{State: Done, Token: r.Token, Seconds: r.ExpiresIn})
		f.do(Emit, Effect{Event: EventToken, Token: r.Token, Seconds: r.ExpiresIn})
		f.ends(TokenEnds, r.ExpiresIn)
	default: // something on the way answers in the relay's place
		f.failed(wire.ProblemOf(wire.Internal))
	}
}

func (f *Flow) opened(r wire.Reply) {
	f.session = r.Session
	f.ends(SessionEnds, r.ExpiresIn)
	f.want = picture
	f.do(Draw, Effect{Seq: f.seq, Picture: r.Captcha.Data})
}

// consent tells the page of a consent, once.
func (f *Flow) consent(c wire.Consent) {
	if c.ID == "" || c.ID == f.consentID {
		return
	}
	f.consentID, f.receipt = c.ID, c.ReceiptURL
	f.do(Emit, Effect{Event: EventConsent, Consent: c})
}

func (f *Flow) drawn() {
	if f.state == Captcha {
		f.said()
		f.screen.News = "picture-new" // what is typed stays: nothing is lost by a new picture
		return
	}
	f.repeats = 0
	reopened := f.last.Route == Captchas
	if reopened {
		f.do(Clear, Effect{}) // those letters were judged, or their time ran out
	}
	f.enter(Effect{State: Captcha})
	if reopened {
		f.screen.News = "picture-new"
		if f.screen.Wanted != "" {
			f.screen.News = ""
			f.calm = true // the person's last step was elsewhere: it is to be heard by itself
			f.wrong(f.screen.Wanted)
			f.screen.Wanted = ""
		}
	}
	f.settleRetries("")
}

func (f *Flow) recorded(c wire.Consent) {
	f.recording = -1
	if f.state == Declined { // recorded late
		f.refusalID = c.ID
		return
	}
	f.declined(c)
}

// failed judges the problem that answered the newest request.
func (f *Flow) failed(p wire.Problem) {
	if f.last.Route == Declines {
		f.unrecorded(p)
		return
	}
	if p.Consent != nil {
		f.consent(*p.Consent)
	}
	switch p.Code {
	case wire.NoticeChanged:
		f.over(true) // painted anew, then asked anew
		f.screen.Wanted = string(wire.NoticeChanged)
	case wire.SessionExpired, wire.ConsentWithdrawn:
		f.session = ""
		f.expire(p.Code)
	case wire.AnswerInvalid:
		if f.state != Answering {
			f.stop(p)
			return
		}
		f.enter(Effect{State: Captcha})
		f.wrong(string(p.Code))
	case wire.VendorBusy, wire.RateLimited:
		f.held(p)
	default:
		f.stop(p)
	}
}

// held is a limit, the vendor's or the relay's: it passes by itself.
func (f *Flow) held(p wire.Problem) {
	switch {
	case f.state == Captcha || f.state == Answering: // the picture shown still counts
		if f.state == Answering {
			f.enter(Effect{State: Captcha})
		}
		f.alert(string(p.Code))
		f.do(Emit, Effect{Event: EventError, Problem: p})
	case f.state == Starting && p.RetryAfter > 0 && p.RetryAfter <= maxWait && f.repeats < maxRepeats:
		f.repeats++
		f.enter(Effect{State: Waiting, Seconds: p.RetryAfter})
		f.timer(Repeat, p.RetryAfter)
		f.tick(p.RetryAfter)
	default:
		f.stop(p)
	}
}

// tick shows how many seconds are left to wait.
func (f *Flow) tick(left int) {
	f.screen.Left = left
	if left > 1 {
		f.timer(Tick, 1)
	}
}

// unrecorded: a refusal that the relay did not take. The person is let go; the
// record is tried again behind their back, a few times.
func (f *Flow) unrecorded(p wire.Problem) {
	if f.state != Declined {
		f.declined(wire.Consent{})
	}
	if f.recording < 0 || f.recording >= len(recordAgain) || !p.Retryable || p.Code == wire.NoticeChanged {
		f.recording = -1
		return
	}
	f.timer(Record, max(recordAgain[f.recording], min(p.RetryAfter, maxWait)))
	f.recording++
}

// stop ends in the state error, from where Again repeats what can be repeated.
func (f *Flow) stop(p wire.Problem) {
	f.repeats = 0
	f.enter(Effect{State: Error, Unreachable: p.Code == wire.Network})
	f.retryable = p.Retryable
	f.screen.Request = p.RequestID
	f.alert(string(p.Code))
	f.do(Emit, Effect{Event: EventError, Problem: p})
	f.settleRetries(p.Code)
}

// expire ends in the state expired.
func (f *Flow) expire(code wire.Code) {
	f.token = ""
	f.enter(Effect{State: Expired})
	switch {
	case code == wire.ConsentWithdrawn:
		f.alert(string(code))
	case f.session == "":
		f.alert(string(wire.SessionExpired))
	default:
		f.alert("expired")
	}
	f.do(Emit, Effect{Event: EventExpire})
	f.settleRetries(wire.SessionExpired)
}

func (f *Flow) elapsed(e *Event) {
	if e.Timer < 0 || e.Timer >= Timers || f.timers[e.Timer] != e.Seq || e.Seq == 0 {
		return
	}
	f.timers[e.Timer] = 0
	switch e.Timer {
	case SessionEnds:
		f.sessionEnds()
	case TokenEnds:
		if f.state == Done {
			f.calm = true
			f.expire("")
		}
	case EndsSoon:
		f.screen.News, f.screen.Seconds, f.screen.Left = soon, f.left, f.left
		f.forewarn()
	case Tick:
		if f.state == Waiting {
			f.tick(f.screen.Left - 1)
		}
	case Repeat:
		if f.state == Waiting {
			f.enter(Effect{State: Starting})
			f.post(f.last)
		}
	case Record:
		if f.state == Declined && f.want == nothing && f.recording >= 0 {
			f.post(f.last)
		}
	}
}

// sessionEnds: with a request under way the relay judges, not our clock.
func (f *Flow) sessionEnds() {
	switch f.state {
	case Done, Expired: // the token has a time of its own; a new picture is not to be had
		f.session = ""
		if f.state == Expired {
			f.alert(string(wire.SessionExpired))
		}
	case Starting, Captcha, Error:
		if f.want != reply {
			f.calm = true
			f.seq++ // a picture being drawn is of no use
			f.want, f.session = nothing, ""
			f.expire("")
		}
	}
}
