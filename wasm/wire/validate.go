package wire

import "unicode/utf8"

// Limits of what a request may hold.
const (
	MaxBody         = 16 << 10 // bytes of a JSON body
	MaxSealed       = 2048     // characters of a sealed value
	MaxAnswer       = 16       // characters of the letters, after trimming
	MaxSubjectRunes = 128
	MaxSubjectBytes = 384
	MinKey, MaxKey  = 16, 64 // characters of idempotency_key; MinState and MaxState differ
	MaxState        = 128    // characters of the hosted page's state
	MaxClientField  = 64     // characters of each field of client
	MaxChannel      = 16     // bytes of its channel, which travels in sealed values
	MaxAlternative  = 64
)

// Answer trims white space at both ends, changes nothing else, and reports
// whether 1–16 printable ASCII characters are left that are not an Aadhaar
// number.
func Answer(typed string) (answer string, ok bool) {
	answer = trimSpace(typed)
	if len(answer) < 1 || len(answer) > MaxAnswer {
		return "", false
	}
	for i := range len(answer) {
		if answer[i] < 0x20 || answer[i] > 0x7e {
			return "", false
		}
	}
	return answer, !IsAadhaar(answer)
}

// Subject checks the partner's own reference for a person: 1–128 printable
// characters, at most 384 bytes, no run of twelve digits. ok is true exactly
// when code is empty.
func Subject(s string) (code Code, ok bool) {
	if s == "" || len(s) > MaxSubjectBytes || !isText(s) || utf8.RuneCountInString(s) > MaxSubjectRunes {
		return InvalidRequest, false
	}
	for _, r := range s {
		if !isPrint(r) {
			return InvalidRequest, false
		}
	}
	if HasTwelveDigits(s) {
		return SubjectLooksLikeAadhaar, false
	}
	return "", true
}

// Token is a [Word] that is not an Aadhaar number with at most four characters
// more: the shape of idempotency_key and state. A number inside a longer value
// is let pass, since what machines make at random holds one too often.
func Token(s string, min, max int) bool {
	return Word(s, min, max) && (len(s) > 12+4 || !IsAadhaar(s))
}

// Word reports whether s is min to max characters of [A-Za-z0-9_-].
func Word(s string, min, max int) bool {
	return len(s) >= min && len(s) <= max && only(s, "_-", max)
}

// only reports whether s is ASCII letters, marks, and digits of which no more
// than digits stand in a row.
func only(s, marks string, digits int) bool {
	row := 0
	for i := range len(s) {
		c := s[i]
		if c >= '0' && c <= '9' {
			if row++; row > digits {
				return false
			}
			continue
		}
		row = 0
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		for j := 0; !letter && j < len(marks); j++ {
			letter = c == marks[j]
		}
		if !letter {
			return false
		}
	}
	return true
}

// printable reports whether s is at most max printable characters and holds
// no Aadhaar number.
func printable(s string, max int) bool {
	if utf8.RuneCountInString(s) > max || !isText(s) {
		return false
	}
	for _, r := range s {
		if !isPrint(r) {
			return false
		}
	}
	return !IsAadhaar(s)
}

// sealed reports whether s can be a sealed value at all.
func sealed(s string) bool { return s != "" && len(s) <= MaxSealed }

// Invalid names the first member of d that breaks a rule, and the code to
// answer; both are empty when d is well formed. It never repeats the value.
func (d *Decision) Invalid() (member string, code Code) {
	switch {
	case d.Sitekey == "" || len(d.Sitekey) > 64:
		return "sitekey", InvalidRequest
	case d.Purpose == "" || len(d.Purpose) > 64:
		return "purpose", InvalidRequest
	case !sealed(d.Presentation):
		return "presentation", InvalidRequest
	case len(d.NoticeSHA256) != 64:
		return "notice_sha256", InvalidRequest
	case !Token(d.IdempotencyKey, MinKey, MaxKey):
		return "idempotency_key", InvalidRequest
	case d.Actor != "" && d.Actor != Self && d.Actor != Guardian:
		return "actor", InvalidRequest
	case d.Ticket != "" && d.Subject != "":
		return "subject", InvalidRequest
	}
	if d.Subject != "" {
		if code, ok := Subject(d.Subject); !ok {
			return "subject", code
		}
	}
	if member = d.Client.invalid(); member != "" {
		return member, InvalidRequest
	}
	return "", ""
}

// invalid names the first member of c, which may be nil, that breaks a rule.
// Programs name themselves: with no more than six digits in a row, and a build
// of none, no name looks like an Aadhaar number by chance.
func (c *Client) invalid() (member string) {
	word := func(s string, max int) bool { return len(s) <= max && only(s, ".+-", 6) && !IsAadhaar(s) }
	switch {
	case c == nil:
		return ""
	case !word(c.Channel, MaxChannel):
		return "client.channel"
	case !word(c.Version, MaxClientField):
		return "client.version"
	case len(c.Build) > MaxClientField || !only(c.Build, "", 0):
		return "client.build"
	}
	return ""
}

// Invalid is [Decision.Invalid] with the member that only a decline has.
func (d *DeclineRequest) Invalid() (member string, code Code) {
	if !printable(d.Alternative, MaxAlternative) {
		return "alternative", InvalidRequest
	}
	return d.Decision.Invalid()
}

// Invalid says whether the request can be one at all.
func (r *CaptchaRequest) Invalid() (member string, code Code) { return invalidSession(r.Session) }

// Invalid says whether the request can be one at all; the letters are judged
// by [Answer] once the session is known.
func (r *AnswerRequest) Invalid() (member string, code Code) { return invalidSession(r.Session) }

func invalidSession(session string) (member string, code Code) {
	if session == "" {
		return "session", InvalidRequest
	}
	if len(session) > MaxSealed {
		return "session", SessionInvalid
	}
	return "", ""
}
