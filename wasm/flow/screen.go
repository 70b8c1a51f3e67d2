package flow

// Screen is all that the panels show besides the view itself. It is complete,
// so that it can be shown again after the view was painted in another language.
type Screen struct {
	_ incomparable

	Panel   string // "notice", "captcha", "done", "declined", "error"
	Busy    Part   // the control whose work is under way, or ""
	Picture bool   // a picture is on its way
	Locked  bool   // the controls that would ask something of the relay do nothing now
	Quiet   bool   // no button acts now
	Wrong   bool   // the letters typed are not acceptable
	Status  string // key of the message for role=status
	Alert   string // key of the message for role=alert, or a code
	Alerts  int    // grows with each alert, so that the same one is said again
	Seconds int    // in what Status says
	Left    int    // the seconds to be seen there instead, if not 0
	Soon    bool   // a token ends soon, and another picture can be had
	Receipt string // where the newest consent can be seen and withdrawn
	Request string // id of the request that an error answered, or ""

	News   string // what Status says while nothing is under way
	Wanted string // alert for the next panel
}

const soon = "soon" // the message that time is nearly over

func (s State) panel() string {
	switch s {
	case Captcha, Answering:
		return "captcha"
	case Done:
		return "done"
	case Declined:
		return "declined"
	case Expired, Error:
		return "error"
	}
	return "notice"
}

// Screen is what is to be shown now.
func (f *Flow) Screen() Screen {
	s := f.screen
	s.Panel, s.Locked, s.Quiet = f.state.panel(), f.locked(), f.Quiet()
	s.Receipt = f.receipt
	if !f.painted && f.state == Notice {
		s.Status = string(Loading)
	}
	switch f.state {
	case Loading:
		s.Status = string(Loading)
	case Notice:
		if f.want != nothing {
			s.Busy = Decline
			if f.reason == ByOtherID {
				s.Busy = Alternative
			}
		}
	case Starting:
		s.Status = string(Starting)
		if f.last.Route == Captchas {
			s.Status = "picture-loading"
		} else {
			s.Busy = Agree
		}
	case Waiting:
		s.Status = string(Waiting)
		if f.last.Route == Sessions {
			s.Busy = Agree
		}
	case Captcha:
		s.Status = s.News
		if f.want != nothing {
			s.Status, s.Busy, s.Picture = "picture-loading", Reload, true
		}
	case Answering:
		s.Status, s.Busy = string(Answering), Submit
	case Done, Declined:
		s.Status = string(f.state)
		if s.Left > 0 {
			s.Status, s.Soon = soon, f.session != ""
		}
	}
	return s
}
