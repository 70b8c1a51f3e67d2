package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// AppScheme is the scheme of an app's own addresses, to which a partner's return
// handler may redirect, as in bankapp for bankapp://consent.
type AppScheme string

var schemeShape = regexp.MustCompile(`^[a-z][a-z0-9+.-]{1,63}$`)

// UnmarshalText takes a scheme without a colon. One that any page or program has is
// refused: the hosted page's policy would then let its forms lead anywhere.
func (s *AppScheme) UnmarshalText(written []byte) error {
	text := string(written)
	var err error
	switch {
	case webSchemes[text] || text == "intent" || text == "content":
		err = errors.New("it is not an app's own; https needs no entry")
	case !schemeShape.MatchString(text):
		err = errors.New("write the scheme alone, in lower case, as in bankapp")
	}
	if err != nil {
		return fmt.Errorf("%s is no app's scheme: %w", strconv.QuoteToASCII(text), err)
	}
	*s = AppScheme(text)
	return nil
}

func (r *reader) checkAppSchemes(site *Site, at string) {
	for i, scheme := range site.AppSchemes {
		if first := slices.Index(site.AppSchemes, scheme); first < i && scheme != "" {
			r.report(indexed(at, i), "is the same scheme as %s; remove it", indexed(at, first))
		}
	}
	if len(site.AppSchemes) > 0 && len(site.ReturnURLs) == 0 {
		r.report(at, "does nothing without return_urls: it is the handler of a return URL that redirects to the app")
	}
}

// Schemes are the app schemes as text.
func (s *Site) Schemes() []string {
	schemes := make([]string, len(s.AppSchemes))
	for i, scheme := range s.AppSchemes {
		schemes[i] = string(scheme)
	}
	return schemes
}
