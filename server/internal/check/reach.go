package check

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/seal"
)

// reachTime bounds everything that check asks of the network.
const reachTime = 5 * time.Second

// reach looks from here at what the relay will need: the vendor's address, the
// clock and the sites' names. Nothing of it needs a consent: the vendor gets a
// HEAD request of its front page without credentials.
type reach struct {
	client *http.Client
	lookup func(ctx context.Context, host string) ([]string, error)
	now    func() time.Time
}

func newReach() *reach {
	return &reach{
		client: &http.Client{
			Transport:     &http.Transport{DisableKeepAlives: true}, // no proxy: the relay uses none
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		lookup: net.DefaultResolver.LookupHost, now: time.Now,
	}
}

func (r *reach) warnings(ctx context.Context, c *config.Config) []string {
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	var mu sync.Mutex
	var found []string
	var all sync.WaitGroup
	ask := func(f func() string) {
		all.Go(func() {
			if warning := f(); warning != "" {
				mu.Lock()
				found = append(found, warning)
				mu.Unlock()
			}
		})
	}
	vendors := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(c.Accounts)) {
		if at := c.Accounts[name].URL; vendors[at] == "" {
			vendors[at] = name
		}
	}
	for at, name := range vendors {
		ask(func() string { return r.vendor(ctx, name, at) })
	}
	hosts := map[string]string{}
	for _, site := range c.Sites {
		for _, origin := range site.Origins {
			if u, err := url.Parse(string(origin)); err == nil && (u.Scheme == "https" || u.Scheme == "http") && net.ParseIP(u.Hostname()) == nil && u.Hostname() != "localhost" {
				hosts[u.Hostname()] = fmt.Sprintf("site %s: origin %s", site.Name, origin)
			}
		}
	}
	for host, where := range hosts {
		ask(func() string {
			_, err := r.lookup(ctx, host)
			var dns *net.DNSError
			if errors.As(err, &dns) && dns.IsNotFound {
				return where + " has no address in the DNS: a typing error?"
			}
			return ""
		})
	}
	all.Wait()
	slices.Sort(found)
	return found
}

// vendor looks whether an account's address answers, and by its Date whether
// the clock here is right: sealed values, tickets and receipts depend on it.
func (r *reach) vendor(ctx context.Context, account, at string) string {
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, at+"/", nil)
	if err != nil {
		return ""
	}
	answer, err := r.client.Do(request)
	if err != nil {
		if inner := (*url.Error)(nil); errors.As(err, &inner) {
			err = inner.Err
		}
		return fmt.Sprintf("account %s: %s cannot be reached from here: %v; look at url, name server, firewall and the system's certificates", account, at, err)
	}
	_ = answer.Body.Close()
	theirs, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		return ""
	}
	if off := r.now().Sub(theirs); off.Abs() > seal.Skew {
		return fmt.Sprintf("the clock here is %v off, says the vendor's server: set it by NTP", off.Round(time.Second))
	}
	return ""
}

// credentialFindings says what can be said of credentials without a consent, and
// that it is not much.
func credentialFindings(c *config.Config) (problems []error, warnings []string) {
	for _, name := range slices.Sorted(maps.Keys(c.Accounts)) {
		a := c.Accounts[name]
		client, err := deepvue.New(deepvue.Account{Name: name, URL: a.URL, ClientID: a.ClientID, ClientSecret: a.ClientSecret})
		switch {
		case err != nil:
			problems = append(problems, c.Problem("accounts."+name, "%s", err))
			continue
		case a.ClientID == a.ClientSecret.Reveal():
			warnings = append(warnings, "account "+name+" has the same client id and secret, so one of them is in the wrong place")
		case strings.HasPrefix(a.ClientSecret.Reveal(), "free_tier") || strings.HasPrefix(a.ClientSecret.Reveal(), "live"):
			warnings = append(warnings, "account "+name+" has a secret that begins like a client id: are the two swapped?")
		}
		client.Close()
	}
	return problems, warnings
}

// originTypos finds origins that differ by a letter or two from a name that the
// configuration has elsewhere.
func originTypos(c *config.Config) (found []string) {
	known := map[string]bool{}
	note := func(raw string) {
		if u, err := url.Parse(raw); err == nil && u.Hostname() != "" {
			known[strings.TrimPrefix(u.Hostname(), "www.")] = true
		}
	}
	for _, p := range c.Purposes {
		for _, raw := range []string{p.WithdrawURL, p.RightsURL, p.BoardComplaintURL, p.AlternativeURL} {
			note(raw)
		}
	}
	for _, site := range c.Sites {
		for _, to := range site.ReturnURLs {
			note(string(to))
		}
	}
	for _, site := range c.Sites {
		for _, origin := range site.Origins {
			u, err := url.Parse(string(origin))
			if err != nil {
				continue
			}
			host := strings.TrimPrefix(u.Hostname(), "www.")
			for _, other := range slices.Sorted(maps.Keys(known)) {
				if host != other && len(host) > 6 && config.Alike(host, other) {
					found = append(found, fmt.Sprintf("site %s: origin %s is almost %s, which stands elsewhere in this file: a typing error?", site.Name, origin, other))
				}
			}
		}
	}
	return found
}
