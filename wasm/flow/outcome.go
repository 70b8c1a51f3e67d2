package flow

import "ekycconnect/wasm/wire"

// takes reports whether a reply under this number to this route is awaited.
func (f *Flow) takes(seq int, route Route) bool {
	if seq != f.seq || f.want != reply || f.last.Route != route {
		return false
	}
	f.want = nothing
	return true
}

func (f *Flow) began(e Began) {
	if !f.takes(e.Seq, Sessions) {
		return
	}
	f.consent(e.Reply.Consent)
	f.opened(e.Reply.Session, e.Reply.ExpiresIn, e.Reply.Captcha)
}

func (f *Flow) pictured(e Pictured) {
	if !f.takes(e.Seq, Captchas) {
		return
	}
	f.opened(e.Reply.Session, e.Reply.ExpiresIn, e.Reply.Captcha)
}

func (f *Flow) opened(session string, seconds int, c wire.Captcha) {
	f.session = session
	f.timer(SessionEnds, seconds)
	f.want = picture
	f.do(Draw{Seq: f.seq, Picture: c.Data})
}

// consent tells the page of a consent, once.
func (f *Flow) consent(c wire.Consent) {
	if c.ID == "" || c.ID == f.consentID {
		return
	}
	f.consentID = c.ID
	f.emit(Emit{Type: EventConsent, Consent: c})
}

func (f *Flow) drawn(e Drawn) {
	if e.Seq != f.seq || f.want != picture {
		return
	}
	f.want = nothing
	if f.state == Captcha {
		f.screen.News = "picture-new" // what is typed stays: nothing is lost by a new picture
		return
	}
	f.repeats = 0
	if f.last.Route == Captchas {
		f.do(Clear{}) // those letters were judged, or their time ran out
		f.screen.News = "picture-new"
		if f.screen.Wanted != "" {
			f.screen.News = ""
			f.alert(f.screen.Wanted)
			f.screen.Wanted = ""
		}
	}
	f.enter(Enter{State: Captcha})
	f.settleRetries("")
}

func (f *Flow) answered(e Answered) {
	if !f.takes(e.Seq, Answers) {
		return
	}
	f.token = e.Reply.Token
	f.enter(Enter{State: Done, Token: f.token, ExpiresIn: e.Reply.ExpiresIn})
	f.emit(Emit{Type: EventToken, Token: f.token, ExpiresIn: e.Reply.ExpiresIn})
	f.timer(TokenEnds, e.Reply.ExpiresIn)
}

func (f *Flow) recorded(e Recorded) {
	if !f.takes(e.Seq, Declines) {
		return
	}
	f.recording = -1
	if f.state == Declined { // recorded late
		f.refusalID = e.Reply.Consent.ID
		return
	}
	f.declined(e.Reply.Consent)
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
		f.enter(Enter{State: Captcha})
		f.screen.Wrong = true
		f.alert(string(p.Code))
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
			f.enter(Enter{State: Captcha})
		}
		f.alert(string(p.Code))
		f.emit(Emit{Type: EventError, Problem: p})
	case f.state == Starting && p.RetryAfter > 0 && p.RetryAfter <= maxWait && f.repeats < maxRepeats:
		f.repeats++
		f.enter(Enter{State: Waiting, RetryAfter: p.RetryAfter})
		f.timer(Repeat, p.RetryAfter)
	default:
		f.stop(p)
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
	f.screen.News, f.screen.Wrong = "", false
	f.screen.Problem = p
	f.alert(string(p.Code))
	f.enter(Enter{State: Error, Unreachable: p.Code == wire.Network})
	f.emit(Emit{Type: EventError, Problem: p})
	f.settleRetries(p.Code)
}

// expire ends in the state expired.
func (f *Flow) expire(code wire.Code) {
	f.token = ""
	f.screen.News, f.screen.Wrong = "", false
	switch {
	case code == wire.ConsentWithdrawn:
		f.alert(string(code))
	case f.session == "":
		f.alert("session-again")
	default:
		f.alert("expired")
	}
	f.enter(Enter{State: Expired})
	f.emit(Emit{Type: EventExpire})
	f.settleRetries(wire.SessionExpired)
}

func (f *Flow) elapsed(e Elapsed) {
	if e.Timer < 0 || e.Timer >= timers || f.timers[e.Timer] != e.Seq || e.Seq == 0 {
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
	case Repeat:
		if f.state == Waiting {
			f.enter(Enter{State: Starting})
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
			f.alert("session-again")
		}
	case Captcha, Error:
		if f.want != reply {
			f.calm = true
			f.seq++ // a picture being drawn is of no use
			f.want, f.session = nothing, ""
			f.expire("")
		}
	}
}
