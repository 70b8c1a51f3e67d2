package hosted

import (
	"net/url"

	"ekycconnect/server/internal/connect"
	"ekycconnect/wasm/wire"
)

// minState is how long the partner's state must be, in characters: long enough
// not to be guessed.
const minState = 16

// start is what the address of the page says.
type start struct {
	sitekey, purpose, lang, ticket, subject, origin, returnURL, state string
}

// readStart takes the query apart. What can be judged without the site is judged
// here; parameters that are not known are ignored.
func readStart(raw string) (s start, refused *connect.Error) {
	query, err := url.ParseQuery(raw)
	for name, to := range map[string]*string{
		"sitekey": &s.sitekey, "purpose": &s.purpose, "lang": &s.lang, "ticket": &s.ticket,
		"subject": &s.subject, "origin": &s.origin, "return": &s.returnURL, "state": &s.state,
	} {
		*to = query.Get(name)
		if len(query[name]) > 1 {
			refused = invalid("the query has " + name + " more than once")
		}
	}
	switch {
	case refused != nil:
		return s, refused
	case err != nil:
		return s, invalid("the query does not parse")
	case s.sitekey == "" || s.purpose == "":
		return s, invalid("the query needs sitekey and purpose")
	case len(s.ticket) > wire.MaxSealed || s.ticket != "" && s.subject != "":
		return s, invalid("the query has a ticket that is none, or a subject as well")
	case s.state != "" && !wire.Token(s.state, minState, wire.MaxState):
		return s, invalid("state needs 16 to 128 characters of A-Z, a-z, 0-9, - and _")
	case s.returnURL != "" && s.state == "":
		return s, invalid("return needs state, by which the partner knows its visitor again")
	}
	if s.subject != "" {
		if code, ok := wire.Subject(s.subject); !ok {
			return s, &connect.Error{Code: code, Detail: "subject needs 1 to 128 printable characters, and no run of twelve digits"}
		}
	}
	return s, nil
}

// refererOrigin is the origin of the page whose link led here, "" if the browser does not
// say. The link in a fragment names none: it is the same on all pages of a site.
func refererOrigin(referer string) string {
	page, err := url.Parse(referer)
	if err != nil || page.Scheme == "" || page.Host == "" {
		return ""
	}
	return page.Scheme + "://" + page.Host
}
