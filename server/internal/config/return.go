package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxReturnURL is how long a return URL may be, in bytes: it travels in a sealed
// value, whose length is limited too.
const maxReturnURL = 256

// ReturnURL is an address of a partner's that takes the answer of the hosted
// page. It is kept as it is written: a page must name it byte for byte.
type ReturnURL string

// UnmarshalText takes an absolute URL. http is refused except on localhost.
func (u *ReturnURL) UnmarshalText(written []byte) error {
	if _, err := returnOrigin(string(written)); err != nil {
		return fmt.Errorf("%s is no return URL: %w", strconv.QuoteToASCII(string(written)), err)
	}
	*u = ReturnURL(written)
	return nil
}

// returnOrigin is the origin of a return URL, in the browser's form.
func returnOrigin(written string) (string, error) {
	if len(written) > maxReturnURL {
		return "", fmt.Errorf("it has more than %d bytes", maxReturnURL)
	}
	for _, c := range []byte(written) {
		if c <= ' ' || c > '~' || strings.IndexByte("\"<>\\^`{|}*", c) >= 0 {
			return "", errors.New("write it as browsers do: no blanks, no wildcards, and other than plain letters in %-form")
		}
	}
	u, err := url.Parse(written)
	if err != nil || u.Host == "" || u.Opaque != "" {
		return "", errors.New("write the whole address, as in https://www.example.com/consent/done")
	}
	if u.User != nil || strings.Contains(written, "#") {
		return "", errors.New("it may hold neither a user nor a fragment")
	}
	if u.Path == "" {
		return "", errors.New("write its path, at least a slash")
	}
	return originOf(u)
}

// AllowsReturn reports whether the hosted page may end at a URL: one of those
// that are registered, byte for byte. In the sandbox any on this machine.
func (s *Site) AllowsReturn(written string) bool {
	if s.anyLoopback {
		origin, err := returnOrigin(written)
		return err == nil && isLoopbackOrigin(origin)
	}
	return slices.Contains(s.ReturnURLs, ReturnURL(written))
}

func (r *reader) checkReturnURLs(site *Site, at string) {
	for i, u := range site.ReturnURLs {
		if first := slices.Index(site.ReturnURLs, u); first < i && u != "" {
			r.report(indexed(at, i), "is the same URL as %s; remove it", indexed(at, first))
		}
	}
}
