package wire

// Reply is what the widget reads of any of the four success bodies; the members
// that the route does not answer with stay empty.
type Reply struct {
	_         [0]func() // never compared: so no comparison is shipped
	Session   string
	Consent   Consent
	Captcha   Captcha
	Token     string
	ExpiresIn int // whole seconds
}

// Opens reports whether r can be a [SessionReply] or a [CaptchaReply]: a proxy
// or another relay may answer 2xx with anything.
func (r *Reply) Opens() bool {
	return sealed(r.Session) && r.Captcha.MediaType == "image/jpeg" && r.Captcha.Data != ""
}

// Records reports whether r can be a [SessionReply] or a [DeclineReply].
func (r *Reply) Records() bool { return r.Consent.ID != "" }

// Answers reports whether r can be an [AnswerReply]. A value that begins with a
// dot stands for a state and is never a token.
func (r *Reply) Answers() bool { return sealed(r.Token) && r.Token[0] != '.' }

// ProblemOf is the problem that c stands for when no relay has told one.
func ProblemOf(c Code) Problem {
	row, _ := c.row()
	return Problem{Status: row.status, Code: c, Retryable: row.retryable, Fault: row.fault}
}
