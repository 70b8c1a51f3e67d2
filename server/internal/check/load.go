package check

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"ekycconnect/server/internal/certfile"
	"ekycconnect/server/internal/config"
)

// Loaded is a configuration with what belongs to it.
type Loaded struct {
	Config   *config.Config
	Keys     config.Keys
	Warnings []string

	offered map[string][]string // languages, by purpose
}

// Load reads a configuration, its keys file and every other file that it names, and
// says all that is wrong with them: what keeps a relay from starting is the error,
// which joins [config.Problem] values. It is what `relay check` and `relay serve` both
// begin with. With an error, Config is as far as it was understood, nil if not at all.
func Load(o Options) (l Loaded, err error) {
	c, err := config.Read(o.Config, o.Env)
	if c == nil {
		return l, err
	}
	if o.Data != "" {
		c.UseData(o.Data)
	}
	l.Config, l.Warnings = c, append(warnings(c), placeholders(c)...)
	keys, lost := config.LoadKeys(c.Keys)
	l.Keys = keys
	if lost != nil && len(config.Problems(lost)) == 0 {
		lost = c.Problem("keys", "%s", lost)
	}
	all := []error{err, lost, dataProblem(c)}
	all = append(all, l.warn(tlsFindings(c, time.Now()))...)
	all = append(all, l.warn(l.noticeFindings())...)
	if err == nil { // else the account may lack what has been asked for already
		all = append(all, l.warn(credentialFindings(c))...)
	}
	return l, errors.Join(all...)
}

// warn keeps warnings and passes problems on.
func (l *Loaded) warn(problems []error, warnings []string) []error {
	l.Warnings = append(l.Warnings, warnings...)
	return problems
}

// tlsFindings says what is wrong with the certificate. Browsers refuse one that has
// expired or is for another name; a proxy in between need not look.
func tlsFindings(c *config.Config, now time.Time) (problems []error, warnings []string) {
	if c.TLS.CertFile == "" || c.TLS.KeyFile == "" {
		return nil, nil
	}
	leaf, err := certfile.Read(c.TLS.CertFile, c.TLS.KeyFile)
	if err != nil {
		return []error{c.Problem("tls", "%s", err)}, nil
	}
	var found []*config.Problem
	switch {
	case now.After(leaf.NotAfter):
		found = append(found, c.Problem("tls.cert_file", "the certificate expired on %s: renew it", leaf.NotAfter.Format(time.RFC3339)))
	case now.Before(leaf.NotBefore):
		found = append(found, c.Problem("tls.cert_file", "the certificate is good from %s on: set the clock by NTP, or take another certificate", leaf.NotBefore.Format(time.RFC3339)))
	}
	if u, err := url.Parse(c.PublicURL); err == nil && u.Hostname() != "" && leaf.VerifyHostname(u.Hostname()) != nil {
		found = append(found, c.Problem("tls.cert_file", "the certificate is not for %s, the host of public_url: take one that names it", u.Hostname()))
	}
	for _, p := range found {
		if len(c.TrustedProxies) == 0 {
			problems = append(problems, p)
		} else {
			warnings = append(warnings, fmt.Sprintf("%s; only a proxy that does not look at it goes on", p))
		}
	}
	return problems, warnings
}
