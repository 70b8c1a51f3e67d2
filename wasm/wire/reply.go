package wire

// Complete reports whether the widget can go on with the reply: a proxy or an
// older relay may answer 201 with something else.
func (r *SessionReply) Complete() bool {
	return sealed(r.Session) && r.Consent.ID != "" && r.Captcha.complete()
}

// Complete is [SessionReply.Complete] for POST /v1/captchas.
func (r *CaptchaReply) Complete() bool { return sealed(r.Session) && r.Captcha.complete() }

// Complete is [SessionReply.Complete] for POST /v1/declines.
func (r *DeclineReply) Complete() bool { return r.Consent.ID != "" }

// Complete is [SessionReply.Complete] for POST /v1/answers. A value that
// begins with a dot stands for a state and is never a token.
func (r *AnswerReply) Complete() bool { return sealed(r.Token) && r.Token[0] != '.' }

// Complete is [SessionReply.Complete] for a problem: without a code it is not
// one of the relay's.
func (p *Problem) Complete() bool { return p.Code != "" }

func (c *Captcha) complete() bool { return c.MediaType == "image/jpeg" && c.Data != "" }

// ProblemOf is the problem that c stands for when no relay has told one.
func ProblemOf(c Code) Problem {
	return Problem{Status: c.Status(), Code: c, Retryable: c.Retryable(), Fault: c.Fault()}
}
